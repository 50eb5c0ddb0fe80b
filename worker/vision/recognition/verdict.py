"""Two embeddings in, a verdict out."""

from dataclasses import dataclass

from worker.vision.recognition.calibration import Calibration, Embedding

_DECIMALS = 4
"""Of a distance: rounded before the decision, so that what is reported agrees with it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two faces are one person's.

    Attributes
    ----------
    distance
        Of the embeddings, on the encoder's scale; 0 for the same picture.
    match
        Whether the distance is at most the threshold.
    confidence
        ``(1 - distance) * 100``, never below 0.
    threshold
        The distance of decision.
    false_match_rate
        Share of pairs of strangers that are at most so far apart; None if the encoder was not measured.
    threshold_false_match_rate
        The same at the threshold: how often strangers match.

    """

    distance: float
    match: bool
    confidence: float
    threshold: float
    false_match_rate: float | None
    threshold_false_match_rate: float | None


def judge(first: Embedding, second: Embedding, calibration: Calibration, threshold: float | None = None) -> Verdict:
    """Compare two embeddings of the encoder that was so calibrated, at its threshold or another."""
    distance = round(calibration.distance(first, second), _DECIMALS)
    decision = calibration.threshold if threshold is None else threshold
    return Verdict(
        distance=distance,
        match=distance <= decision,
        confidence=max(0.0, (1.0 - distance) * 100.0),
        threshold=decision,
        false_match_rate=calibration.false_match_rate(distance),
        threshold_false_match_rate=calibration.false_match_rate(decision),
    )

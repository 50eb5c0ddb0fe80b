"""Two embeddings in, a verdict out."""

from dataclasses import dataclass

from worker.vision.calibration import Calibration, Embedding


@dataclass(frozen=True, slots=True)
class Comparison:
    """A verdict on two faces.

    Attributes
    ----------
    distance
        Of the embeddings, by the encoder's metric; 0 for the same picture.
    match
        Whether the distance is at most the threshold.
    confidence
        ``(1 - distance) * 100``, never below 0.
    threshold
        The distance of decision.
    false_match_rate
        Share of pairs of different people that are at most so far apart; None if nobody has measured the encoder.

    """

    distance: float
    match: bool
    confidence: float
    threshold: float
    false_match_rate: float | None


def compare(
    first: Embedding, second: Embedding, calibration: Calibration, threshold: float | None = None
) -> Comparison:
    """Compare two embeddings of the encoder that was so calibrated, at its threshold or another."""
    distance = calibration.distance(first, second)
    decision = calibration.threshold if threshold is None else threshold
    return Comparison(
        distance=distance,
        match=distance <= decision,
        confidence=max(0.0, (1.0 - distance) * 100.0),
        threshold=decision,
        false_match_rate=calibration.false_match_rate(distance),
    )

"""The verdict on two embeddings: match or no match."""

from dataclasses import dataclass

from worker.vision.recognition.calibration import Calibration, Embedding

_DECIMALS = 4
"""Decimals of a distance. It is rounded before the decision, so that the reported distance agrees with the decision."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two faces belong to one person.

    Attributes
    ----------
    distance
        Reported distance of the embeddings; 0 for the same picture.
    match
        Whether the distance is at most the threshold.
    confidence
        ``(1 - distance) * 100``, never below 0.
    threshold
        Maximum distance of a match.
    false_match_rate
        Fraction of pairs of strangers with at most this distance; None if it was not measured for the encoder.
    threshold_false_match_rate
        The same at the threshold: the fraction of pairs of strangers that match.

    """

    distance: float
    match: bool
    confidence: float
    threshold: float
    false_match_rate: float | None
    threshold_false_match_rate: float | None


def compare_embeddings(
    first: Embedding, second: Embedding, calibration: Calibration, threshold: float | None = None
) -> Verdict:
    """Compare two embeddings of the encoder with this calibration, at this threshold or at the encoder's own."""
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

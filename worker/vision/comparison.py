"""Two embeddings in, a verdict out."""

from dataclasses import dataclass

import numpy as np

from worker.vision.encoder import Embedding

DEFAULT_THRESHOLD = 0.6
"""Distance up to which two faces are taken for one person: dlib's recommendation for its network."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A verdict on two faces.

    Attributes
    ----------
    distance
        Euclidean distance of the embeddings; 0 for the same picture.
    match
        Whether the distance is at most the threshold.
    confidence
        ``(1 - distance) * 100``, never below 0.
    threshold
        The distance of decision.

    """

    distance: float
    match: bool
    confidence: float
    threshold: float


def compare(first: Embedding, second: Embedding, threshold: float = DEFAULT_THRESHOLD) -> Comparison:
    """Compare two embeddings, float32 ``(128,)`` each."""
    distance = float(np.linalg.norm(first - second))
    return Comparison(distance, distance <= threshold, max(0.0, (1.0 - distance) * 100.0), threshold)

"""All pairs of pictures of different people, in blocks with bounded memory: 35 million pairs for 8,400 pictures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bench.measures.people import IndexPairs, People
from worker.vision.recognition.calibration import LARGEST_DISTANCE, Metric

_BLOCK = 4_000_000
"""Distances per block: about 60 MB with the values computed from them."""

_WIDTH = 1e-4
"""Width of a bin of the histogram, in raw distance."""

Vectors = NDArray[np.float32]
OnProgress = Callable[[int], object]
"""Called with the number of pairs processed since the last call."""


def no_progress(pairs: int) -> None:
    """Ignore the progress."""


@dataclass(frozen=True)
class Histogram:
    """Number of impostor pairs by raw distance.

    Attributes
    ----------
    counts
        int64, in bins of 0.0001 from 0.

    """

    counts: NDArray[np.int64]

    @property
    def total(self) -> int:
        return int(self.counts.sum())

    def rate_at(self, distance: float) -> float:
        """Return the share of pairs below this raw distance, with the resolution of the bins."""
        return float(self.counts[: round(distance / _WIDTH)].sum() / max(self.total, 1))

    def distance_at(self, rate: float) -> float:
        """Return the largest raw distance, rounded down to a bin, with at most this share of pairs below it.

        The result is 0 if too many pairs are in the first bin, or if there are no pairs.
        """
        nearer = np.cumsum(self.counts)
        full = int(np.searchsorted(nearer, rate * self.total, side="right"))
        return round(full * _WIDTH, 4) if self.total else 0.0


class ImpostorPairs:
    """The pairs of pictures that show different people.

    Parameters
    ----------
    vectors
        Embeddings, float32 ``(n, d)``.
    people
        Person of each picture, ``(n,)``.
    metric
        Metric of the embeddings.

    """

    def __init__(self, vectors: Vectors, people: People, metric: Metric) -> None:
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        self._vectors = vectors / np.maximum(norms, 1e-12) if metric == "cosine" else vectors
        self._squares = (self._vectors**2).sum(axis=1)
        self._people = people
        self._metric = metric

    @property
    def all_pairs(self) -> int:
        """Number of all pairs of pictures, including pairs of the same person: the total for ``on_progress``."""
        return len(self._people) * (len(self._people) - 1) // 2

    def histogram(self, on_progress: OnProgress = no_progress) -> Histogram:
        """Return the number of pairs by distance."""
        bins = round(LARGEST_DISTANCE / _WIDTH) + 1
        counts = np.zeros(bins, np.int64)
        for _, _, distances, strange in self._blocks(on_progress):
            indices = np.minimum(distances[strange] * np.float32(1 / _WIDTH), bins - 1).astype(np.int32)
            counts += np.bincount(indices, minlength=bins)
        return Histogram(counts)

    def nearer_than(self, distance: float, on_progress: OnProgress = no_progress) -> Iterator[IndexPairs]:
        """Yield the pairs below a raw distance, one block at a time."""
        for rows, columns, distances, strange in self._blocks(on_progress):
            near = np.argwhere((distances < distance) & strange)
            if len(near):
                yield near + np.array([rows.start, columns.start])

    def matches(
        self, threshold: float, weights: Vectors, on_progress: OnProgress = no_progress
    ) -> tuple[int, NDArray[np.float64]]:
        """Count the pairs that match at a raw threshold, in the data and in its resamples.

        Parameters
        ----------
        threshold
            Largest raw distance that counts as a match.
        weights
            Number of occurrences of each picture in each of ``r`` resamples, float32 ``(n, r)``.
        on_progress
            Called with the progress.

        Returns
        -------
        tuple[int, NDArray[np.float64]]
            Number of matching pairs in the data and in each resample, ``(r,)``. In a resample, a pair counts as often
            as the product of the weights of its pictures.

        """
        count, resampled = 0, np.zeros(weights.shape[1])
        for rows, columns, distances, strange in self._blocks(on_progress):
            matching = csr_matrix((distances <= threshold) & strange, dtype=np.float32)
            if matching.nnz:
                count += matching.nnz
                resampled += np.einsum("ij,ij->j", matching @ weights[columns], weights[rows], dtype=np.float64)
        return count, resampled

    def pairs(self, weights: Vectors) -> tuple[int, NDArray[np.float64]]:
        """Count all pairs in the same way as :meth:`matches`, at any distance."""
        _, person = np.unique(self._people, return_inverse=True)
        pictures = np.bincount(person).astype(np.float64)
        of_person = np.zeros((len(pictures), weights.shape[1]))
        of_person[person] = weights  # all pictures of a person have the same weight
        drawn = of_person * pictures[:, None]
        resampled = (drawn.sum(axis=0) ** 2 - (drawn**2).sum(axis=0)) / 2
        return int((pictures.sum() ** 2 - (pictures**2).sum()) / 2), resampled

    def _blocks(self, on_progress: OnProgress) -> Iterator[tuple[slice, slice, NDArray[np.float32], NDArray[np.bool_]]]:
        """Yield rows, columns, their raw distances, and a mask that selects each impostor pair once."""
        count = len(self._people)
        height = max(1, _BLOCK // max(count, 1))
        for start in range(0, count, height):
            rows, columns = slice(start, min(start + height, count)), slice(start, count)
            strange = self._people[rows, None] != self._people[None, columns]
            strange &= np.arange(start, rows.stop)[:, None] < np.arange(start, count)[None]
            yield rows, columns, self._distances(rows, columns), strange
            done = rows.stop - start
            on_progress(done * (count - start) - done * (done + 1) // 2)

    def _distances(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        products = self._vectors[rows] @ self._vectors[columns].T
        if self._metric == "cosine":
            return np.asarray(np.maximum(1 - products, 0), dtype=np.float32)
        squares = self._squares[rows, None] + self._squares[None, columns] - 2 * products
        return np.asarray(np.sqrt(np.maximum(squares, 0)), dtype=np.float32)

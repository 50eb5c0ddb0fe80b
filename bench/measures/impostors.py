"""All pairs of pictures of different people: 35 million for 8,400 pictures, block by block in bounded memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bench.measures.people import IndexPairs, People
from worker.vision.recognition.calibration import LARGEST_DISTANCE, Metric

_BLOCK = 4_000_000
"""Distances that are held at once: about 60 MB with what is computed from them."""

_WIDTH = 1e-4
"""Of a bin of the histogram, raw distance."""

Vectors = NDArray[np.float32]
Tick = Callable[[int], object]
"""Is told how many pairs of pictures have been done since the last call."""


def silent(pairs: int) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Histogram:
    """How many pairs of strangers lie at which raw distance.

    Attributes
    ----------
    counts
        int64, by bins of 0.0001 from 0 on.

    """

    counts: NDArray[np.int64]

    @property
    def total(self) -> int:
        return int(self.counts.sum())

    def rate_at(self, distance: float) -> float:
        """Return the share of pairs that are nearer than this raw distance, to the resolution of the bins."""
        return float(self.counts[: round(distance / _WIDTH)].sum() / max(self.total, 1))

    def distance_at(self, rate: float) -> float:
        """Return the largest raw distance, rounded down to a bin, that at most this share of pairs is nearer than.

        It is 0 where too many pairs are in the first bin, or where there are no pairs.
        """
        nearer = np.cumsum(self.counts)
        full = int(np.searchsorted(nearer, rate * self.total, side="right"))
        return round(full * _WIDTH, 4) if self.total else 0.0


class Strangers:
    """The pairs of pictures whose people differ.

    Parameters
    ----------
    vectors
        Embeddings, float32 ``(n, d)``.
    people
        ``(n,)``.
    metric
        Of the embeddings.

    """

    def __init__(self, vectors: Vectors, people: People, metric: Metric) -> None:
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        self._vectors = vectors / np.maximum(norms, 1e-12) if metric == "cosine" else vectors
        self._squares = (self._vectors**2).sum(axis=1)
        self._people = people
        self._metric = metric

    @property
    def all_pairs(self) -> int:
        """How many pairs of pictures there are, those of one person included: what ``tick`` adds up to."""
        return len(self._people) * (len(self._people) - 1) // 2

    def histogram(self, tick: Tick = silent) -> Histogram:
        """Count the pairs by distance."""
        bins = round(LARGEST_DISTANCE / _WIDTH) + 1
        counts = np.zeros(bins, np.int64)
        for _, _, distances, strange in self._blocks(tick):
            indices = np.minimum(distances[strange] * np.float32(1 / _WIDTH), bins - 1).astype(np.int32)
            counts += np.bincount(indices, minlength=bins)
        return Histogram(counts)

    def nearer_than(self, distance: float, tick: Tick = silent) -> Iterator[IndexPairs]:
        """Yield the pairs nearer than a raw distance, a block at a time."""
        for rows, columns, distances, strange in self._blocks(tick):
            near = np.argwhere((distances < distance) & strange)
            if len(near):
                yield near + np.array([rows.start, columns.start])

    def matches(self, threshold: float, weights: Vectors, tick: Tick = silent) -> tuple[int, NDArray[np.float64]]:
        """Count the pairs that match at a raw threshold, in the data and in resamples of it.

        Parameters
        ----------
        threshold
            Raw distance up to which a pair matches.
        weights
            How often each picture occurs in each of ``r`` resamples, float32 ``(n, r)``.
        tick
            Is told of progress.

        Returns
        -------
        tuple[int, NDArray[np.float64]]
            Matching pairs, and the same in each resample, ``(r,)``; a pair occurs there as often as the product of the
            weights of its pictures.

        """
        count, resampled = 0, np.zeros(weights.shape[1])
        for rows, columns, distances, strange in self._blocks(tick):
            matching = csr_matrix((distances <= threshold) & strange, dtype=np.float32)
            if matching.nnz:
                count += matching.nnz
                resampled += np.einsum("ij,ij->j", matching @ weights[columns], weights[rows], dtype=np.float64)
        return count, resampled

    def pairs(self, weights: Vectors) -> tuple[int, NDArray[np.float64]]:
        """Count the pairs as :meth:`matches` does, whatever their distance."""
        _, person = np.unique(self._people, return_inverse=True)
        pictures = np.bincount(person).astype(np.float64)
        of_person = np.zeros((len(pictures), weights.shape[1]))
        of_person[person] = weights  # pictures of one person have one weight
        drawn = of_person * pictures[:, None]
        resampled = (drawn.sum(axis=0) ** 2 - (drawn**2).sum(axis=0)) / 2
        return int((pictures.sum() ** 2 - (pictures**2).sum()) / 2), resampled

    def _blocks(self, tick: Tick) -> Iterator[tuple[slice, slice, NDArray[np.float32], NDArray[np.bool_]]]:
        """Yield rows, columns, raw distances between them, and which of these are pairs of strangers, each once."""
        count = len(self._people)
        height = max(1, _BLOCK // max(count, 1))
        for start in range(0, count, height):
            rows, columns = slice(start, min(start + height, count)), slice(start, count)
            strange = self._people[rows, None] != self._people[None, columns]
            strange &= np.arange(start, rows.stop)[:, None] < np.arange(start, count)[None]
            yield rows, columns, self._distances(rows, columns), strange
            done = rows.stop - start
            tick(done * (count - start) - done * (done + 1) // 2)

    def _distances(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        products = self._vectors[rows] @ self._vectors[columns].T
        if self._metric == "cosine":
            return np.asarray(np.maximum(1 - products, 0), dtype=np.float32)
        squares = self._squares[rows, None] + self._squares[None, columns] - 2 * products
        return np.asarray(np.sqrt(np.maximum(squares, 0)), dtype=np.float32)

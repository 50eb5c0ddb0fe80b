"""Who is who: pictures of one person, by labels and by pictures that are copies of each other."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

People = NDArray[np.int32]
"""The person of each picture: ``(n,)``, numbered from 0."""

IndexPairs = NDArray[np.int64]
"""Pairs of pictures: ``(m, 2)``."""


def nobody_known(pictures: int) -> People:
    """Return people for pictures of which nothing is known: each is of somebody else."""
    return np.arange(pictures, dtype=np.int32)


def merged(people: People, same: IndexPairs) -> People:
    """Return people once it is known that these pairs of pictures are of one person each.

    One person is whoever is connected by a chain of such pairs.
    """
    first, second = people[same[:, 0]], people[same[:, 1]]
    size = int(people.max(initial=-1)) + 1
    links = coo_matrix((np.ones(len(same), np.int8), (first, second)), shape=(size, size))
    _, person = connected_components(links, directed=False)
    return np.asarray(person[people], dtype=np.int32)


def number(people: People) -> int:
    """Return how many people there are."""
    return len(np.unique(people))

"""Identities of pictures, from labelled pairs and from duplicate pictures."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

People = NDArray[np.int32]
"""Person of each picture, numbered from 0: ``(n,)``."""

IndexPairs = NDArray[np.int64]
"""Indices of pairs of pictures: ``(m, 2)``."""


def all_distinct(pictures: int) -> People:
    """Return identities for unlabelled pictures: each picture shows a different person."""
    return np.arange(pictures, dtype=np.int32)


def merge_people(people: People, same: IndexPairs) -> People:
    """Return the identities after merging the people of these pairs of pictures.

    Pictures that are connected by a chain of pairs show the same person.
    """
    first, second = people[same[:, 0]], people[same[:, 1]]
    size = int(people.max(initial=-1)) + 1
    links = coo_matrix((np.ones(len(same), np.int8), (first, second)), shape=(size, size))
    _, person = connected_components(links, directed=False)
    return np.asarray(person[people], dtype=np.int32)


def count_people(people: People) -> int:
    """Return the number of people."""
    return len(np.unique(people))

"""Photographs in a folder, grouped by person, and pairs of photographs."""

import random
import re
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import click

_NAME = re.compile(r"(?P<person>.+)_\d+")
_ENDINGS = {".jpg", ".jpeg", ".png"}

PathPair = tuple[Path, Path]


def by_person(folder: Path) -> dict[str, list[Path]]:
    """Return the photographs named ``Person_0001.jpg`` by person, flat or in folders."""
    people: defaultdict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        name = _NAME.fullmatch(path.stem)
        if name and path.suffix.lower() in _ENDINGS:
            people[name["person"]].append(path)
    return dict(people)


def genuine_pairs(people: dict[str, list[Path]], count: int, seed: int) -> list[PathPair]:
    """Choose pairs of photographs of the same person. Every person gets a first pair before anyone gets a second.

    Each pair occurs once, in random order.

    Raises
    ------
    click.ClickException
        No person has two photographs.

    """
    chooser = random.Random(seed)  # noqa: S311 - not for security
    ranked: list[tuple[int, float, PathPair]] = []
    for photographs in people.values():
        pairs = list(combinations(photographs, 2))
        chooser.shuffle(pairs)
        for rank, (one, other) in enumerate(pairs):
            pair = (one, other) if chooser.random() < 0.5 else (other, one)  # noqa: PLR2004 - probability
            ranked.append((rank, chooser.random(), pair))
    if not ranked:
        raise click.ClickException("no two photographs of one person, named Person_0001.jpg and so on")
    return [pair for _, _, pair in sorted(ranked)[:count]]

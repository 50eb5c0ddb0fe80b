"""Photographs of a folder by person, and pairs of them."""

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
    """Find the photographs named ``Person_0001.jpg``, flat or in folders."""
    people: defaultdict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        name = _NAME.fullmatch(path.stem)
        if name and path.suffix.lower() in _ENDINGS:
            people[name["person"]].append(path)
    return dict(people)


def genuine_pairs(people: dict[str, list[Path]], count: int, seed: int) -> list[PathPair]:
    """Choose pairs of two photographs of one person: of as many people as there are before a second of any.

    Each pair occurs in one order only, a random one.

    Raises
    ------
    click.ClickException
        Nobody has two photographs.

    """
    chooser = random.Random(seed)  # noqa: S311 - a sample, not a secret
    ranked: list[tuple[int, float, PathPair]] = []
    for photographs in people.values():
        pairs = list(combinations(photographs, 2))
        chooser.shuffle(pairs)
        for rank, (one, other) in enumerate(pairs):
            pair = (one, other) if chooser.random() < 0.5 else (other, one)  # noqa: PLR2004 - a coin
            ranked.append((rank, chooser.random(), pair))
    if not ranked:
        raise click.ClickException("no two photographs of one person, named Person_0001.jpg and so on")
    return [pair for _, _, pair in sorted(ranked)[:count]]

"""Labelled pairs of pictures from a CSV file."""

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import click

_YES = {"1", "true", "yes"}


@dataclass(frozen=True)
class Pair:
    """Two pictures, whether they show one person, and the group that the operator put both in; "" for none."""

    first: Path
    second: Path
    same: bool
    group: str


def read_pairs(file: Path) -> list[Pair]:
    """Read columns ``first``, ``second``, ``same`` and, where there is one, ``group``; pictures relative to the file.

    Raises
    ------
    click.ClickException
        A column is missing, or a picture is not there.

    """
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    if not rows or not {"first", "second", "same"} <= rows[0].keys():
        raise click.ClickException(f"{file} needs columns first, second, same")
    pairs = [
        Pair(
            file.parent / row["first"],
            file.parent / row["second"],
            row["same"].strip().lower() in _YES,
            (row.get("group") or "").strip(),
        )
        for row in rows
    ]
    missing = next((path for path in pictures(pairs) if not path.is_file()), None)
    if missing is not None:
        raise click.ClickException(f"{file} names {missing}, which is not a file")
    return pairs


def pictures(pairs: Iterable[Pair]) -> list[Path]:
    """Return each picture once, in the order of the pairs."""
    return list(dict.fromkeys(path for pair in pairs for path in (pair.first, pair.second)))


def without_copies(pairs: list[Pair]) -> tuple[list[Pair], int]:
    """Name one file wherever several have the same bytes, and return how many names that saved.

    A copy is not another picture of a person, and still less a picture of another person. A pair of a picture and its
    own copy is left out.
    """
    original: dict[bytes, Path] = {}
    named: dict[Path, Path] = {}
    for path in pictures(pairs):
        named[path] = original.setdefault(hashlib.sha256(path.read_bytes()).digest(), path)
    renamed = (replace(pair, first=named[pair.first], second=named[pair.second]) for pair in pairs)
    return [pair for pair in renamed if pair.first != pair.second], len(named) - len(original)

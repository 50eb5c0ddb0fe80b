"""Labelled pairs of pictures from a CSV file."""

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import click

_SAME = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True)
class Pair:
    """Two pictures, whether they show the same person, and their group; "" for no group."""

    first: Path
    second: Path
    same: bool
    group: str


def read_pairs(file: Path) -> list[Pair]:
    """Read the columns ``first``, ``second``, ``same`` and optionally ``group``. Paths are relative to the file.

    Raises
    ------
    click.ClickException
        A column or a value is missing, ``same`` is neither 1 nor 0, or a picture does not exist.

    """
    with file.open(newline="", encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    if not rows or not {"first", "second", "same"} <= rows[0].keys():
        raise click.ClickException(f"{file} needs the columns first, second and same, separated by commas")
    pairs = [_pair(file, number, row) for number, row in enumerate(rows, start=2)]
    missing = next((path for path in pictures(pairs) if not path.is_file()), None)
    if missing is not None:
        raise click.ClickException(f"{file} names {missing}, which is not a file")
    return pairs


def _pair(file: Path, line: int, row: dict[str, str | None]) -> Pair:
    first, second, same = (row.get(name) for name in ("first", "second", "same"))
    if not first or not second or same is None or same.strip().lower() not in _SAME:
        raise click.ClickException(f"{file}, line {line}: first and second must name pictures, and same must be 1 or 0")
    group = (row.get("group") or "").strip()
    return Pair(file.parent / first, file.parent / second, _SAME[same.strip().lower()], group)


def pictures(pairs: Iterable[Pair]) -> list[Path]:
    """Return each picture once, in the order of the pairs."""
    return list(dict.fromkeys(path for pair in pairs for path in (pair.first, pair.second)))


def without_copies(pairs: list[Pair]) -> tuple[list[Pair], int]:
    """Replace identical files by one of them, and return the number of replaced files.

    A copy is not another picture of a person, and not a picture of another person. A pair of a picture and its own copy
    is removed.
    """
    original: dict[bytes, Path] = {}
    named: dict[Path, Path] = {}
    for path in pictures(pairs):
        named[path] = original.setdefault(hashlib.sha256(path.read_bytes()).digest(), path)
    renamed = (replace(pair, first=named[pair.first], second=named[pair.second]) for pair in pairs)
    return [pair for pair in renamed if pair.first != pair.second], len(named) - len(original)

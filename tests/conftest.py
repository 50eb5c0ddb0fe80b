"""Fixtures that many tests share: the engine, a Valkey server, and the labelled data."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.servers import System, running, valkey
from worker.vision import Engine, load_engine
from worker.vision.geometry import Box

DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def engine() -> Engine:
    return load_engine()


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Run one system for all tests that only ask it questions."""
    home = tmp_path_factory.mktemp("system")
    with running(["app.py"], home / "log", data_dir=home / "data") as system:
        yield system


@pytest.fixture(scope="session")
def client(system: System) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=system.url, timeout=60) as client:
        yield client


@dataclass(frozen=True)
class Specimen:
    """A specimen document and where its portrait is, if it has one."""

    path: Path
    portrait: Box | None
    size: tuple[int, int]


@pytest.fixture(scope="session")
def specimens() -> list[Specimen]:
    folder = _data("documents")
    truth = json.loads((folder / "truth.json").read_text())
    return [
        Specimen(folder / name, Box(*entry["portrait"]) if entry["portrait"] else None, tuple(entry["size"]))
        for name, entry in truth.items()
    ]


@dataclass(frozen=True)
class Pair:
    """Two photographs, and whether they show the same person."""

    first: Path
    second: Path
    same: bool


@pytest.fixture(scope="session")
def pairs() -> list[Pair]:
    folder = _data("faces")
    with (folder / "pairs.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [Pair(folder / row["first"], folder / row["second"], row["same"] == "1") for row in rows]


def _data(name: str) -> Path:
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"the labelled data is not here: no {folder}")
    return folder

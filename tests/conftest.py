"""Shared fixtures: the engine, a Valkey server, a running system, and the labelled data."""

import csv
import gc
import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import httpx
import pytest
from hypothesis import HealthCheck, settings

from tests.labelled.documents import documents
from tests.labelled.pairs import sample_pairs, samples
from tests.support.environment import isolate
from tests.support.servers import System, client_of, running, valkey
from worker.vision import Engine, load_engine
from worker.vision.geometry import Box

pytest_plugins = ["tests.distribution", "tests.report"]

DATA = Path(__file__).parents[2] / "shared" / "data"

REAL = pytest.param("real", marks=pytest.mark.slow)
SETS = ["composed", REAL]
"""The sets of labelled data. The same tests run on each set, and the real set takes most of the time."""

isolate()

# Hypothesis would fail an example that takes longer than 0.2 s, as any example can on a busy machine.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Exclude the collected tests from garbage collection. To search them took a fifth of the fast tests' time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def engine() -> Engine:
    cv2.setNumThreads(1)  # as in a worker: processes share the cores
    return load_engine()


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Run one system for all tests that do not disturb it."""
    home = tmp_path_factory.mktemp("system")
    with running(["app.py"], home / "log", data_dir=home / "data", decoder_sandbox=True) as system:
        yield system


@pytest.fixture(scope="session")
def client(system: System) -> Iterator[httpx.Client]:
    with client_of(system.url) as client:
        yield client


@dataclass(frozen=True)
class Specimen:
    """A specimen document and the position of its portrait, if it has one.

    Attributes
    ----------
    path
        JPEG, PNG or PDF.
    portrait
        Box of the holder's face in pixels of its unrotated page; None if no page has a face.
    size
        (width, height) of that page in pixels.
    page
        Number of that page, from 1.
    rotation
        Rotation of the face on that page in degrees counter-clockwise.

    """

    path: Path
    portrait: Box | None
    size: tuple[int, int]
    page: int = 1
    rotation: float = 0.0


@pytest.fixture(params=SETS)
def specimens(request: pytest.FixtureRequest) -> list[Specimen]:
    """Return the specimens of one set: composed by the tests, or real if they are present."""
    found: list[Specimen] = request.getfixturevalue(f"{request.param}_specimens")
    return found


@pytest.fixture(scope="session")
def composed_specimens(tmp_path_factory: pytest.TempPathFactory) -> list[Specimen]:
    folder = tmp_path_factory.mktemp("specimens")
    for document in documents():
        (folder / document.name).write_bytes(document.data)
    return [Specimen(folder / each.name, each.portrait, each.size, each.page, each.rotation) for each in documents()]


@pytest.fixture(scope="session")
def real_specimens() -> list[Specimen]:
    folder = _data("documents")
    truth = json.loads((folder / "truth.json").read_text())
    return [
        Specimen(folder / name, Box(*entry["portrait"]) if entry["portrait"] else None, tuple(entry["size"]))
        for name, entry in truth.items()
    ]


@dataclass(frozen=True)
class Pair:
    """Two pictures, and whether they show the same person."""

    first: Path
    second: Path
    same: bool


@pytest.fixture(params=SETS)
def pairs(request: pytest.FixtureRequest) -> list[Pair]:
    """Return the pairs of one set: composed by the tests, or real if they are present."""
    found: list[Pair] = request.getfixturevalue(f"{request.param}_pairs")
    return found


@pytest.fixture(scope="session")
def composed_pairs(tmp_path_factory: pytest.TempPathFactory) -> list[Pair]:
    folder = tmp_path_factory.mktemp("faces")
    for sample in samples():
        (folder / sample.name).write_bytes(sample.data)
    return [
        Pair(folder / first.name, folder / second.name, first.person == second.person)
        for first, second in sample_pairs()
    ]


@pytest.fixture(scope="session")
def real_pairs() -> list[Pair]:
    folder = _data("faces")
    with (folder / "pairs.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [Pair(folder / row["first"], folder / row["second"], row["same"] == "1") for row in rows]


def _data(name: str) -> Path:
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"needs real specimens, which are not published ({folder}); the same tests run on composed ones")
    return folder

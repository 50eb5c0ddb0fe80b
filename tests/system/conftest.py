"""One system for all tests that only ask it questions."""

from collections.abc import Iterator

import httpx
import pytest

from tests.servers import System, running


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    home = tmp_path_factory.mktemp("system")
    with running(["app.py"], home / "log", data_dir=home / "data") as system:
        yield system


@pytest.fixture(scope="session")
def client(system: System) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=system.url, timeout=60) as client:
        yield client

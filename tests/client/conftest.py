"""Fixtures: a folder with the files of the examples, and clients of the system."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from face_intake import Client

from tests.browser import documents
from tests.client.flaky import FlakyProxy, flaky_proxy
from tests.support.servers import System


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "id-card.jpg").write_bytes(documents.id_card())
    (folder / "selfie.jpg").write_bytes(documents.selfie())
    (folder / "small.jpg").write_bytes(documents.small_selfie())
    (folder / "friends.jpg").write_bytes(documents.friends())
    (folder / "stranger.jpg").write_bytes(documents.stranger())
    (folder / "letter.pdf").write_bytes(documents.faceless())
    return folder


@pytest.fixture(scope="session")
def faces(system: System) -> Iterator[Client]:
    with Client(system.url) as client:
        yield client


@pytest.fixture
def proxy(system: System) -> Iterator[FlakyProxy]:
    with flaky_proxy(system.url) as proxy:
        yield proxy

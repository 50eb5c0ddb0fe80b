"""Fixtures of all modules: the name of the compose project, a copy of the checkout, and the images."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.containers.checkout import copy_checkout
from tests.containers.engine import unavailable
from tests.containers.images import Images


@pytest.fixture(scope="session")
def project_name() -> str:
    """Return the name of this session's compose project; several sessions may use one engine."""
    if reason := unavailable():
        pytest.skip(reason)
    return f"nsfas-test-{uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def images(project_name: str, checkout: Path) -> Iterator[Images]:
    images = Images(project_name, checkout)
    yield images
    images.remove()

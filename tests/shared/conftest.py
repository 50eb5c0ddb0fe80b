"""Fixture: job records on an empty server."""

from collections.abc import Iterator

import pytest

from tests.shared.records import Records


@pytest.fixture
def records(valkey_url: str) -> Iterator[Records]:
    made = Records(valkey_url)
    yield made
    made.redis.close()

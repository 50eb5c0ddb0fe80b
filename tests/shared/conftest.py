"""Records on a server of their own."""

from collections.abc import Iterator

import pytest

from tests.shared.records import Records


@pytest.fixture
def records(valkey_url: str) -> Iterator[Records]:
    made = Records(valkey_url)
    yield made
    made.redis.close()

"""The OpenAPI description keeps its operations, parameters, schemas, status codes and error codes."""

import json
from typing import Any

import pytest

from tests.openapi.surface import STORED, current


@pytest.mark.parametrize("part", ["operations", "schemas"])
def test_the_description_is_the_stored_one_except_for_its_words(part: str) -> None:
    stored: dict[str, Any] = json.loads(STORED.read_text())
    now = json.loads(json.dumps(current()))
    assert now[part].keys() == stored[part].keys()
    for name, described in now[part].items():
        assert described == stored[part][name], name

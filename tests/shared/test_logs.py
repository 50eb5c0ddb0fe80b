"""What the log contains."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from shared.logs import configure, get_logger
from shared.settings import Settings


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Restore the configuration of both logging libraries after the test."""
    root, config = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**config)


class Unprintable:
    """Cannot be formatted."""

    def __str__(self) -> str:
        raise AssertionError("was formatted")


@pytest.mark.usefixtures("restored_logging")
def test_a_line_below_the_log_level_is_not_formatted(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings(log_level="WARNING"))
    log = get_logger("tests.logs")
    log.info("%s", Unprintable())
    log.warning("%s is written", "this line")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "this line is written" in lines[0]

"""What the main process takes of its pool's processes: everything that Celery sends, and nothing that runs."""

import io
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from billiard.einfo import ExceptionInfo
from billiard.reduction import ForkingPickler
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from tests.breakout import Pickled
from worker.supervision.pool import load_message
from worker.tasks import RedisFailedError

ACK, READY = 0, 2  # of billiard.pool


def sent(message: object) -> Any:
    pickler: Any = ForkingPickler  # whose annotations are not complete
    return load_message(io.BytesIO(pickler.dumps(message)))


def failure() -> ExceptionInfo:
    try:
        raise RedisFailedError("away") from RedisConnectionError("away")  # noqa: TRY301 - where it is raised is sent
    except RedisFailedError:
        return ExceptionInfo()


def test_outcomes_are_taken() -> None:
    for message in ((ACK, (1, 0, 12.5, 4711, 9)), (READY, (1, 0, (True, (0, "succeeded", 0.5)), 9))):
        assert sent(message) == message


def test_exceptions_are_taken_with_their_tracebacks() -> None:
    _, (_, _, (_, (_, taken, _)), _) = sent((READY, (1, 0, (True, (1, failure(), 0.5)), 9)))
    assert repr(taken.exception.__class__) == repr(RedisFailedError)
    assert "RedisFailedError: away" in taken.traceback
    assert taken.tb.tb_frame.f_code.co_name == "failure"


class Named:
    """A pickle of anything that a module has."""

    def __init__(self, *reduced: Any) -> None:
        self._reduced = reduced

    def __reduce__(self) -> Any:
        return self._reduced


@pytest.mark.parametrize(
    "forged",
    [
        Named(os.system, ("true",)),
        Named(eval, ("1",)),
        Named(getattr, (object, "__subclasses__")),
        Named(getattr, (ValueError, "__subclasses__")),
        Named(Path, ("/",)),
        Named(pickle.loads, (b"",)),
    ],
    ids=["system", "eval", "attribute", "subclasses", "class", "pickle"],
)
def test_what_runs_when_it_is_loaded_is_refused(forged: Named) -> None:
    with capture_logs() as logs:
        assert sent((READY, (1, 0, (True, (0, forged, 0.5)), 9))) is None
    assert [line["log_level"] for line in logs] == ["critical"]


def test_a_program_in_a_message_does_not_run(tmp_path: Path) -> None:
    message = pickle.dumps(Pickled(tmp_path / "made"))
    assert load_message(io.BytesIO(message)) is None
    assert not (tmp_path / "made").exists()
    pickle.loads(message)  # noqa: S301 - as Celery would have loaded it
    assert (tmp_path / "made").exists()


def test_what_is_no_message_is_refused() -> None:
    assert load_message(io.BytesIO(b"\x80\x04nonsense")) is None

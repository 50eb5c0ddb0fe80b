"""The main process accepts only outcomes and errors of the sending pool process, and loading them runs no code."""

import io
import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from billiard.einfo import ExceptionInfo
from billiard.pool import ACK, DEATH, READY
from billiard.reduction import ForkingPickler
from celery.concurrency.asynpool import WORKER_UP  # type: ignore[attr-defined]
from celery.utils.serialization import UnpickleableExceptionWrapper
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from tests.support.faults.breakout import Pickled
from worker.supervision.pool import PlainWorker, load_message
from worker.tasks import RedisFailedError

JOB, PART = 1, 0


@dataclass
class Process:
    pid: int = 4711
    inqW_fd: int = 9  # noqa: N815 - the library's names
    synqW_fd: int | None = None  # noqa: N815


def receive(message: object) -> Any:
    pickler: Any = ForkingPickler  # its annotations are incomplete
    return load_message(io.BytesIO(pickler.dumps(message)), Process())


def ready(outcome: object) -> tuple[object, ...]:
    return READY, (JOB, PART, (True, outcome), 9)


def failure() -> ExceptionInfo:
    try:
        raise RedisFailedError("away") from RedisConnectionError("away")  # noqa: TRY301 - the traceback is part of the message
    except RedisFailedError:
        return ExceptionInfo()


@pytest.mark.parametrize(
    "message",
    [
        (WORKER_UP, (4711,)),
        (ACK, (JOB, PART, 12.5, 4711, None)),
        ready((0, "succeeded", 0.5)),
        (DEATH, (4711, 0)),
    ],
    ids=["up", "accepted", "outcome", "death"],
)
def test_messages_of_a_process_about_itself_are_accepted(message: object) -> None:
    assert receive(message) == message


def test_an_error_arrives_with_its_type_message_and_traceback() -> None:
    worker = PlainWorker.__new__(PlainWorker)
    _, (_, _, (_, (failed, taken, _)), _) = receive(ready(worker.prepare_result((1, failure(), 0.5))))
    assert failed == 1
    assert "RedisFailedError: away" in str(taken.exception)
    assert "in failure" in taken.traceback


@pytest.mark.parametrize(
    "message",
    [
        (WORKER_UP, (1,)),
        (ACK, (JOB, PART, 12.5, 1, None)),
        (ACK, (JOB, PART, 12.5, 4711, 2)),
        (DEATH, (1, 0)),
        (DEATH, (-1, 0)),
        (READY, (JOB, PART, (True, (0, "succeeded", 0.5)), 8)),
        (READY, (JOB, PART, (False, "anything"), 9)),
        ("up", (4711,)),
        4711,
    ],
)
def test_messages_about_other_processes_and_unknown_messages_are_rejected(message: object) -> None:
    with capture_logs() as logs:
        assert receive(message) is None
    assert [line["log_level"] for line in logs] == ["critical"]


class Named:
    """An object whose pickle refers to any attribute of a module."""

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
        Named(Path, ("/",)),
        Named(pickle.loads, (b"",)),
        Named(UnpickleableExceptionWrapper, ("this", "Error", (), "")),  # imports the module
        ValueError("harmless"),
        failure(),
    ],
    ids=["system", "eval", "attribute", "class", "pickle", "wrapper", "exception", "traceback"],
)
def test_a_message_with_anything_but_plain_values_is_rejected(forged: object) -> None:
    with capture_logs() as logs:
        assert receive(ready((0, forged, 0.5))) is None
    assert "is not a plain value" in logs[0]["error"]


def test_code_in_a_message_does_not_run(tmp_path: Path) -> None:
    message = pickle.dumps(Pickled(tmp_path / "made"))
    assert load_message(io.BytesIO(message), Process()) is None
    assert not (tmp_path / "made").exists()
    pickle.loads(message)  # noqa: S301 - Celery would load it like this
    assert (tmp_path / "made").exists()


def test_bytes_that_are_not_a_message_are_rejected() -> None:
    assert load_message(io.BytesIO(b"\x80\x04nonsense"), Process()) is None

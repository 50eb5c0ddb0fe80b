"""The pool, whose processes are not trusted: what they send is checked, and loading it runs nothing.

Celery's processes answer with pickles, and a pickle can run code where it is loaded: a process that was taken over
through a document could run code in the main process, outside the sandbox. So a message is plain values and nothing
else; a task that raised sends the text of its error. And a process speaks for itself alone: Celery sends signals to the
process that a message names, and writes to the pipes that it names.
"""

import io
import os
import pickle
import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any, Protocol

from billiard import pool
from billiard.einfo import ExceptionInfo
from celery.concurrency import asynpool
from celery.concurrency.prefork import TaskPool

from shared.logs import get_logger, reason

log = get_logger(__name__)


class TaskFailedError(Exception):
    """A task raised in a process of the pool: the type and the text of its error."""


class Sender(Protocol):
    """A process of the pool, as the main process knows it: its number, and the pipes by which it gets messages."""

    pid: int
    inqW_fd: int  # noqa: N815 - the library's names
    synqW_fd: int | None  # noqa: N815


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - the library's signature
        raise pickle.UnpicklingError(f"{module}.{name} is no plain value")


def load_message(file: IO[bytes], sender: Sender | None) -> Any:  # noqa: ANN401 - as the sender made it
    """Return a message of a pool process; None, which Celery ignores, if it is refused, which is logged.

    Parameters
    ----------
    file
        Where the pickle begins.
    sender
        Who sent it; None if the process is not known any more.

    """
    try:
        return _received(_Unpickler(file).load(), sender)
    except Exception as error:  # noqa: BLE001 - the main process goes on after any
        log.critical("message of a pool process refused", error=reason(error))
        return None


def _received(message: object, sender: Sender | None) -> object:
    """Check that a message is about its sender, and turn the text of an error into one."""
    if sender is None:
        raise ValueError("the process is not known")
    match message:
        case (asynpool.WORKER_UP, (sender.pid,)) | (pool.DEATH, (sender.pid, int())):  # type: ignore[attr-defined]
            return message
        case (pool.ACK, (int(), _, float(), sender.pid, sender.synqW_fd)):
            return message
        case (pool.READY, (int() as job, part, (True, (0, str() as outcome, float() as runtime)), sender.inqW_fd)):
            return pool.READY, (job, part, (True, (0, outcome, runtime)), sender.inqW_fd)
        case (
            pool.READY,
            (int() as job, part, (True, (1, [str(), str()] as text, float() as runtime)), sender.inqW_fd),
        ):
            return pool.READY, (job, part, (True, (1, _error(*text), runtime)), sender.inqW_fd)
    raise ValueError("it is not one of its own")


def _error(summary: str, trace: str) -> ExceptionInfo:
    try:
        raise TaskFailedError(summary)  # noqa: TRY301 - as it is made by being raised
    except TaskFailedError:
        error = ExceptionInfo()
    error.traceback = trace
    return error


class PlainWorker(asynpool.Worker):
    """What runs in a process of the pool: of an error, it sends the text."""

    def prepare_result(self, result: Any) -> Any:  # noqa: ANN401 - the library's signature
        """Return a task's outcome, which is text, as it is, and an error as two texts: its summary and traceback."""
        failed, value, runtime = result
        if not failed:
            return 0, str(value), runtime
        return 1, [f"{value.type.__name__}: {value.exception}", str(value.traceback)], runtime


class _Results(asynpool.ResultHandler):
    fileno_to_outq: Any  # the annotations of the library are not complete

    def _recv_message(self, add_reader: object, fd: int, callback: object) -> Iterator[None]:
        """Read one message; a process whose message is refused is ended, and its job is tried again."""

        def load(file: IO[bytes]) -> Any:  # noqa: ANN401 - as the sender made it
            process = self.fileno_to_outq.get(fd)
            message = load_message(file, process)
            if message is None and process is not None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            return message

        inherited: Any = super()
        messages: Iterator[None] = inherited._recv_message(add_reader, fd, callback, load=load)  # noqa: SLF001
        return messages


class _Pool(asynpool.AsynPool):
    ResultHandler = _Results
    Worker = PlainWorker
    _fileno_to_outq: Any  # likewise

    def create_process_queues(self) -> Any:  # noqa: ANN401 - the library's signature
        """Make the pipes of a process; what is left in one when the worker stops is read by another way."""
        inqueue, outqueue, synqueue = super().create_process_queues()
        reader = outqueue._reader  # noqa: SLF001 - as the library reads from it

        def receive() -> Any:  # noqa: ANN401 - as the sender made it
            return load_message(io.BytesIO(reader.recv_bytes()), self._fileno_to_outq.get(reader.fileno()))

        reader.recv = receive
        return inqueue, outqueue, synqueue


class GuardedPool(TaskPool):
    """Celery's prefork pool."""

    Pool = _Pool

"""A process pool that does not trust its processes: it checks their messages, and loading a message runs no code.

Celery's pool processes answer with pickles, and a pickle can run code when it is loaded. A process that an attacker
controls through a document could run code in the main process, outside the sandbox. Therefore a message may contain
plain values only, and a task that raised sends the text of its error.

A process may send messages only about itself, because Celery sends signals to the process that a message names and
writes to the pipes that it names.
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
    """A task raised in a pool process. The message has the type and the text of its error."""


class PoolProcess(Protocol):
    """A pool process, as the main process knows it: its process id and the pipes on which it receives messages."""

    pid: int
    inqW_fd: int  # noqa: N815 - the library's names
    synqW_fd: int | None  # noqa: N815


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - the library's signature
        raise pickle.UnpicklingError(f"{module}.{name} is not a plain value")


def load_message(file: IO[bytes], sender: PoolProcess | None) -> Any:  # noqa: ANN401 - any plain value
    """Return a message of a pool process. A rejected message is logged, and the result is None, which Celery ignores.

    Parameters
    ----------
    file
        The file, positioned at the start of the pickle.
    sender
        The process that sent the message; None if it is no longer known.

    """
    try:
        return _checked(_Unpickler(file).load(), sender)
    except Exception as error:  # noqa: BLE001 - no message may stop the main process
        log.critical("message of a pool process rejected", error=reason(error))
        return None


def _checked(message: object, sender: PoolProcess | None) -> object:
    """Check that a message is about its sender, and convert the text of an error to an exception."""
    if sender is None:
        raise ValueError("the process is unknown")
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
    raise ValueError("the message is not about its sender, or has an unknown form")


def _error(summary: str, trace: str) -> ExceptionInfo:
    try:
        raise TaskFailedError(summary)  # noqa: TRY301 - ExceptionInfo reads the current exception
    except TaskFailedError:
        error = ExceptionInfo()
    error.traceback = trace
    return error


class PlainWorker(asynpool.Worker):
    """The loop of a pool process. It sends errors as text."""

    def prepare_result(self, result: Any) -> Any:  # noqa: ANN401 - the library's signature
        """Return a task's outcome as text, and an error as two texts: its summary and its traceback."""
        failed, value, runtime = result
        if not failed:
            return 0, str(value), runtime
        return 1, [f"{value.type.__name__}: {value.exception}", str(value.traceback)], runtime


class _Results(asynpool.ResultHandler):
    fileno_to_outq: Any  # the library's annotations are incomplete

    def _recv_message(self, add_reader: object, fd: int, callback: object) -> Iterator[None]:
        """Read one message. A process whose message is rejected is killed, and its job is retried."""

        def load(file: IO[bytes]) -> Any:  # noqa: ANN401 - any plain value
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
    _fileno_to_outq: Any  # the library's annotations are incomplete

    def create_process_queues(self) -> Any:  # noqa: ANN401 - the library's signature
        """Create the pipes of a process. A stopping worker reads the rest by ``recv``, which is checked too."""
        inqueue, outqueue, synqueue = super().create_process_queues()
        reader = outqueue._reader  # noqa: SLF001 - the library reads from it

        def receive() -> Any:  # noqa: ANN401 - any plain value
            return load_message(io.BytesIO(reader.recv_bytes()), self._fileno_to_outq.get(reader.fileno()))

        reader.recv = receive
        return inqueue, outqueue, synqueue


class GuardedPool(TaskPool):
    """Celery's prefork pool with checked messages."""

    Pool = _Pool

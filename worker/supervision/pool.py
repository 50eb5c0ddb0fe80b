"""The pool, whose processes are not believed: what they send is read without running anything of theirs.

Celery's processes answer by pickles, and a pickle runs what it names when it is loaded: a process that was taken over
through a document would run what it likes in the main process, on the other side of the wall. So only what Celery sends
is loaded: plain values, exceptions, and their tracebacks.
"""

import io
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Any

from billiard import einfo
from celery.concurrency.asynpool import AsynPool, ResultHandler
from celery.concurrency.prefork import TaskPool

from shared.logs import get_logger, reason

log = get_logger(__name__)

_TRACEBACKS = ("ExceptionInfo", "Traceback", "_Code", "_Frame", "_Truncated", "rebuild_exc")
"""Of billiard.einfo: what it makes of an exception to send it."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - the library's signature
        if (module, name) == ("builtins", "getattr"):
            return _constructor  # by which the tracebacks name `object.__new__`
        if (module, name) == ("builtins", "object"):
            return object
        if module == einfo.__name__ and name in _TRACEBACKS:
            return getattr(einfo, name)
        found = getattr(sys.modules.get(module), name, None)  # loaded already: an import may do things
        if isinstance(found, type) and issubclass(found, BaseException):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is not what a process of the pool sends")


def _constructor(owner: object, name: str) -> Callable[..., object]:
    if (owner, name) != (object, "__new__"):
        raise pickle.UnpicklingError(f"{name} is not what a process of the pool sends")
    return object.__new__


def load_message(file: IO[bytes]) -> Any:  # noqa: ANN401 - as the sender made it
    """Return a message of a pool process; None, which Celery ignores, for one that is not Celery's, and log that."""
    try:
        return _Unpickler(file).load()
    except Exception as error:  # noqa: BLE001 - whatever it is, the main process goes on
        log.critical("message of a pool process refused", error=reason(error))
        return None


class _Results(ResultHandler):
    fileno_to_outq: Any  # the annotations of the library are not complete

    def _recv_message(self, add_reader: object, fd: int, callback: object) -> Iterator[None]:
        """Read one message; whoever sends another than Celery's is ended, and its job is tried again."""

        def load(file: IO[bytes]) -> Any:  # noqa: ANN401 - as the sender made it
            message = load_message(file)
            if message is None and (process := self.fileno_to_outq.get(fd)) is not None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            return message

        inherited: Any = super()
        messages: Iterator[None] = inherited._recv_message(add_reader, fd, callback, load=load)  # noqa: SLF001
        return messages


class _Pool(AsynPool):
    ResultHandler = _Results

    def create_process_queues(self) -> Any:  # noqa: ANN401 - the library's signature
        """Make the pipes of a process; what is left in one when the worker stops is read by another way."""
        inqueue, outqueue, synqueue = super().create_process_queues()
        reader = outqueue._reader  # noqa: SLF001 - as the library reads from it
        reader.recv = lambda: load_message(io.BytesIO(reader.recv_bytes()))
        return inqueue, outqueue, synqueue


class GuardedPool(TaskPool):
    """Celery's prefork pool."""

    Pool = _Pool

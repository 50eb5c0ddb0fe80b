"""The handler of each declared kind: the function ``run`` of the module with its name."""

from importlib import import_module
from typing import Final

from shared.errors import SetupError
from shared.job_kinds.declaration import JobKind
from shared.job_kinds.registry import KINDS
from worker.handlers.handler import Handler


def _load(kind: JobKind) -> Handler:
    """Import the handler of a kind.

    Raises
    ------
    SetupError
        The kind has no handler.

    """
    module = f"worker.handlers.{kind.operation}"
    try:
        handler: Handler = import_module(module).run
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise SetupError(f"the job kind {kind.name} has no handler: {module} does not exist") from error
    return handler


HANDLERS: Final[dict[str, Handler]] = {kind.name: _load(kind) for kind in KINDS}
"""Handlers by the name of the kind. They are imported when the worker starts, before its processes are confined."""

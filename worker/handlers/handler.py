"""What a handler receives, what it returns, and how it fails."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shared.job_kinds.declaration import Schema
from worker.vision import Engine, Limits, QualityLimits


@dataclass(frozen=True, slots=True)
class HandlerContext:
    """What handlers work with, loaded once per process.

    Attributes
    ----------
    engine
        The vision engine, with its models.
    limits
        Limits on the documents that are read.
    quality_limits
        Limits outside of which a portrait has a warning.
    threshold
        Maximum distance of a match for requests that name none; None for the encoder's own.

    """

    engine: Engine
    limits: Limits
    quality_limits: QualityLimits
    threshold: float | None = None


class Handler(Protocol):
    """The function ``run`` of a handler."""

    def __call__(self, documents: Mapping[str, bytes], options: Any, context: HandlerContext) -> Schema:  # noqa: ANN401 - each its own
        """Do the work of one job.

        Parameters
        ----------
        documents
            Documents by form field.
        options
            Options, of the class that the kind declares.
        context
            Engine and limits.

        Raises
        ------
        HandlerError, worker.vision.VisionError
            The job fails with this error code.

        """


class HandlerError(Exception):
    """The job fails with this error code: one of those that its kind declares.

    Parameters
    ----------
    code
        Code of ``shared.errors``.
    field
        Name of the form field that causes the error, if there is one.

    """

    def __init__(self, code: str, field: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.field = field

"""Client of the NSFAS Face Extraction API.

:class:`Client` and :class:`AsyncClient` have a method for each operation of the service. :mod:`face_intake.errors` has
an exception class for each of its error codes.
"""

from importlib.metadata import version

from face_intake import errors, models, results
from face_intake.async_client import AsyncClient
from face_intake.client import Client
from face_intake.documents import Document
from face_intake.errors import (
    ApiError,
    DocumentError,
    FaceIntakeError,
    JobError,
    NoFaceError,
    Problem,
    RequestError,
    ServiceError,
    UnfinishedError,
    UnreachableError,
)
from face_intake.models import Batch, BatchResult, Info, Job, JobStatus, Load
from face_intake.results import ComparedFace, Comparison, ComparisonWarning, Extraction, Face

__version__ = version("face-intake")

__all__ = [
    "ApiError",
    "AsyncClient",
    "Batch",
    "BatchResult",
    "Client",
    "ComparedFace",
    "Comparison",
    "ComparisonWarning",
    "Document",
    "DocumentError",
    "Extraction",
    "Face",
    "FaceIntakeError",
    "Info",
    "Job",
    "JobError",
    "JobStatus",
    "Load",
    "NoFaceError",
    "Problem",
    "RequestError",
    "ServiceError",
    "UnfinishedError",
    "UnreachableError",
    "errors",
    "models",
    "results",
]

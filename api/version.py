"""Name and version of the service."""

from collections.abc import Sequence

from shared.formats import Format
from shared.schemas import AcceptedFormat, ServiceInfo

NAME = "NSFAS Face Extraction API"
VERSION = "1.0.0"


def service_info(formats: Sequence[Format]) -> ServiceInfo:
    """Return the response of ``GET /`` for a service that accepts these formats."""
    known = [AcceptedFormat.model_validate(each, from_attributes=True) for each in formats]
    return ServiceInfo(name=NAME, version=VERSION, formats=known)

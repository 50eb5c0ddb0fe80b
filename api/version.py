"""Name and version of the service."""

from collections.abc import Sequence

from shared.formats import Format
from shared.schemas import AcceptedFormat, ServiceInfo

NAME = "NSFAS Face Extraction API"
VERSION = "1.0.0"


def service_info(formats: Sequence[Format], max_upload_bytes: int) -> ServiceInfo:
    """Return the response of ``GET /`` for a service that accepts files of these formats, up to this size."""
    known = [AcceptedFormat.model_validate(each, from_attributes=True) for each in formats]
    return ServiceInfo(name=NAME, version=VERSION, formats=known, max_upload_bytes=max_upload_bytes)

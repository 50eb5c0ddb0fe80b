"""An upload, bounded and sniffed while it streams, and never on disk."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from shared.errors import ServiceError
from shared.formats import Format, not_attached, recognise
from shared.refused_formats import refusal

_FIELD_BYTES = 4096  # of a text field: a threshold, a name
_FIELDS = 16  # text fields in one form
_OVERHEAD_BYTES = 1024 * 1024  # of boundaries, part headers and text fields around the files, generously
_DRAIN_FACTOR = 4  # times the limit: how much of a refused upload is read away so that its client sees the answer


@dataclass(frozen=True, slots=True)
class Form:
    """What was uploaded: files by field, never empty, and text fields."""

    files: dict[str, bytes]
    fields: dict[str, str]


async def read_form(request: Request, names: tuple[str, ...], max_bytes: int, formats: Sequence[Format]) -> Form:
    """Read a form with these files, all required.

    Parameters
    ----------
    request
        Of which nothing has been read.
    names
        The form fields that carry files.
    max_bytes
        Of each file.
    formats
        Those that the files may have.

    Raises
    ------
    ServiceError
        ``missing_file``, ``empty_file``, ``file_too_large``, ``unsupported_format`` or ``invalid_request``. The rest of
        the upload has then been read away, within bounds.

    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise ServiceError("missing_file", field=names[0], detail=not_attached(formats))
    total = len(names) * max_bytes + _OVERHEAD_BYTES
    stream = request.stream()
    try:
        form = await _BoundedParser(request, _bounded(stream, total), names, max_bytes).parse()
        try:
            files = {name: await _content(name, form.get(name), formats) for name in names}
        finally:
            await form.close()
    except (ServiceError, MultiPartException) as error:
        await _drain(stream, _DRAIN_FACTOR * total)
        if isinstance(error, ServiceError):
            raise
        raise ServiceError("invalid_request") from error
    return Form(files, {name: value for name, value in form.items() if isinstance(value, str)})


class _BoundedParser(MultiPartParser):
    """Starlette's parser, in memory alone, that stops at the byte that is one too many."""

    spool_max_size = 0  # of the files it keeps in memory before they go to disk; 0 is for ever

    def __init__(
        self, request: Request, stream: AsyncGenerator[bytes, None], names: tuple[str, ...], max_bytes: int
    ) -> None:
        super().__init__(request.headers, stream, max_files=len(names), max_fields=_FIELDS, max_part_size=_FIELD_BYTES)
        self._max_bytes = max_bytes

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        super().on_part_data(data, start, end)
        part = self._current_part
        if part.file is None:
            return
        waiting = sum(len(chunk) for of, chunk in self._file_parts_to_write if of is part)
        if (part.file.size or 0) + waiting > self._max_bytes:
            raise ServiceError("file_too_large", field=part.field_name)


async def _bounded(stream: AsyncGenerator[bytes, None], total: int) -> AsyncGenerator[bytes, None]:
    """Pass a body on up to so many bytes, whatever its Content-Length said."""
    seen = 0
    async for chunk in stream:
        seen += len(chunk)
        if seen > total:
            raise ServiceError("file_too_large")
        yield chunk


async def _drain(stream: AsyncGenerator[bytes, None], limit: int) -> None:
    """Read the rest of a refused upload away: a client that is still sending would otherwise see a broken pipe."""
    seen = 0
    async for chunk in stream:
        seen += len(chunk)
        if seen > limit:
            return


async def _content(name: str, upload: UploadFile | str | None, formats: Sequence[Format]) -> bytes:
    # A browser's form with no file chosen sends a part without name and bytes.
    if not isinstance(upload, UploadFile) or (not upload.filename and not upload.size):
        raise ServiceError("missing_file", field=name, detail=not_attached(formats))
    data = await upload.read()
    if not data:
        raise ServiceError("empty_file", field=name)
    if recognise(data) not in formats:
        raise ServiceError("unsupported_format", field=name, detail=refusal(data, formats))
    return data

"""An upload, bounded and sniffed while it streams, and never on disk."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser, MultipartPart

from shared.errors import ServiceError
from shared.formats import Format, not_attached, recognise
from shared.unsupported_formats import refusal

_FIELD_BYTES = 4096  # of a text field: a threshold, a name
_FIELDS = 16  # text fields in one form, and as many file inputs, those included that were left empty
_OVERHEAD_BYTES = 1024 * 1024  # of boundaries, part headers and text fields around the files, generously
_DRAIN_FACTOR = 4  # times the limit: how much of a refused upload is read away so that its client sees the answer

_FORM = "multipart/form-data"

# RFC 7578 forbids this form of a file's name, and the parser ignores it; some HTTP clients send no other.
_EXTENDED_NAME = re.compile(rb';\s*filename\*\s*=\s*([^;"\\]+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Form:
    """What was uploaded: files by field, never empty, and text fields."""

    files: dict[str, bytes]
    fields: dict[str, str]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(len, self.files.values()))


Received = Callable[[int], Awaitable[None]]
"""Called with the number of bytes of each piece of a body that has arrived; it may wait, and may refuse."""


async def read_form(  # noqa: PLR0913, PLR0917 - what a form is read by
    request: Request,
    names: tuple[str, ...],
    options: Collection[str],
    max_bytes: int,
    formats: Sequence[Format],
    received: Received,
) -> Form:
    """Read a form with these files, all required.

    Parameters
    ----------
    request
        Of which nothing has been read.
    names
        The form fields that carry files.
    options
        The text fields that it may have.
    max_bytes
        Of each file.
    formats
        Those that the files may have.
    received
        Told of the bytes as they arrive.

    Raises
    ------
    ServiceError
        ``missing_file``, ``empty_file``, ``file_too_large``, ``unsupported_format``, ``unknown_field`` or
        ``invalid_request``, or what ``received`` raises. The rest of the upload has then been read away, within bounds.

    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise ServiceError("missing_file", field=names[0], detail=not_attached(formats))
    total = len(names) * max_bytes + _OVERHEAD_BYTES
    stream = request.stream()
    parser = _BoundedParser(request, _bounded(stream, total, received), names, options, max_bytes)
    try:
        form = await parser.parse()
        try:
            files = {name: await _content(name, _filled(form, name), formats) for name in names}
        finally:
            await form.close()
    except (ServiceError, MultiPartException) as error:
        await _drain(stream, _DRAIN_FACTOR * total)
        if isinstance(error, ServiceError):
            raise
        raise ServiceError("invalid_request") from error
    # After the files: a form that sends its file in a field of another name is told which field is missing.
    if parser.unknown is not None:
        raise ServiceError("unknown_field", field=parser.unknown)
    return Form(files, {name: value for name, value in form.items() if isinstance(value, str)})


class _BoundedParser(MultiPartParser):
    """Starlette's parser, in memory alone, that stops at the byte that is one too many.

    Attributes
    ----------
    unknown
        The first field that is neither a file nor an option, if there is one; what it contains is not kept. A file
        input that a browser left empty, with neither name nor bytes, does not count.

    """

    spool_max_size = 0  # of the files it keeps in memory before they go to disk; 0 means that they stay in memory

    def __init__(
        self,
        request: Request,
        stream: AsyncGenerator[bytes, None],
        names: tuple[str, ...],
        options: Collection[str],
        max_bytes: int,
    ) -> None:
        super().__init__(request.headers, stream, max_files=_FIELDS, max_fields=_FIELDS, max_part_size=_FIELD_BYTES)
        self._names = names
        self._options = options
        self._max_bytes = max_bytes
        self._with_bytes: dict[str, MultipartPart] = {}
        self.unknown: str | None = None

    def on_headers_finished(self) -> None:
        part = self._current_part
        disposition = part.content_disposition or b""
        extended = _EXTENDED_NAME.search(disposition)
        _, parameters = parse_options_header(disposition)
        if extended or parameters.get(b"name", b"").decode(errors="replace") in self._names:
            # A part is a file to the parser if it has a name: give it one, ahead of the one that it may have.
            name = extended[1].strip() if extended else b""
            part.content_disposition = disposition.replace(b";", b'; filename="' + name + b'";', 1)
        super().on_headers_finished()
        is_empty_input = part.file is not None and not part.file.filename
        if not self._is_known(part) and not is_empty_input:
            self._refuse(part)

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        part = self._current_part
        if not self._is_known(part):
            self._refuse(part)
            return
        super().on_part_data(data, start, end)
        if part.file is None:
            return
        if self._with_bytes.setdefault(part.field_name, part) is not part:
            raise ServiceError("invalid_request", field=part.field_name)  # two files: which one is meant?
        waiting = sum(len(chunk) for of, chunk in self._file_parts_to_write if of is part)
        if (part.file.size or 0) + waiting > self._max_bytes:
            raise ServiceError("file_too_large", field=part.field_name)

    def _is_known(self, part: MultipartPart) -> bool:
        return part.field_name in (self._options if part.file is None else self._names)

    def _refuse(self, part: MultipartPart) -> None:
        if self.unknown is None:
            self.unknown = part.field_name


async def _bounded(stream: AsyncGenerator[bytes, None], total: int, received: Received) -> AsyncGenerator[bytes, None]:
    """Pass a body on up to so many bytes, whatever its Content-Length said."""
    seen = 0
    async for chunk in stream:
        await received(len(chunk))
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


def _filled(form: FormData, name: str) -> UploadFile | None:
    """Return the file of a field: of several inputs of one name, the one that has been filled in."""
    uploads = [part for part in form.getlist(name) if isinstance(part, UploadFile)]
    return max(uploads, key=lambda upload: (upload.size or 0, upload.filename or ""), default=None)


async def _content(name: str, upload: UploadFile | None, formats: Sequence[Format]) -> bytes:
    # A browser's form with no file chosen sends a part without name and bytes.
    if upload is None or (not upload.filename and not upload.size):
        raise ServiceError("missing_file", field=name, detail=not_attached(formats))
    data = await upload.read()
    await upload.close()  # its memory would be held twice
    if not data:
        raise ServiceError("empty_file", field=name)
    if recognise(data) not in formats:
        raise ServiceError("unsupported_format", field=name, detail=refusal(data, formats))
    return data

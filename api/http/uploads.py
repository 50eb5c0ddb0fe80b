"""Reads forms with files: in memory only, with limits on each file and field that apply while the bytes arrive.

FastAPI's ``File`` and ``Form`` parameters, with ``max_body_size`` and ``form_limits``, do not replace this module.
``tests/api/http/test_framework_forms.py`` shows it for FastAPI 0.165 and Starlette 1.10, with two files of at most
10 MB and text fields of 4 KB:

- The form is read before dependencies run: with a wrong API key, all 16 MB of an upload were read.
- Files larger than 1 MB are written to disk, and no parameter changes that.
- Only the body has a size limit: one file of 16 MB was accepted, and the error of a larger body names no field.
- Nothing is called while bytes arrive, so uploads in flight have no common memory limit.
- Unknown fields are ignored, and a file of 16 MB in such a field is read and stored.
- Of two files in one field, one is ignored.
- A file without ``filename``, or with ``filename*`` only, counts as a text field and is refused as too long.
"""

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
_FIELDS = 16  # text fields in one form, and as many file inputs, including empty ones
_OVERHEAD_BYTES = 1024 * 1024  # of boundaries, part headers and text fields around the files, generously
_DRAIN_FACTOR = 4  # times the limit: how much of a refused upload is read, so that its client gets the answer

_FORM = "multipart/form-data"

# RFC 7578 forbids this form of a file name, and the parser ignores it. Some HTTP clients send no other.
_EXTENDED_NAME = re.compile(rb';\s*filename\*\s*=\s*([^;"\\]+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Form:
    """The content of a form: files by field, never empty, and text fields."""

    files: dict[str, bytes]
    fields: dict[str, str]


Received = Callable[[int], Awaitable[None]]
"""Called with the size of each piece of the body. It may wait, or raise an error to refuse the upload."""


async def read_form(  # noqa: PLR0913, PLR0917 - the limits of a form
    request: Request,
    names: tuple[str, ...],
    options: Collection[str],
    max_bytes: int,
    formats: Sequence[Format],
    received: Received,
) -> Form:
    """Read a form. All files are required.

    Parameters
    ----------
    request
        A request whose body has not been read.
    names
        Form fields that contain files.
    options
        Text fields that are allowed.
    max_bytes
        Maximum size of each file.
    formats
        Accepted formats of files.
    received
        Called as bytes arrive.

    Raises
    ------
    ServiceError
        ``missing_file``, ``empty_file``, ``file_too_large``, ``unsupported_format``, ``unknown_field`` or
        ``invalid_request``, or an error of ``received``. The rest of the upload was then read, up to a limit.

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
    # Checked after the files: if the file is in a field of another name, the error names the missing field.
    if parser.unknown is not None:
        raise ServiceError("unknown_field", field=parser.unknown)
    return Form(files, {name: value for name, value in form.items() if isinstance(value, str)})


class _BoundedParser(MultiPartParser):
    """Starlette's parser, in memory only. It stops at the first byte that exceeds the size of a file.

    Attributes
    ----------
    unknown
        The first field that is neither a file nor an option, if there is one. Its content is not kept. An empty file
        input of a browser, without name and bytes, does not count.

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
            # The parser takes a part for a file if it has a file name. Put one before the name that it may have.
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
            raise ServiceError("invalid_request", field=part.field_name)  # two files in one field
        waiting = sum(len(chunk) for of, chunk in self._file_parts_to_write if of is part)
        if (part.file.size or 0) + waiting > self._max_bytes:
            raise ServiceError("file_too_large", field=part.field_name)

    def _is_known(self, part: MultipartPart) -> bool:
        return part.field_name in (self._options if part.file is None else self._names)

    def _refuse(self, part: MultipartPart) -> None:
        if self.unknown is None:
            self.unknown = part.field_name


async def _bounded(stream: AsyncGenerator[bytes, None], total: int, received: Received) -> AsyncGenerator[bytes, None]:
    """Yield the body up to a total size, independently of its ``Content-Length``."""
    seen = 0
    async for chunk in stream:
        await received(len(chunk))
        seen += len(chunk)
        if seen > total:
            raise ServiceError("file_too_large")
        yield chunk


async def _drain(stream: AsyncGenerator[bytes, None], limit: int) -> None:
    """Read and ignore the rest of a refused upload. Otherwise, a client that is still sending sees a broken pipe."""
    seen = 0
    async for chunk in stream:
        seen += len(chunk)
        if seen > limit:
            return


def _filled(form: FormData, name: str) -> UploadFile | None:
    """Return the file of a field; of several inputs of one name, the one that is not empty."""
    uploads = [part for part in form.getlist(name) if isinstance(part, UploadFile)]
    return max(uploads, key=lambda upload: (upload.size or 0, upload.filename or ""), default=None)


async def _content(name: str, upload: UploadFile | None, formats: Sequence[Format]) -> bytes:
    # If no file was chosen, browsers send a part without name and bytes.
    if upload is None or (not upload.filename and not upload.size):
        raise ServiceError("missing_file", field=name, detail=not_attached(formats))
    data = await upload.read()
    await upload.close()  # frees its copy of the data
    if not data:
        raise ServiceError("empty_file", field=name)
    if recognise(data) not in formats:
        raise ServiceError("unsupported_format", field=name, detail=refusal(data, formats))
    return data

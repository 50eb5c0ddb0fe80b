"""Documents to upload: a path, bytes, or an open file."""

import os
from pathlib import Path
from typing import IO

Document = str | os.PathLike[str] | bytes | IO[bytes]
"""Path of a file, its bytes, or an open binary file."""

Upload = tuple[str, bytes]
"""Name and bytes of a file."""


def read_upload(document: Document) -> Upload:
    """Read a document into memory, so that the client can send it again.

    Raises
    ------
    OSError
        The file cannot be read.

    """
    if isinstance(document, bytes):
        return "document", document
    if isinstance(document, str | os.PathLike):
        path = Path(document)
        return path.name, path.read_bytes()
    return Path(getattr(document, "name", "document")).name, document.read()

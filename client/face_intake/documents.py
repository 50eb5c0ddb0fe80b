"""What can be handed in as a document: a path, the bytes themselves, or an open file."""

import os
from pathlib import Path
from typing import IO

Document = str | os.PathLike[str] | bytes | IO[bytes]
"""A file's path, its bytes, or an open binary file."""

Upload = tuple[str, bytes]
"""A file's name and its bytes."""


def upload_of(document: Document) -> Upload:
    """Read a document; in memory, so that it can be sent again.

    Raises
    ------
    OSError
        It cannot be read.

    """
    if isinstance(document, bytes):
        return "document", document
    if isinstance(document, str | os.PathLike):
        path = Path(document)
        return path.name, path.read_bytes()
    return Path(getattr(document, "name", "document")).name, document.read()

"""Files in folders that a running service changes."""

import os
from pathlib import Path

from shared.settings import Settings


def files_in(folder: Path) -> set[Path]:
    """Return the files in a folder and its subfolders.

    A subfolder that is deleted meanwhile is left out. ``Path.rglob`` fails then before Python 3.13.
    """
    paths = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return {path for path in paths if path.is_file()}


def stored(settings: Settings) -> set[Path]:
    """Return the stored documents and results of a service with these settings."""
    return files_in(settings.data_dir / "blobs")

"""Files in folders that a running service changes."""

import os
from pathlib import Path


def files_in(folder: Path) -> set[Path]:
    """Return the files in a folder and its subfolders.

    A subfolder that is deleted meanwhile is left out. ``Path.rglob`` fails then before Python 3.13.
    """
    paths = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return {path for path in paths if path.is_file()}

"""A third kind of job, in two files: what a contributor adds to ``shared/job_kinds`` and ``worker/handlers``."""

import shutil
from pathlib import Path

from tests.support.servers import ROOT

HERE = Path(__file__).parent


def copy_service(folder: Path) -> Path:
    """Copy the service, add the two files of the kind, and return the folder of the copy."""
    without_caches = shutil.ignore_patterns("__pycache__")
    for package in ("api", "shared", "worker"):
        shutil.copytree(ROOT / package, folder / package, ignore=without_caches)
    shutil.copy(ROOT / "app.py", folder)
    shutil.copy(HERE / "declaration.py", folder / "shared" / "job_kinds" / "fingerprint_file.py")
    # Here the two files are next to each other, so that their types are checked.
    handler = (HERE / "handler.py").read_text().replace(f"{__name__}.declaration", "shared.job_kinds.fingerprint_file")
    (folder / "worker" / "handlers" / "fingerprint_file.py").write_text(handler)
    return folder

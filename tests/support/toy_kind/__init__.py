"""A third kind of job, in two files: what a contributor adds to ``shared/job_kinds`` and ``worker/handlers``."""

import shutil
from pathlib import Path

from tests.support.servers import ROOT

HERE = Path(__file__).parent


def service_with_toy_kind(folder: Path) -> Path:
    """Copy the service, add the kind of this package, and return the folder of the copy."""
    # Here the two files are next to each other, so that their types are checked.
    handler = (HERE / "handler.py").read_text().replace(f"{__name__}.declaration", "shared.job_kinds.fingerprint_file")
    return service_with_kind(folder, "fingerprint_file", (HERE / "declaration.py").read_text(), handler)


def service_with_kind(folder: Path, name: str, declaration: str, handler: str) -> Path:
    """Copy the service, add the two files of a kind, and return the folder of the copy."""
    without_caches = shutil.ignore_patterns("__pycache__")
    for package in ("api", "shared", "worker"):
        shutil.copytree(ROOT / package, folder / package, ignore=without_caches)
    shutil.copy(ROOT / "app.py", folder)
    (folder / "shared" / "job_kinds" / f"{name}.py").write_text(declaration)
    (folder / "worker" / "handlers" / f"{name}.py").write_text(handler)
    return folder

"""``python -m worker.housekeeping``: remove what is due from the object store, until told to stop. It needs no models.

Arguments are those of ``celery worker``.
"""

import sys

from shared.errors import SetupError
from shared.process import forbid_core_files
from shared.settings import get_settings
from worker.command import consume


def main() -> None:
    """Run the worker."""
    forbid_core_files()
    try:
        settings = get_settings()
        from worker.housekeeping.app import app  # noqa: PLC0415 - so that a failure is one line
    except SetupError as error:
        sys.exit(f"housekeeping: {error}")
    consume(app, settings.log_level, "--hostname=housekeeping@%h")


if __name__ == "__main__":
    main()

"""``python -m worker``: check the set-up in one line, then consume. Arguments are those of ``celery worker``."""

import sys

from shared.errors import SetupError
from shared.process import forbid_core_files
from shared.settings import get_settings
from worker.command import consume
from worker.encoders import verify_models
from worker.vision import ModelError


def main() -> None:
    """Verify the models, preparing them at the first start, and run the worker until it is told to stop."""
    forbid_core_files()
    try:
        settings = get_settings()
        verify_models(settings)
        from worker.app import app  # noqa: PLC0415 - after the check, so that its failure is one line
    except (ModelError, SetupError) as error:
        sys.exit(f"worker: {error}")
    consume(app, settings.log_level)


if __name__ == "__main__":
    main()

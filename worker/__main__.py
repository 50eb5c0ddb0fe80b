"""``python -m worker``: check the configuration, then consume jobs. The arguments are those of ``celery worker``."""

from celery import Celery

from shared.errors import SetupError
from shared.settings import Settings
from worker.command import run_program
from worker.encoders import verify_models
from worker.vision import ModelError


def load(settings: Settings) -> Celery:
    """Verify the models and return the application. The first start also prepares the models."""
    try:
        verify_models(settings)
        from worker.app import app  # noqa: PLC0415 - after the check, so that a failure is reported in one line
    except ModelError as error:
        raise SetupError(str(error)) from error
    return app


def main() -> None:
    """Run the worker."""
    run_program("worker", load)


if __name__ == "__main__":
    main()

"""``python -m worker.webhooks``: tell receivers, until told to stop. It needs no models.

Arguments are those of ``celery worker``.
"""

from celery import Celery

from shared.settings import Settings
from worker.command import run_program


def load(_: Settings) -> Celery:
    """Return the application; imported here, so that a mistake in the settings is one line."""
    from worker.webhooks.app import app  # noqa: PLC0415

    return app


def main() -> None:
    """Run the worker."""
    run_program("callbacks", load, "--hostname=callbacks@%h")


if __name__ == "__main__":
    main()

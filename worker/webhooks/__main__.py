"""``python -m worker.webhooks``: deliver webhooks. It needs no models.

The arguments are those of ``celery worker``.
"""

from celery import Celery

from shared.settings import Settings
from worker.command import run_program


def load(_: Settings) -> Celery:
    """Return the application. The import is here so that invalid settings are reported in one line."""
    from worker.webhooks.app import app  # noqa: PLC0415

    return app


def main() -> None:
    """Run the worker."""
    run_program("callbacks", load, "--hostname=callbacks@%h")


if __name__ == "__main__":
    main()

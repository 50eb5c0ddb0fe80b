"""How a worker program becomes Celery's ``worker`` command: our defaults, and then what the command line says."""

import sys
from collections.abc import Callable

import click
from celery import Celery

from shared.errors import SetupError
from shared.process import forbid_core_files
from shared.settings import Settings, get_settings


def run_program(name: str, load: Callable[[Settings], Celery], *options: str) -> None:
    """Check the set-up, and consume until told to stop.

    Parameters
    ----------
    name
        What a message that ends the start begins with.
    load
        Returns the application. If it raises :class:`shared.errors.SetupError`, the program ends with that one line.
    options
        Of Celery's ``worker``; what the command line adds overrides them.

    """
    forbid_core_files()
    try:
        settings = get_settings()
        app = load(settings)
    except SetupError as error:
        sys.exit(f"{name}: {error}")
    # Gossip and mingle are talk between workers that none of our features needs.
    defaults = ["--loglevel", settings.log_level, "--without-gossip", "--without-mingle", *options]
    try:
        app.worker_main(["--quiet", "worker", *defaults, *sys.argv[1:]])
    except click.ClickException as error:  # a mistake on the command line, in one line
        error.show()
        sys.exit(error.exit_code)

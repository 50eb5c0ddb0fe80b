"""How a worker program becomes Celery's ``worker`` command: our defaults, and then what the command line says."""

import sys
from collections.abc import Callable

import click
from celery import Celery
from celery.bin.base import CLIContext
from celery.bin.worker import worker

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
    # The subcommand itself: `app.worker_main` imports all the others, with a shell and all plug-ins, which takes 0.4 s
    # of a core at each start.
    context = CLIContext(app, no_color=False, workdir=None, quiet=True)
    try:
        sys.exit(worker.main([*defaults, *sys.argv[1:]], prog_name=name, standalone_mode=False, obj=context))
    except click.ClickException as error:  # a mistake on the command line, in one line
        error.show()
        sys.exit(error.exit_code)

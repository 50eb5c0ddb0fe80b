"""Runs a worker program as Celery's ``worker`` command, with the project's defaults before the command line."""

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
    """Check the configuration and consume until the process is stopped.

    Parameters
    ----------
    name
        Prefix of the message when the start fails.
    load
        Returns the application. A :class:`shared.errors.SetupError` ends the program with its message in one line.
    options
        Options of Celery's ``worker`` command. The command line overrides them.

    """
    forbid_core_files()
    try:
        settings = get_settings()
        app = load(settings)
    except SetupError as error:
        sys.exit(f"{name}: {error}")
    # No feature needs gossip and mingle, the messages between workers.
    defaults = ["--loglevel", settings.log_level, "--without-gossip", "--without-mingle", *options]
    # Call the subcommand directly: `app.worker_main` imports all other subcommands, a shell and all plug-ins, which
    # takes 0.4 s of a core at each start.
    context = CLIContext(app, no_color=False, workdir=None, quiet=True)
    try:
        sys.exit(worker.main([*defaults, *sys.argv[1:]], prog_name=name, standalone_mode=False, obj=context))
    except click.ClickException as error:  # report a mistake on the command line in one line
        error.show()
        sys.exit(error.exit_code)

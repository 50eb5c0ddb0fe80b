"""How a worker program becomes Celery's ``worker`` command: our defaults, and then what the command line says."""

import sys

import click
from celery import Celery


def consume(app: Celery, log_level: str, *options: str) -> None:
    """Consume until told to stop. What the command line adds overrides the options given here."""
    # Gossip and mingle are talk between workers that none of our features needs.
    defaults = ["--loglevel", log_level, "--without-gossip", "--without-mingle", *options]
    try:
        app.worker_main(["--quiet", "worker", *defaults, *sys.argv[1:]])
    except click.ClickException as error:  # a mistake on the command line, in one line
        error.show()
        sys.exit(error.exit_code)

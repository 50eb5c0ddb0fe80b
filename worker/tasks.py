"""The one task: thin, it hands a job's id to this process's runner."""

from celery import Celery

from shared.queue import TASK
from worker.runner import JobRunner

_runner: JobRunner | None = None


def use(runner: JobRunner) -> None:
    """Set the runner of this process; models are loaded once a process, not once a task."""
    global _runner  # noqa: PLW0603 - a pool process is the scope that Celery gives us
    _runner = runner


def register(app: Celery) -> None:
    """Add the task to an application."""
    app.task(name=TASK)(run)


def run(job_id: str) -> None:
    """Run the job of this id, if it waits."""
    if _runner is None:
        raise RuntimeError("this process has not loaded its models")
    _runner.run(job_id)

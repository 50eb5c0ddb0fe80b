"""A thread of a worker's main process: renews the leases of its jobs, runs the reaper, and watches the consumer.

It is the main process that renews, not the one that works: a library that hangs holds Python's global lock and would
stop a thread of its own process, so that the job would be given to another worker, and hang that one too. And it is a
thread, not the consumer's event loop, so that leases are renewed while the consumer reconnects to Redis, and while the
worker finishes its last jobs before it stops.
"""

import sys
import threading
from collections.abc import Callable

from celery import bootsteps
from celery.platforms import EX_FAILURE
from celery.worker import WorkController, state
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from shared.errors import SetupError
from shared.eviction import refuse_eviction
from shared.jobs import Execution
from shared.jobs.recovery import REAPER_INTERVAL
from shared.logs import get_logger
from shared.queue import RUN_TASK
from worker.supervision.reaper import Reaper
from worker.supervision.request import holder
from worker.supervision.watchdog import Watchdog

log = get_logger(__name__)

_RENEWALS = 4  # in one lease, so that three may fail


def supervision_step(
    redis_url: str,
    reaper: Reaper,
    watchdog: Watchdog,
    execution: Execution | None = None,
    serve_metrics: Callable[[], None] = lambda: None,
) -> type[bootsteps.StartStopStep]:
    """Return the step that starts the thread, and the server of metrics; both end with the worker.

    Parameters
    ----------
    execution
        Where leases are renewed; None for a worker that runs no jobs.

    """

    class Supervision(bootsteps.StartStopStep):
        """Ends the worker in one line, before anything is started, if Redis may evict jobs."""

        # After the pool's first processes have been forked: threads do not survive a fork.
        requires = ("celery.worker.components:Pool",)

        def create(self, parent: WorkController) -> None:  # noqa: ARG002 - the step's signature
            try:
                refuse_eviction(redis_url)
            except SetupError as error:
                sys.exit(f"worker: {error}")

        def start(self, parent: WorkController) -> None:  # noqa: ARG002 - the step's signature
            serve_metrics()
            arguments = reaper, watchdog, execution
            threading.Thread(target=_supervise, args=arguments, name="supervision", daemon=True).start()

        def stop(self, parent: WorkController) -> None:
            """Go on: the pool may still be at its last jobs."""
            if parent.exitcode == EX_FAILURE:
                watchdog.fail()

    return Supervision


def _supervise(reaper: Reaper, watchdog: Watchdog, execution: Execution | None) -> None:
    watchdog.reset()  # the pool has only now been filled
    pause = min(REAPER_INTERVAL, execution.lease / _RENEWALS) if execution else REAPER_INTERVAL
    tick = threading.Event()
    while not tick.wait(pause):
        try:
            if execution:
                execution.renew(_holders())
            reaper.run_if_due()
        except (RedisError, OperationalError) as error:
            log.warning("leases not renewed", error=str(error))
            watchdog.reset()  # without Redis the consumer may be silent
        except Exception:
            log.exception("supervision failed")  # it must live as long as the worker does
        watchdog.end_if_stuck()


def _holders() -> list[tuple[str, str]]:
    """Return the jobs that this worker's processes run: the id of each, and the name of the process that holds it."""
    while True:
        try:
            active = [request for request in state.active_requests if request.name == RUN_TASK]
        except RuntimeError:  # the consumer's thread changed the set meanwhile
            continue
        return [(request.id, holder(request.hostname, request.worker_pid)) for request in active]

"""Bootstep that starts two threads in a worker's main process: lease renewal with the watchdog, and the reaper.

The main process renews leases, not the pool process that runs the job. A library that hangs holds Python's global lock,
so a thread of the pool process could not renew the lease; the job would go to another worker and hang that one too.

A thread renews leases, not the consumer's event loop, because renewal must continue while the consumer reconnects to
Redis and while a stopping worker finishes its last jobs. The reaper has its own thread because a run can take long.
"""

import sys
import threading
import time
from collections.abc import Callable

from celery import bootsteps
from celery.platforms import EX_FAILURE
from celery.worker import WorkController, state
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

from shared.errors import SetupError
from shared.jobs import Execution
from shared.jobs.holders import process_name
from shared.jobs.recovery import REAPER_INTERVAL
from shared.logs import get_logger
from shared.queue import RUN_TASK
from shared.redis.eviction import refuse_eviction
from worker.supervision.reaper import Reaper
from worker.supervision.watchdog import Watchdog

log = get_logger(__name__)

_RENEWALS_PER_LEASE = 4  # so that three may fail

_MAX_INTERVAL = 2.0  # seconds between two checks of the consumer and of Redis


def supervision_step(
    redis: Redis,
    reaper: Reaper,
    watchdog: Watchdog,
    execution: Execution | None = None,
    serve_metrics: Callable[[], None] = lambda: None,
) -> type[bootsteps.StartStopStep]:
    """Return the bootstep that starts the threads and the metrics server. They end with the worker.

    Parameters
    ----------
    redis
        A client that decodes responses and has a short timeout.
    execution
        Renews leases; None for a worker that runs no jobs.
    serve_metrics
        Starts the metrics server.

    """

    class Supervision(bootsteps.StartStopStep):
        """Waits for Redis before the worker starts. Ends the worker with one line if Redis may evict jobs."""

        # Start after the first pool processes are forked, because threads do not survive a fork.
        requires = ("celery.worker.components:Pool",)

        def create(self, parent: WorkController) -> None:  # noqa: ARG002 - Celery's signature
            while True:
                try:
                    return refuse_eviction(redis)
                except SetupError as error:
                    sys.exit(f"worker: {error}")
                except RedisError as error:
                    log.warning("waiting for Redis", error=str(error))
                    time.sleep(_MAX_INTERVAL)

        def start(self, parent: WorkController) -> None:  # noqa: ARG002 - Celery's signature
            serve_metrics()
            watchdog.reset()  # starting the pool took time
            threading.Thread(
                target=_renew_and_watch, args=(redis, watchdog, execution), name="supervision", daemon=True
            ).start()
            threading.Thread(target=_run_reaper, args=(reaper,), name="reaper", daemon=True).start()

        def stop(self, parent: WorkController) -> None:
            """Keep the threads running, because the pool may still be finishing its last jobs."""
            if parent.exitcode == EX_FAILURE:
                watchdog.fail()

    return Supervision


def _renew_and_watch(redis: Redis, watchdog: Watchdog, execution: Execution | None) -> None:
    interval = min(_MAX_INTERVAL, execution.lease / _RENEWALS_PER_LEASE) if execution else _MAX_INTERVAL
    while True:
        time.sleep(interval)
        try:
            redis.ping()
            if execution:
                execution.renew(_running_jobs())
        except RedisError as error:
            log.warning("leases not renewed", error=str(error))
            watchdog.reset()  # the consumer cannot give heartbeats without Redis
        except Exception:
            log.exception("supervision failed")  # the thread must continue as long as the worker
        watchdog.end_if_stuck()


def _run_reaper(reaper: Reaper) -> None:
    while True:
        time.sleep(REAPER_INTERVAL)
        try:
            reaper.run_if_due()
        except (RedisError, OperationalError) as error:
            log.warning("reaper interrupted; the next run continues", error=str(error))
        except Exception:
            log.exception("reaper failed")  # the thread must continue as long as the worker


def _running_jobs() -> list[tuple[str, str]]:
    """Return the id of each job that this worker runs, with the name of the pool process that runs it."""
    while True:
        try:
            active = [request for request in state.active_requests if request.name == RUN_TASK]
        except RuntimeError:  # the consumer's thread changed the set during the iteration
            continue
        return [(request.id, process_name(request.hostname, request.worker_pid)) for request in active]

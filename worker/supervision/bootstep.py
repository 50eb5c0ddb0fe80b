"""Two threads of a worker's main process: one renews leases and watches the consumer, one is the reaper.

It is the main process that renews, not the one that works: a library that hangs holds Python's global lock and would
stop a thread of its own process, so that the job would be given to another worker, and hang that one too. And it is a
thread, not the consumer's event loop, so that leases are renewed while the consumer reconnects to Redis, and while the
worker finishes its last jobs before it stops. The reaper has a thread of its own, since it may have much to do.
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
from shared.jobs.recovery import REAPER_INTERVAL
from shared.logs import get_logger
from shared.queue import RUN_TASK
from shared.redis.eviction import refuse_eviction
from worker.supervision.job_request import holder
from worker.supervision.reaper import Reaper
from worker.supervision.watchdog import Watchdog

log = get_logger(__name__)

_RENEWALS = 4  # in one lease, so that three may fail

_LONGEST_TICK = 2.0  # seconds between two looks at the consumer, and at Redis


def supervision_step(
    redis: Redis,
    reaper: Reaper,
    watchdog: Watchdog,
    execution: Execution | None = None,
    serve_metrics: Callable[[], None] = lambda: None,
) -> type[bootsteps.StartStopStep]:
    """Return the step that starts the threads, and the server of metrics; all end with the worker.

    Parameters
    ----------
    redis
        A client that decodes responses and soon gives up.
    execution
        Where leases are renewed; None for a worker that runs no jobs.

    """

    class Supervision(bootsteps.StartStopStep):
        """Waits for Redis; ends the worker in one line, before anything is started, if it may evict jobs."""

        # After the pool's first processes have been forked: threads do not survive a fork.
        requires = ("celery.worker.components:Pool",)

        def create(self, parent: WorkController) -> None:  # noqa: ARG002 - the step's signature
            while True:
                try:
                    return refuse_eviction(redis)
                except SetupError as error:
                    sys.exit(f"worker: {error}")
                except RedisError as error:
                    log.warning("Redis does not answer yet", error=str(error))
                    time.sleep(_LONGEST_TICK)

        def start(self, parent: WorkController) -> None:  # noqa: ARG002 - the step's signature
            serve_metrics()
            watchdog.reset()  # the pool has only now been filled
            threading.Thread(target=_watch, args=(redis, watchdog, execution), name="supervision", daemon=True).start()
            threading.Thread(target=_reap, args=(reaper,), name="reaper", daemon=True).start()

        def stop(self, parent: WorkController) -> None:
            """Go on: the pool may still be at its last jobs."""
            if parent.exitcode == EX_FAILURE:
                watchdog.fail()

    return Supervision


def _watch(redis: Redis, watchdog: Watchdog, execution: Execution | None) -> None:
    pause = min(_LONGEST_TICK, execution.lease / _RENEWALS) if execution else _LONGEST_TICK
    while True:
        time.sleep(pause)
        try:
            redis.ping()
            if execution:
                execution.renew(_holders())
        except RedisError as error:
            log.warning("leases not renewed", error=str(error))
            watchdog.reset()  # without Redis the consumer may be silent
        except Exception:
            log.exception("supervision failed")  # it must live as long as the worker does
        watchdog.end_if_stuck()


def _reap(reaper: Reaper) -> None:
    while True:
        time.sleep(REAPER_INTERVAL)
        try:
            reaper.run_if_due()
        except (RedisError, OperationalError) as error:
            log.warning("reaper stopped half-way; the next run goes on", error=str(error))
        except Exception:
            log.exception("reaper failed")  # it must live as long as the worker does


def _holders() -> list[tuple[str, str]]:
    """Return the jobs that this worker's processes run: the id of each, and the name of the process that holds it."""
    while True:
        try:
            active = [request for request in state.active_requests if request.name == RUN_TASK]
        except RuntimeError:  # the consumer's thread changed the set meanwhile
            continue
        return [(request.id, holder(request.hostname, request.worker_pid)) for request in active]

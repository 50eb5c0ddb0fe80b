"""A thread of the worker's main process that keeps the leases of its jobs, and sweeps when it is this worker's turn.

It also ends the worker if its consumer is stuck.

It is the main process that renews, not the one that works: a library that hangs holds Python's global lock and would
keep a thread of its own process from running, so that the job would be given to another worker, and hang that, too. And
it is a thread, not the consumer's event loop, so that leases are kept while the consumer reconnects to Redis, and while
the worker finishes its last jobs before it stops.
"""

import threading

from celery import Celery, bootsteps
from celery.platforms import EX_FAILURE
from celery.worker import WorkController, state
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from shared.jobs import Execution, Recovery
from shared.jobs.recovery import SWEEP_EVERY
from shared.logs import get_logger
from shared.queue import RUN_TASK
from worker import metrics
from worker.heart import Heart
from worker.sweep import sweep

log = get_logger(__name__)

_RENEWALS = 4  # in one lease, so that three may fail


def keeper_step(
    app: Celery, execution: Execution, recovery: Recovery, heart: Heart, metrics_port: int
) -> type[bootsteps.StartStopStep]:
    """Return the step of the worker that starts the thread, and another that serves figures; they end with it."""

    class Keeper(bootsteps.StartStopStep):
        # After the pool's first processes have been forked: threads do not survive a fork.
        requires = ("celery.worker.components:Pool",)

        def start(self, parent: WorkController) -> None:  # noqa: ARG002 - the step's signature
            if metrics_port:
                metrics.serve(metrics_port)
            threading.Thread(target=_keep, args=(app, execution, recovery, heart), name="keeper", daemon=True).start()

        def stop(self, parent: WorkController) -> None:
            """Go on: the pool may still be at its last jobs."""
            if parent.exitcode == EX_FAILURE:
                heart.lose_patience()

    return Keeper


def _keep(app: Celery, execution: Execution, recovery: Recovery, heart: Heart) -> None:
    heart.beat()  # the pool has only now been filled
    pause = min(SWEEP_EVERY, execution.lease / _RENEWALS)
    tick = threading.Event()
    while not tick.wait(pause):
        try:
            execution.renew(holders())
            if recovery.sweep_turn():
                sweep(app, recovery)
        except (RedisError, OperationalError) as error:
            log.warning("leases not kept", error=str(error))
            heart.beat()  # without Redis the consumer may be silent
        except Exception:
            log.exception("keeper stumbled")  # it must live as long as the worker does
        heart.end_if_stuck()


def holders() -> list[str]:
    """Return the names of the messages that this worker's processes are at."""
    while True:
        try:
            return [request.id for request in state.active_requests if request.name == RUN_TASK]
        except RuntimeError:  # the consumer's thread changed the set meanwhile
            continue

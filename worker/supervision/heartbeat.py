"""A step of Celery's consumer that gives a heartbeat, so that others know that this worker consumes.

It runs in the consumer's own event loop, after the step that subscribes to the queues: a worker whose connection or
loop is stuck falls silent, which is what the health check must see.
"""

from collections.abc import Callable
from typing import Any

from celery import bootsteps
from celery.worker.consumer import Consumer
from redis import Redis
from redis.exceptions import RedisError

from shared.jobs import Workers
from shared.jobs.statistics.workers import HEARTBEAT_INTERVAL
from shared.logs import get_logger
from worker.healthcheck import heartbeat_file, note_heartbeat
from worker.supervision.watchdog import Watchdog

log = get_logger(__name__)


def heartbeat_step(
    redis: Redis, watchdog: Watchdog, workers: Workers | None = None, is_confined: Callable[[], bool] = lambda: True
) -> type[bootsteps.StartStopStep]:
    """Return the step, bound to this process's watchdog.

    Parameters
    ----------
    redis
        A client that soon gives up.
    watchdog
        What ends this worker if it falls silent.
    workers
        Where it is noted that this worker runs jobs; None for a worker that runs none.
    is_confined
        Whether the processes of this worker that read documents are confined.

    """

    class Heartbeat(bootsteps.StartStopStep):
        requires = ("celery.worker.consumer.tasks:Tasks",)
        timer: Any = None

        def start(self, parent: Consumer) -> None:
            self.beat(parent.hostname)
            self.timer = parent.timer.call_repeatedly(HEARTBEAT_INTERVAL, self.beat, (parent.hostname,))

        def stop(self, parent: Consumer) -> None:  # noqa: ARG002 - the step's signature
            if self.timer is not None:
                self.timer.cancel()
                self.timer = None

        def shutdown(self, parent: Consumer) -> None:
            self.stop(parent)
            heartbeat_file(_program(parent.hostname)).unlink(missing_ok=True)
            try:
                if workers:
                    workers.remove(parent.hostname)
            except RedisError as error:
                log.warning("worker left without a note", error=str(error))

        def beat(self, worker: str) -> None:
            watchdog.reset()
            try:
                if workers:
                    workers.heartbeat(worker, confined=is_confined())
                else:
                    redis.ping()
                note_heartbeat(_program(worker))
            except Exception as error:  # noqa: BLE001 - the next heartbeat tries again; the loop must live
                log.warning("no heartbeat", error=str(error))

    return Heartbeat


def _program(worker: str) -> str:
    """Return the first half of a node's name: ``celery@host``."""
    return worker.partition("@")[0]

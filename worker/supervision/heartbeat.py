"""Heartbeat: a bootstep of Celery's consumer that reports that this worker consumes messages.

The heartbeat runs in the consumer's own event loop, after the bootstep that subscribes to the queues. If the connection
or the loop is stuck, the heartbeat stops, and the health check reports the worker.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from celery import bootsteps
from celery.worker.consumer import Consumer
from redis import Redis
from redis.exceptions import RedisError

from shared.jobs import WorkerReport, Workers
from shared.jobs.statistics.workers import HEARTBEAT_INTERVAL
from shared.logs import get_logger
from worker.healthcheck import heartbeat_file, touch_heartbeat
from worker.supervision.watchdog import Watchdog

log = get_logger(__name__)


def heartbeat_step(
    redis: Redis, watchdog: Watchdog, workers: Workers | None = None, is_confined: Callable[[], bool] = lambda: True
) -> type[bootsteps.StartStopStep]:
    """Return the bootstep, bound to this process's watchdog.

    Parameters
    ----------
    redis
        A client with a short timeout.
    watchdog
        Ends this worker if the heartbeat stops.
    workers
        The registry of job workers; None for a worker that runs no jobs.
    is_confined
        Whether this worker's pool processes run in the sandbox.

    """

    class Heartbeat(bootsteps.StartStopStep):
        requires = ("celery.worker.consumer.tasks:Tasks",)
        timer: Any = None

        def start(self, parent: Consumer) -> None:
            self.beat(parent)
            self.timer = parent.timer.call_repeatedly(HEARTBEAT_INTERVAL, self.beat, (parent,))

        def stop(self, parent: Consumer) -> None:  # noqa: ARG002 - Celery's signature
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
                log.warning("worker not removed from the registry", error=str(error))

        def beat(self, parent: Consumer) -> None:
            watchdog.reset()
            try:
                if workers:
                    workers.heartbeat(parent.hostname, _report(parent), confined=is_confined())
                else:
                    redis.ping()
                touch_heartbeat(_program(parent.hostname))
            except Exception as error:  # noqa: BLE001 - the loop must continue; the next heartbeat tries again
                log.warning("heartbeat failed", error=str(error))

    return Heartbeat


def _report(consumer: Any) -> WorkerReport:  # noqa: ANN401 - Celery's annotations are incomplete
    """Return what the worker reports about itself now; ``celery control`` can change its queues and processes."""
    uptime = datetime.now(UTC) - consumer.controller.startup_time
    queues = [queue.name for queue in consumer.task_consumer.queues]
    return WorkerReport(queues, consumer.pool.num_processes, uptime.total_seconds())


def _program(worker: str) -> str:
    """Return the part of a node name before the ``@``, as in ``celery@host``."""
    return worker.partition("@")[0]

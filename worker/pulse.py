"""A step of Celery's consumer that says that this worker consumes, and sweeps when it is this worker's turn.

It runs in the consumer's own event loop, after the step that subscribes to the queues: a worker whose connection or
loop is stuck falls silent, which is what the health check must see.
"""

from typing import Any

from celery import Celery, bootsteps
from celery.worker.consumer import Consumer
from redis.exceptions import RedisError

from shared.blobs import BlobStore
from shared.connections import pulse_redis
from shared.jobs import Execution
from shared.jobs.pulse import PULSE_INTERVAL
from shared.logs import get_logger
from shared.settings import Settings
from worker.sweep import sweep

log = get_logger(__name__)

_SWEEP_EVERY = 5  # seconds, among all workers together


def pulse_step(app: Celery, settings: Settings, redis_url: str) -> type[bootsteps.StartStopStep]:
    """Return the step, bound to this application."""
    execution = Execution.configured(pulse_redis(redis_url), settings)
    blobs = BlobStore(settings.blobs_url)

    class Pulse(bootsteps.StartStopStep):
        requires = ("celery.worker.consumer.tasks:Tasks",)
        timer: Any = None

        def start(self, parent: Consumer) -> None:
            self.beat(parent.hostname)
            self.timer = parent.timer.call_repeatedly(PULSE_INTERVAL, self.beat, (parent.hostname,))

        def stop(self, parent: Consumer) -> None:  # noqa: ARG002 - the step's signature
            if self.timer is not None:
                self.timer.cancel()
                self.timer = None

        def shutdown(self, parent: Consumer) -> None:
            self.stop(parent)
            try:
                execution.leave(parent.hostname)
            except RedisError as error:
                log.warning("leaving unannounced", error=str(error))

        def beat(self, worker: str) -> None:
            try:
                execution.pulse(worker)
                if execution.sweep_turn(_SWEEP_EVERY):
                    sweep(app, execution, blobs)
            except Exception as error:  # noqa: BLE001 - the next beat tries again; the loop must live
                log.warning("no pulse", error=str(error))

    return Pulse

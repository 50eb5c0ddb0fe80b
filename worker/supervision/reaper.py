"""The reaper: queues lost jobs again, publishes messages that were lost or are due, and completes the audit log."""

from celery import Celery
from redis import Redis

from shared import audit, queue
from shared.jobs import Callbacks, Cleaning, Ends, Keys, Recovery
from shared.logs import get_logger, reason
from shared.settings import Settings

log = get_logger(__name__)


class Reaper:
    """Runs in every worker, in one at a time.

    Parameters
    ----------
    app
        Where messages are published.
    redis
        A client that decodes responses.

    """

    def __init__(self, app: Celery, redis: Redis, settings: Settings) -> None:
        self._app = app
        self._recovery = Recovery.configured(redis, settings)
        self._callbacks = Callbacks(redis, Keys(settings.redis_namespace))
        self._cleaning = Cleaning.configured(redis, settings)
        self._ends = Ends(redis, Keys(settings.redis_namespace))

    def run_if_due(self) -> None:
        """Run, if no worker has in the last seconds.

        Each step is decided in the records: it does no harm if two workers run it at once, or if one stops half-way.

        Raises
        ------
        redis.exceptions.RedisError, kombu.exceptions.OperationalError
            Redis went away; the next run goes on.

        """
        if not self._recovery.turn():
            return
        recovered = self._recovery.recover()
        # Published at once, and not only then looked for among the lost.
        self._publish(recovered)
        lost = self._recovery.lost({name: queue.queue_length(self._app, name) for name in queue.QUEUES})
        self._publish(lost)
        if recovered or lost:
            log.warning("jobs published again", recovered=len(recovered), messages_lost=len(lost))
        self._publish_callbacks()
        self._write_ends()
        # One message is enough, however long no worker takes it.
        if self._cleaning.is_due() and queue.queue_length(self._app, queue.HOUSEKEEPING) == 0:
            queue.publish_cleaning(self._app)

    def _write_ends(self) -> None:
        """Write into the audit log which jobs have ended; what cannot be written now is written later."""
        try:
            while ends := self._ends.unwritten():
                for end in ends:
                    audit.record_end(end)
                self._ends.written(ends)
        except OSError as error:
            log.error("audit log not written", error=reason(error))  # noqa: TRY400 - it is tried again

    def _publish(self, jobs: dict[str, str]) -> None:
        for job_id, name in jobs.items():
            queue.publish(self._app, job_id, name)

    def _publish_callbacks(self) -> None:
        empty = queue.queue_length(self._app, queue.CALLBACKS) == 0
        for job_id in self._callbacks.due(queue_is_empty=empty):
            if self._callbacks.publishing(job_id):
                queue.publish_callback(self._app, job_id)

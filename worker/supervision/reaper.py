"""The reaper: queues lost jobs again, publishes messages that were lost or are due, and completes the audit log."""

from celery import Celery
from redis import Redis

from shared import audit, queue
from shared.jobs import AuditOutbox, Cleanup, Recovery, RedisKeys, Webhooks
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
        self._recovery = Recovery.from_settings(redis, settings)
        self._callbacks = Webhooks(redis, RedisKeys(settings.redis_namespace))
        self._cleaning = Cleanup.from_settings(redis, settings)
        self._ends = AuditOutbox(redis, RedisKeys(settings.redis_namespace))

    def run_if_due(self) -> None:
        """Run, if no worker has in the last seconds.

        Each step is decided in the records: it does no harm if two workers run it at once, or if one stops half-way.

        Raises
        ------
        redis.exceptions.RedisError, kombu.exceptions.OperationalError
            Redis went away; the next run goes on.

        """
        if not self._recovery.acquire_run():
            return
        recovered = self._recovery.recover()
        # Published at once, and not only then looked for among the lost.
        self._publish(recovered)
        lost = self._recovery.republish_lost({name: queue.queue_length(self._app, name) for name in queue.QUEUES})
        self._publish(lost)
        if recovered or lost:
            log.warning("jobs published again", recovered=len(recovered), messages_lost=len(lost))
        self._publish_callbacks()
        self._write_ends()
        # One message is enough, however long no worker takes it.
        if self._cleaning.is_due() and queue.queue_length(self._app, queue.HOUSEKEEPING) == 0:
            queue.publish_cleanup(self._app)

    def _write_ends(self) -> None:
        """Write into the audit log which jobs have ended; what cannot be written now is written later."""
        try:
            while ends := self._ends.pending():
                for end in ends:
                    audit.append("end", end.outcome, end.audit_fields)
                self._ends.remove(ends)
        except OSError as error:
            log.error("audit log not written", error=reason(error))  # noqa: TRY400 - it is tried again

    def _publish(self, jobs: dict[str, str]) -> None:
        for job_id, name in jobs.items():
            queue.publish(self._app, job_id, name)

    def _publish_callbacks(self) -> None:
        empty = queue.queue_length(self._app, queue.CALLBACKS) == 0
        for job_id in self._callbacks.due(queue_is_empty=empty):
            if self._callbacks.mark_published(job_id):
                queue.publish_webhook(self._app, job_id)

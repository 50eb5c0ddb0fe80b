"""The reaper: requeues lost jobs, publishes lost and due messages again, and completes the audit log."""

from celery import Celery
from redis import Redis

from shared import audit, queue
from shared.jobs import AuditOutbox, Cleanup, Recovery, RedisKeys, Webhooks
from shared.logs import get_logger, reason
from shared.settings import Settings

log = get_logger(__name__)


class Reaper:
    """Recovers jobs and messages. Every worker has a reaper; a lock in Redis lets one run at a time.

    Parameters
    ----------
    app
        Publishes the messages.
    redis
        A client that decodes responses.

    """

    def __init__(self, app: Celery, redis: Redis, settings: Settings) -> None:
        self._app = app
        self._recovery = Recovery.from_settings(redis, settings)
        self._webhooks = Webhooks(redis, RedisKeys(settings.redis_namespace))
        self._cleanup = Cleanup.from_settings(redis, settings)
        self._audit_outbox = AuditOutbox(redis, RedisKeys(settings.redis_namespace))

    def run_if_due(self) -> None:
        """Run, unless a worker has run the reaper in the last few seconds.

        Each step decides by the job records. Two concurrent runs, or a run that stops half-way, do no harm.

        Raises
        ------
        redis.exceptions.RedisError, kombu.exceptions.OperationalError
            Redis is unavailable. The next run continues.

        """
        if not self._recovery.acquire_run():
            return
        recovered = self._recovery.recover()
        # Publish recovered jobs at once instead of leaving them to the search for lost messages.
        self._publish(recovered)
        lost = self._recovery.republish_lost({name: queue.queue_length(self._app, name) for name in queue.QUEUES})
        self._publish(lost)
        if recovered or lost:
            log.warning("jobs published again", recovered=len(recovered), messages_lost=len(lost))
        self._publish_webhooks()
        self._write_audit_log()
        # One message in the queue is enough, even if no worker receives it for a long time.
        if self._cleanup.is_due() and queue.queue_length(self._app, queue.HOUSEKEEPING) == 0:
            queue.publish_cleanup(self._app)

    def _write_audit_log(self) -> None:
        """Write the ended jobs to the audit log. Entries that cannot be written now are written later."""
        try:
            while ends := self._audit_outbox.pending():
                for end in ends:
                    audit.append("end", end.outcome, end.audit_fields)
                self._audit_outbox.remove(ends)
        except OSError as error:
            log.error("audit log not written", error=reason(error))  # noqa: TRY400 - the next run retries

    def _publish(self, jobs: dict[str, str]) -> None:
        for job_id, name in jobs.items():
            queue.publish(self._app, job_id, name)

    def _publish_webhooks(self) -> None:
        empty = queue.queue_length(self._app, queue.CALLBACKS) == 0
        for job_id in self._webhooks.due(queue_is_empty=empty):
            if self._webhooks.mark_published(job_id):
                queue.publish_webhook(self._app, job_id)

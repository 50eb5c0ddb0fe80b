"""Names of all keys and channels in Redis: one prefix with one hash tag, so that several systems can share a server.

A hash tag (the braces) keeps all keys in one slot of a Redis Cluster:
https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
"""

from redis import Redis

from shared.queue import BULK, INTERACTIVE

NAMESPACE = "nsfas"


class RedisKeys:
    """The keys and channels of one system.

    ``job:ID``
        Hash. The record of a job. ``token`` identifies the attempt that may end the job.
    ``jobs:waiting:QUEUE``
        Sorted set. Ids of queued jobs by the time at which their message was published to that queue.
    ``jobs:started``
        Hash by queue. Publication time of the most recently published job that has been started, among jobs that were
        published once.
    ``jobs:running``, ``jobs:postponed``
        Sorted sets. Ids by the time at which the lease expires, and by the time of the next attempt.
    ``jobs:cancelled``
        Sorted set. Ids of cancelled jobs whose message has not been received yet, by the time of its publication.
    ``batch:NAME``, ``batch:NAME:queued``, ``batch:NAME:ended``
        Counts of a batch by status (hash); its queued ids (set); its ended ids in the order in which they ended (sorted
        set).
    ``idempotency:KEY``
        String. Fingerprint of the request, and id of its job.
    ``quota:OWNER:SECONDS``
        String. Jobs that an owner has created in the current period of this many seconds. Its time to live is the rest
        of the period.
    ``callback:ID``
        Hash. The webhook of a job that has ended.
    ``callbacks:due``, ``callbacks:published``
        Sorted sets. Ids by the time of the next attempt, and, once its message is published, by the publication time.
    ``audit:ended``
        Sorted set. Entries for the audit log about jobs that have ended (JSON), by the time of the end.
    ``blobs:expiring``
        Sorted set. Paths in the object store by the time at which they are removed.
    ``totals``, ``rates``
        Hashes. Counts since the start, see :class:`shared.jobs.statistics.totals.Totals`; and counts of the last hour
        in time slices of ten seconds, with fields ``N:NAME``, see :mod:`shared.jobs.statistics.history`.
    ``workers``
        Sorted set. Names of the workers that run jobs, by the time of their last heartbeat.
    ``workers:unconfined``
        Sorted set. The same for workers that do not sandbox the processes that read documents.
    ``worker:NAME``
        String. What a worker reports about itself (JSON), see
        :class:`shared.jobs.statistics.workers.WorkerReport`. Expires after its last heartbeat.
    ``jobs:failures``
        Hash by error code. The last failed jobs (JSON), newest first, see
        :mod:`shared.jobs.statistics.failures`. Expires a day after the last failure.
    ``reaper``, ``storage:requested``, ``storage:orphans``, ``storage:cursor``
        Strings. Interval lock of the reaper; interval lock of the request for storage cleanup; interval lock of the
        orphan scan, and its position.
    ``jobs:moved``, ``jobs:ended``
        Channels. The id of each job that is started or queued again, and of each job that ends.
    """

    def __init__(self, namespace: str = NAMESPACE) -> None:
        self._prefix = f"{{{namespace}}}:"
        self.started, self.running, self.postponed, self.cancelled = (
            self.name(f"jobs:{name}") for name in ("started", "running", "postponed", "cancelled")
        )
        self.webhooks_due, self.webhooks_published = self.name("callbacks:due"), self.name("callbacks:published")
        self.audit = self.name("audit:ended")
        self.expiring = self.name("blobs:expiring")
        self.totals, self.rates = self.name("totals"), self.name("rates")
        self.workers, self.unconfined = self.name("workers"), self.name("workers:unconfined")
        self.failures = self.name("jobs:failures")
        self.moved, self.ended = self.name("jobs:moved"), self.name("jobs:ended")

    def name(self, name: str) -> str:
        """Return the full name of a key or channel."""
        return self._prefix + name

    def job(self, job_id: str) -> str:
        return self.name(f"job:{job_id}")

    def worker(self, name: str) -> str:
        return self.name(f"worker:{name}")

    def waiting(self, queue: str) -> str:
        return self.name(f"jobs:waiting:{queue}")

    def batch(self, name: str) -> str:
        return self.name(f"batch:{name}")

    def webhook(self, job_id: str) -> str:
        return self.name(f"callback:{job_id}")

    def idempotency(self, key: str) -> str:
        return self.name(f"idempotency:{key}")

    def quota(self, owner: str, seconds: int) -> str:
        return self.name(f"quota:{owner}:{seconds}")

    def of_job(self, job_id: str, batch: str | None = None) -> list[str]:
        """Return the ``KEYS`` of the scripts, in the order of ``common.lua``."""
        own_batch = self.batch(batch or "")  # not used if the job has no batch
        return [
            self.job(job_id),
            self.waiting(INTERACTIVE),
            self.waiting(BULK),
            self.started,
            self.running,
            self.postponed,
            self.cancelled,
            self.expiring,
            self.totals,
            self.rates,
            self.failures,
            self.webhook(job_id),
            self.webhooks_due,
            self.webhooks_published,
            self.audit,
            own_batch,
            f"{own_batch}:queued",
            f"{own_batch}:ended",
            self.moved,
            self.ended,
        ]


def read_keys(redis: Redis, keys: RedisKeys, job_id: str) -> list[str]:
    """Return the ``KEYS`` of a job whose batch is read from its record; blocking. The batch never changes."""
    batch = redis.hget(keys.job(job_id), "batch")
    return keys.of_job(job_id, str(batch) if batch else None)

"""The names of everything in Redis: one prefix with one hash tag, so that several systems can share a server.

A hash tag (the braces) keeps all keys in one slot of a Redis Cluster:
https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
"""

from redis import Redis

from shared.queue import BULK, INTERACTIVE

NAMESPACE = "nsfas"


class Keys:
    """The keys and channels of one system.

    ``job:ID``
        The record, a hash. ``token`` names the attempt that may end the job.
    ``jobs:waiting:QUEUE``
        Sorted set. Ids of queued jobs by the time at which their message was published to that queue.
    ``jobs:started``
        Hash. By queue: the time of publication of the most recently published job that has been started, of those that
        were published once.
    ``jobs:running``, ``jobs:postponed``
        Sorted sets. Ids by the time at which the lease runs out, and by the time of the next attempt.
    ``jobs:cancelled``
        Sorted set. Ids of cancelled jobs whose message has not been received yet, by the time of its publication.
    ``batch:NAME``, ``batch:NAME:queued``, ``batch:NAME:ended``
        A batch's counts by state (hash); its queued ids (set); its ended ids in the order of ending (sorted set).
    ``idempotency:KEY``
        Fingerprint of the request, and id of the job that answered it.
    ``quota:OWNER:SECONDS``
        How many jobs an owner has created in the period of so many seconds, which is the key's time to live.
    ``callback:ID``
        Hash. What a webhook has to say about a job that has ended.
    ``callbacks:due``, ``callbacks:published``
        Sorted sets. Ids by the time of the next attempt; and, once a message for it was published, by the time of that.
    ``audit:ended``
        Sorted set. What the audit log is to say of jobs that have ended (JSON), by the time of the end.
    ``blobs:expiring``
        Sorted set. Paths in the object store by the time at which they are to be removed.
    ``totals``, ``rates``
        Hashes. Counts since the start, see :class:`shared.jobs.statistics.totals.Totals`; and counts of the last
        hour by periods of ten seconds, with fields ``N:NAME``, see :mod:`shared.jobs.statistics.history`.
    ``workers``
        Sorted set. Names of the workers that run jobs by the time of their last heartbeat.
    ``workers:unconfined``
        Sorted set. Those of them that do not confine the processes that read documents, likewise.
    ``reaper``, ``storage:requested``, ``storage:orphans``, ``storage:cursor``
        Who runs the reaper now; when storage cleaning was last requested; when the orphan scan last began, and where
        it stopped.
    ``jobs:moved``, ``jobs:ended``
        Channels. The id of every job that is started or queued again, and of every job that ends.
    """

    def __init__(self, namespace: str = NAMESPACE) -> None:
        self._prefix = f"{{{namespace}}}:"
        self.started, self.running, self.postponed, self.cancelled = (
            self.name(f"jobs:{name}") for name in ("started", "running", "postponed", "cancelled")
        )
        self.due, self.published = self.name("callbacks:due"), self.name("callbacks:published")
        self.audit = self.name("audit:ended")
        self.expiring = self.name("blobs:expiring")
        self.totals, self.rates = self.name("totals"), self.name("rates")
        self.workers, self.unconfined = self.name("workers"), self.name("workers:unconfined")
        self.moved, self.ended = self.name("jobs:moved"), self.name("jobs:ended")

    def name(self, name: str) -> str:
        """Return the full name of a key or channel."""
        return self._prefix + name

    def job(self, job_id: str) -> str:
        return self.name(f"job:{job_id}")

    def waiting(self, queue: str) -> str:
        return self.name(f"jobs:waiting:{queue}")

    def batch(self, name: str) -> str:
        return self.name(f"batch:{name}")

    def callback(self, job_id: str) -> str:
        return self.name(f"callback:{job_id}")

    def idempotency(self, key: str) -> str:
        return self.name(f"idempotency:{key}")

    def quota(self, owner: str, seconds: int) -> str:
        return self.name(f"quota:{owner}:{seconds}")

    def of_job(self, job_id: str, batch: str | None = None) -> list[str]:
        """Return the ``KEYS`` of every script, in the order in which ``common.lua`` names them."""
        own_batch = self.batch(batch or "")  # not read where the job has no batch
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
            self.callback(job_id),
            self.due,
            self.published,
            self.audit,
            own_batch,
            f"{own_batch}:queued",
            f"{own_batch}:ended",
            self.moved,
            self.ended,
        ]


def read_keys(redis: Redis, keys: Keys, job_id: str) -> list[str]:
    """Return the ``KEYS`` of a job of which nothing is known but its id; blocking. Its batch never changes."""
    batch = redis.hget(keys.job(job_id), "batch")
    return keys.of_job(job_id, str(batch) if batch else None)

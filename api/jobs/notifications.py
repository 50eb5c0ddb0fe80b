"""Waits for jobs without blocking a thread and without polling Redis.

One connection per process subscribes to the channel of ended jobs. When a client follows a job for the first time, a
second connection subscribes to the channel of all other changes. Messages can be lost with a connection. So the record,
which is the source of truth, is read after each reconnection and every few seconds.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.jobs import Job, JobRepository, RedisKeys
from shared.logs import get_logger

log = get_logger(__name__)

_POLL_INTERVAL = 5.0  # seconds between two reads of a record without a notification
_RETRY_INTERVAL = 0.5  # seconds between two attempts to subscribe or to read a record


class Subscription:
    """A subscription to the changes of one job."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self.changed = asyncio.Event()


class JobNotifications:
    """The subscriptions of this process.

    Parameters
    ----------
    redis, keys, jobs
        The connection and the channels of notifications, and the job records.
    limit
        Maximum of concurrent subscriptions.

    """

    def __init__(self, redis: Redis, keys: RedisKeys, jobs: JobRepository, limit: int) -> None:
        self._redis = redis
        self._keys = keys
        self._jobs = jobs
        self._limit = limit
        self._subscriptions: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._listeners: dict[str, asyncio.Task[None]] = {}
        self._stopping = self._closing = False
        self.count = 0

    @property
    def full(self) -> bool:
        """Whether the limit of subscriptions is reached."""
        return self.count >= self._limit

    @contextmanager
    def subscribe(self, job_id: str) -> Iterator[Subscription]:
        """Subscribe to a job as long as the context lasts. The caller checks :attr:`full` first."""
        subscription = Subscription(job_id)
        self._subscriptions[job_id].add(subscription)
        self.count += 1
        try:
            yield subscription
        finally:
            self.count -= 1
            self._subscriptions[job_id].discard(subscription)
            if not self._subscriptions[job_id]:
                del self._subscriptions[job_id]

    async def wait_for_end(
        self, subscription: Subscription, seconds: float, *, job: Job | None = None, until_deadline: bool = False
    ) -> Job | None:
        """Return the job once it has ended, or its current state after a time; None if there is no such job.

        Parameters
        ----------
        subscription
            A subscription to the job.
        seconds
            Maximum time to wait.
        job
            The state of the job after the subscription began, if it is known.
        until_deadline
            Whether to keep waiting while Redis is unreachable or the process is shutting down.

        Raises
        ------
        redis.exceptions.RedisError
            The record cannot be read.

        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while True:
            subscription.changed.clear()
            try:
                job = job or await self._jobs.get(subscription.job_id)
            except RedisError:
                if not until_deadline or clock() >= deadline:
                    raise
                await asyncio.sleep(_RETRY_INTERVAL)
                continue
            left = deadline - clock()
            if job is None or job.status.ended or left <= 0 or (self._stopping and not until_deadline):
                return job
            with suppress(TimeoutError):
                await asyncio.wait_for(subscription.changed.wait(), min(left, _POLL_INTERVAL))
            job = None

    async def changes(self, subscription: Subscription) -> AsyncIterator[Job]:
        """Yield the current state of a job, and its state after each change.

        Stops when the job has ended or no longer exists, or when the process is shutting down.

        Raises
        ------
        redis.exceptions.RedisError
            The record cannot be read.

        """
        self._listen_to(self._keys.moved)
        last = None
        while not self._stopping:
            subscription.changed.clear()
            job = await self._jobs.get(subscription.job_id)
            if job is None:
                return
            if (job.status, job.attempts) != last:
                last = (job.status, job.attempts)
                yield job
            if job.status.ended:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(subscription.changed.wait(), _POLL_INTERVAL)

    def stop(self) -> None:
        """End all waits that are not ``until_deadline``, because the process is about to exit."""
        self._stopping = True
        self._wake(*self._subscriptions)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Receive notifications as long as the context lasts."""
        self._listen_to(self._keys.ended)
        try:
            yield
        finally:
            self._closing = True  # a cancellation can be lost inside a command of redis-py
            for task in self._listeners.values():
                task.cancel()
            await asyncio.gather(*self._listeners.values(), return_exceptions=True)

    def _listen_to(self, name: str) -> None:
        if name not in self._listeners:
            self._listeners[name] = asyncio.create_task(self._listen(name))

    async def _listen(self, name: str) -> None:
        while not self._closing:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(name)
                    async for message in channel.listen():
                        # Redis confirms the subscription at the start and after each reconnection. Notifications
                        # before a reconnection may be lost, so all records are read again.
                        self._wake(
                            *(list(self._subscriptions) if message["type"] == "subscribe" else [message["data"]])
                        )
            except (RedisError, OSError) as error:
                log.warning("job notifications interrupted", error=str(error))
                await asyncio.sleep(_RETRY_INTERVAL)

    def _wake(self, *job_ids: str) -> None:
        for job_id in job_ids:
            for subscription in self._subscriptions.get(job_id, ()):
                subscription.changed.set()

"""Wait for a job without holding a thread, and without asking Redis over and over.

One connection of the process listens to the channel on which ended jobs are published, and wakes who waits for them. A
message can be lost with the connection; so whenever the connection is made anew, and every few seconds besides, the
record is read, which is the truth.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.jobs import Intake, Job
from shared.jobs.scripts import ENDED
from shared.logs import get_logger

log = get_logger(__name__)

_BACKSTOP = 5.0  # seconds between two looks at the record
_RECONNECT = 0.5  # seconds between two attempts to subscribe


class Waiting:
    """Who waits for which job in this process."""

    def __init__(self, redis: Redis, intake: Intake) -> None:
        self._redis = redis
        self._intake = intake
        self._events: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    async def wait(self, job_id: str, seconds: float) -> Job | None:
        """Return the job once it has ended, or as it is when the time is up; None if there is no such job.

        Raises
        ------
        redis.exceptions.RedisError
            The record cannot be read.

        """
        deadline = asyncio.get_running_loop().time() + seconds
        event = asyncio.Event()
        self._events[job_id].add(event)
        try:
            while True:
                event.clear()
                job = await self._intake.get(job_id)
                left = deadline - asyncio.get_running_loop().time()
                if job is None or job.status.ended or left <= 0:
                    return job
                with suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), min(left, _BACKSTOP))
        finally:
            self._events[job_id].discard(event)
            if not self._events[job_id]:
                del self._events[job_id]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen for ended jobs for as long as the context lasts."""
        task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(ENDED)
                    async for message in channel.listen():
                        # A subscription is confirmed at first, and again after each reconnection of the client's own:
                        # whatever ended in between, nobody was told.
                        subscribed = message["type"] == "subscribe"
                        self._wake(*(list(self._events) if subscribed else [message["data"]]))
            except (RedisError, OSError) as error:
                log.warning("not hearing of ended jobs", error=str(error))
                await asyncio.sleep(_RECONNECT)

    def _wake(self, *job_ids: str) -> None:
        for job_id in job_ids:
            for event in self._events.get(job_id, ()):
                event.set()

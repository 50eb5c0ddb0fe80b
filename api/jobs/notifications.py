"""Wait for a job without holding a thread, and without asking Redis over and over.

One connection of the process listens to the channel on which ended jobs are published, and wakes who waits for them;
another, from the first time that anybody follows a job, to the channel of all other changes. A message can be lost with
the connection; so whenever the connection is made anew, and every few seconds besides, the record is read, which is the
truth.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.jobs import Intake, Job, Keys
from shared.logs import get_logger

log = get_logger(__name__)

_BACKSTOP = 5.0  # seconds between two looks at the record
_RECONNECT = 0.5  # seconds between two attempts to subscribe, or to read a record


class Ear:
    """Hears of one job."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self.heard = asyncio.Event()


class Waiting:
    """Who waits for which job in this process.

    Parameters
    ----------
    redis, keys, intake
        Where changes are heard of, under which names, and where the truth is read.
    limit
        How many may wait at once.

    """

    def __init__(self, redis: Redis, keys: Keys, intake: Intake, limit: int) -> None:
        self._redis = redis
        self._keys = keys
        self._intake = intake
        self._limit = limit
        self._ears: defaultdict[str, set[Ear]] = defaultdict(set)
        self._listeners: dict[str, asyncio.Task[None]] = {}
        self._stopping = self._closing = False
        self.count = 0

    @property
    def full(self) -> bool:
        """Whether as many wait as may."""
        return self.count >= self._limit

    @contextmanager
    def listening_to(self, job_id: str) -> Iterator[Ear]:
        """Hear of a job's changes from here on; whoever asks has made sure that not too many wait."""
        ear = Ear(job_id)
        self._ears[job_id].add(ear)
        self.count += 1
        try:
            yield ear
        finally:
            self.count -= 1
            self._ears[job_id].discard(ear)
            if not self._ears[job_id]:
                del self._ears[job_id]

    async def end(self, ear: Ear, seconds: float, *, job: Job | None = None, patient: bool = False) -> Job | None:
        """Return the job once it has ended, or as it is when the time is up; None if there is no such job.

        Parameters
        ----------
        ear
            That hears of the job.
        seconds
            How long to wait; less if the process is told to stop, unless patient.
        job
            The job as it was after the ear began to listen, where that is known.
        patient
            Whether a Redis that is away is waited for, too: the job goes on, and so does its client's wait.

        Raises
        ------
        redis.exceptions.RedisError
            The record cannot be read.

        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        while True:
            ear.heard.clear()
            try:
                job = job or await self._intake.get(ear.job_id)
            except RedisError:
                if not patient or clock() >= deadline:
                    raise
                await asyncio.sleep(_RECONNECT)
                continue
            left = deadline - clock()
            if job is None or job.status.ended or left <= 0 or (self._stopping and not patient):
                return job
            with suppress(TimeoutError):
                await asyncio.wait_for(ear.heard.wait(), min(left, _BACKSTOP))
            job = None

    async def changes(self, ear: Ear) -> AsyncIterator[Job]:
        """Yield a job as it is, and again at each change until it has ended, is gone, or the process is told to stop.

        Raises
        ------
        redis.exceptions.RedisError
            The record cannot be read.

        """
        self._listen_to(self._keys.moved)
        last = None
        while not self._stopping:
            ear.heard.clear()
            job = await self._intake.get(ear.job_id)
            if job is None:
                return
            if (job.status, job.attempts) != last:
                last = (job.status, job.attempts)
                yield job
            if job.status.ended:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(ear.heard.wait(), _BACKSTOP)

    def stop(self) -> None:
        """Let go of whoever waits out of curiosity: the process is about to end."""
        self._stopping = True
        self._wake(*self._ears)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen for as long as the context lasts."""
        self._listen_to(self._keys.ended)
        try:
            yield
        finally:
            self._closing = True  # a cancellation that meets redis-py in the middle of a command can be lost in it
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
                        # A subscription is confirmed at first, and again after each reconnection of the client's own:
                        # of what changed in between, nobody was told.
                        self._wake(*(list(self._ears) if message["type"] == "subscribe" else [message["data"]]))
            except (RedisError, OSError) as error:
                log.warning("not hearing of jobs", error=str(error))
                await asyncio.sleep(_RECONNECT)

    def _wake(self, *job_ids: str) -> None:
        for job_id in job_ids:
            for ear in self._ears.get(job_id, ()):
                ear.heard.set()

"""Limits the memory of all uploads in progress. Uploads are charged as their bytes arrive."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryFullError(Exception):
    """No memory became available in time because of other uploads."""


class Upload:
    """The received bytes of one upload."""

    def __init__(self) -> None:
        self.size = 0


class UploadMemory:
    """A memory limit for all uploads together.

    Only received bytes count, so a connection that announces a large upload and sends nothing uses no memory. An upload
    that would exceed the limit is paused until others end. The oldest upload is never paused, so that it completes; it
    is the only one that can exceed the limit.

    Parameters
    ----------
    total
        Limit in bytes.
    longest_wait
        Maximum seconds of one pause.

    """

    def __init__(self, total: int, longest_wait: float) -> None:
        self._total = total
        self._longest_wait = longest_wait
        self._used = 0
        self._uploads: list[Upload] = []  # with received bytes, oldest first
        self._ended = asyncio.Event()

    @contextmanager
    def upload(self) -> Iterator[Upload]:
        """Account for one upload as long as the context lasts."""
        upload = Upload()
        try:
            yield upload
        finally:
            if upload in self._uploads:
                self._uploads.remove(upload)
                self._used -= upload.size
                self._ended.set()

    async def charge(self, upload: Upload, size: int, deadline: asyncio.Timeout) -> None:
        """Charge received bytes to an upload; wait until there is memory for them.

        Parameters
        ----------
        upload, size
            The upload, and the number of bytes.
        deadline
            Deadline of the upload. It is extended by the time of the pause, which the client cannot influence.

        Raises
        ------
        MemoryFullError
            No memory became available within ``longest_wait``.

        """
        if not upload.size and upload not in self._uploads:
            self._uploads.append(upload)
        if not self._has_room(upload, size):
            await self._wait(upload, size, deadline)
        upload.size += size
        self._used += size

    def _has_room(self, upload: Upload, size: int) -> bool:
        return upload is self._uploads[0] or self._used + size <= self._total

    async def _wait(self, upload: Upload, size: int, deadline: asyncio.Timeout) -> None:
        clock = asyncio.get_running_loop().time
        began, due = clock(), deadline.when()
        deadline.reschedule(None)
        try:
            async with asyncio.timeout(self._longest_wait):
                while not self._has_room(upload, size):
                    self._ended.clear()
                    await self._ended.wait()
        except TimeoutError as error:
            raise MemoryFullError from error
        finally:
            deadline.reschedule(None if due is None else due + clock() - began)

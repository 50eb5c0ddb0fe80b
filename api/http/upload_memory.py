"""A budget of memory for uploads, charged as their bytes arrive."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryFullError(Exception):
    """Other uploads have held the memory for too long."""


class Upload:
    """What one upload holds of the budget: bytes that have arrived."""

    def __init__(self) -> None:
        self.size = 0


class UploadMemory:
    """So many bytes for all uploads together.

    Only what has arrived counts: a connection that announces a large upload and sends nothing holds nothing. An upload
    whose bytes would exceed the budget is not read on until others have ended. The one that sent its first byte before
    all others is always read on, so that it comes to an end; it alone can exceed the budget.

    Parameters
    ----------
    total
        Bytes.
    longest_wait
        Seconds that an upload waits for memory, each time that it must.

    """

    def __init__(self, total: int, longest_wait: float) -> None:
        self._total = total
        self._longest_wait = longest_wait
        self._used = 0
        self._uploads: list[Upload] = []  # that have sent bytes, in the order of their first
        self._ended = asyncio.Event()

    @contextmanager
    def upload(self) -> Iterator[Upload]:
        """Account for one upload for as long as the context lasts."""
        upload = Upload()
        try:
            yield upload
        finally:
            if upload in self._uploads:
                self._uploads.remove(upload)
                self._used -= upload.size
                self._ended.set()

    async def receive(self, upload: Upload, size: int, deadline: asyncio.Timeout) -> None:
        """Charge bytes that have arrived to an upload, once there is room for them.

        Parameters
        ----------
        upload, size
            What they belong to, and how many they are.
        deadline
            Of the upload. The time in which it waits here does not count, since its client cannot help it.

        Raises
        ------
        MemoryFullError
            There was no room for ``longest_wait``.

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

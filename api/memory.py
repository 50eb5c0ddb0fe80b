"""A budget of memory for uploads: who would exceed it waits, and so does the client, unread, on its connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class MemoryBudget:
    """So many bytes, given out in the order in which they are asked for.

    Parameters
    ----------
    total
        Bytes. Who asks for more is given all of it, alone.

    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._free = total
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def hold(self, size: int) -> AsyncIterator[None]:
        """Hold so many bytes for as long as the context lasts, once they are free."""
        share = min(size, self._total)
        async with self._turn:
            while self._free < share:
                self._freed.clear()
                await self._freed.wait()
            self._free -= share
        try:
            yield
        finally:
            self._free += share
            self._freed.set()

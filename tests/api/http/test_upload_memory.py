"""Memory limit of uploads: received bytes count, and one upload is never paused."""

import asyncio

import pytest
from hypothesis import given, strategies as st

from api.http.upload_memory import MemoryFullError, UploadMemory

CHUNK = 10


@given(sizes=st.lists(st.integers(1, 100), min_size=1, max_size=12), total=st.integers(1, 150))
def test_all_uploads_end_and_exceed_the_limit_by_one_upload_at_most(sizes: list[int], total: int) -> None:
    memory, held, most = UploadMemory(total, longest_wait=60), 0, 0

    async def send(size: int) -> None:
        nonlocal held, most
        arrived = 0
        async with asyncio.timeout(60) as deadline:
            with memory.upload() as upload:
                while arrived < size:
                    chunk = min(CHUNK, size - arrived)
                    await memory.charge(upload, chunk, deadline)
                    arrived += chunk
                    held += chunk
                    most = max(most, held)
                    await asyncio.sleep(0)
                held -= arrived

    async def send_all() -> None:
        await asyncio.gather(*map(send, sizes))

    asyncio.run(send_all())
    assert held == 0
    assert most <= max(total, CHUNK) + max(sizes)


async def test_an_upload_that_is_paused_too_long_fails_and_frees_its_memory() -> None:
    memory = UploadMemory(100, longest_wait=0.01)
    async with asyncio.timeout(60) as deadline:
        with memory.upload() as first:
            await memory.charge(first, 100, deadline)
            with pytest.raises(MemoryFullError), memory.upload() as second:
                await memory.charge(second, 1, deadline)
        with memory.upload() as third:
            await memory.charge(third, 100, deadline)


async def test_pauses_extend_the_deadline_of_an_upload() -> None:
    memory = UploadMemory(100, longest_wait=60)
    with memory.upload() as first, memory.upload() as second:
        async with asyncio.timeout(60) as deadline:
            await memory.charge(first, 100, deadline)
            due = deadline.when()
            waits = asyncio.create_task(memory.charge(second, 1, deadline))
            await asyncio.sleep(0.05)
            assert deadline.when() is None
            waits.cancel()
            await asyncio.wait([waits])
            assert due is not None
            assert deadline.when() == pytest.approx(due + 0.05, abs=5)
            assert (deadline.when() or 0) > due

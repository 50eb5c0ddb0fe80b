"""The memory of uploads: what has arrived counts, and one upload always goes on."""

import asyncio

import pytest
from hypothesis import given, strategies as st

from api.http.upload_memory import MemoryFullError, UploadMemory

CHUNK = 10


@given(sizes=st.lists(st.integers(1, 100), min_size=1, max_size=12), total=st.integers(1, 150))
def test_all_uploads_end_and_together_take_at_most_one_more_than_the_budget(sizes: list[int], total: int) -> None:
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


async def test_an_upload_that_waits_for_others_too_long_is_refused_and_holds_nothing() -> None:
    memory = UploadMemory(100, longest_wait=0.01)
    async with asyncio.timeout(60) as deadline:
        with memory.upload() as first:
            await memory.charge(first, 100, deadline)
            with pytest.raises(MemoryFullError), memory.upload() as second:
                await memory.charge(second, 1, deadline)
        with memory.upload() as third:
            await memory.charge(third, 100, deadline)


async def test_the_time_in_which_an_upload_waits_does_not_count() -> None:
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

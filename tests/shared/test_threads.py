"""Work on large data does not block the event loop."""

import asyncio
import threading

import pytest

from shared.threads import LARGE, run_in_thread


async def test_the_event_loop_continues_during_work_on_large_data() -> None:
    others_went_on = threading.Event()
    work = asyncio.create_task(run_in_thread(LARGE, others_went_on.wait, 60))
    await asyncio.sleep(0)
    others_went_on.set()
    assert await work


async def test_small_data_is_processed_directly() -> None:
    assert await run_in_thread(LARGE - 1, threading.current_thread) is threading.current_thread()


@pytest.mark.parametrize("size", [0, LARGE])
async def test_errors_of_the_work_are_raised(size: int) -> None:
    with pytest.raises(ValueError, match="no number"):
        await run_in_thread(size, int, "no number")

"""Work on many bytes does not delay the other requests of the process."""

import asyncio
import threading

import pytest

from shared.threads import LARGE, run_in_thread


async def test_others_go_on_while_many_bytes_are_worked_on() -> None:
    others_went_on = threading.Event()
    work = asyncio.create_task(run_in_thread(LARGE, others_went_on.wait, 60))
    await asyncio.sleep(0)
    others_went_on.set()
    assert await work


async def test_few_bytes_are_worked_on_at_once() -> None:
    assert await run_in_thread(LARGE - 1, threading.current_thread) is threading.current_thread()


@pytest.mark.parametrize("size", [0, LARGE])
async def test_an_error_of_the_work_is_raised(size: int) -> None:
    with pytest.raises(ValueError, match="no number"):
        await run_in_thread(size, int, "no number")

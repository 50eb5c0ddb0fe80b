"""Clock jumps: the service uses the time of Redis, and a jump does not lose, delay or repeat a job."""

from pathlib import Path

import pytest

from tests.support.servers import running, start
from tests.support.services.clock import valkey_with_a_clock
from tests.system.job_batch import Jobs, processes

pytestmark = pytest.mark.slow

HOUR = 3600


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_jobs_end_once_even_if_the_clock_jumps_and_a_worker_is_killed(tmp_path: Path, seconds: int) -> None:
    with valkey_with_a_clock(tmp_path) as (url, clock):
        shared = {"redis_url": url, "data_dir": tmp_path / "data", "result_ttl": 4 * HOUR}
        worker = start(["-m", "worker"], tmp_path / "worker.log", **shared, worker_processes=2)
        with running(["-m", "api"], tmp_path / "api.log", **shared) as api:
            jobs = Jobs(api.url)
            jobs.submit(60, each=lambda number: clock.jump(seconds) if number == 30 else None)
            for process in processes(worker, ""):
                process.kill()
            worker.process.kill()
            worker.process.wait()
            worker = start(["-m", "worker"], tmp_path / "worker.log", **shared, worker_processes=2)
            try:
                jobs.submit()  # so that the new worker has a job even if the first was fast
                print(f"clock {seconds:+d} s: all ended {jobs.wait():.1f} s after the worker was restarted")
            finally:
                worker.interrupt()
            assert jobs.ends() == {"succeeded": 61}

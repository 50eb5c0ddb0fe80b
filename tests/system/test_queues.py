"""Who waits in a browser comes before bulk."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import httpx

from tests.eventually import eventually
from tests.examples import extraction_file
from tests.servers import System
from tests.system.faults import Jobs, processes

BULK = 60
HELD = 2
"""Bulk jobs a process that may come first: it may be at one, and have one more message."""

REQUEST = "overtakes"


def test_an_interactive_job_overtakes_waiting_bulk_jobs(system: System) -> None:
    document = {"file": extraction_file()}
    jobs = Jobs(system.url, "overtaken")
    worker = processes(system, "-m worker")
    for process in worker:
        process.suspend()  # so that all of them wait, however fast this machine is
    try:
        jobs.submit(BULK, document["file"])
        with ThreadPoolExecutor() as pool:
            headers = {"x-request-id": REQUEST}
            post = pool.submit(httpx.post, f"{system.url}/extract-face", files=document, headers=headers, timeout=90)
            eventually(lambda: jobs.client.get("/stats").json()["queues"]["interactive"]["waiting"] == 1)
            for process in worker:
                process.resume()
            assert post.result().status_code == 200
    finally:
        for process in worker:
            process.resume()
    jobs.wait()
    starts = [started(jobs.client, job_id) for job_id in jobs.accepted]
    overtaker = started(jobs.client, interactive_job(system))
    children = len(worker) - 1  # the first is their parent
    assert sum(start < overtaker for start in starts) <= HELD * children


def started(client: httpx.Client, job_id: str) -> datetime:
    return datetime.fromisoformat(client.get(f"/jobs/{job_id}").json()["started_at"])


def interactive_job(system: System) -> str:
    """Return the job of the request, which the audit log names; its answer does not."""
    lines = (Path(system.environment["DATA_DIR"]) / "audit.log").read_text().splitlines()
    (job_id,) = {line["job_id"] for line in map(json.loads, lines) if line.get("request_id") == REQUEST}
    return str(job_id)

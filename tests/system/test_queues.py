"""Who waits in a browser comes before bulk."""

from pathlib import Path

import httpx

from tests.compose import card, jpeg
from tests.servers import running

BULK = 60


def test_an_interactive_job_overtakes_waiting_bulk_jobs(tmp_path: Path) -> None:
    document = jpeg(card())
    with (
        running(["app.py"], tmp_path / "log", data_dir=tmp_path / "data", worker_processes=1) as system,
        httpx.Client(base_url=system.url, timeout=60) as client,
    ):
        locations = [
            client.post("/jobs/extract-face", files={"file": document}).headers["location"] for _ in range(BULK)
        ]
        assert client.post("/extract-face", files={"file": document}).status_code == 200
        still_waiting = sum(client.get(location).json()["status"] == "queued" for location in locations)
    assert still_waiting > BULK / 3

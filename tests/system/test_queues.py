"""Who waits in a browser comes before bulk, and nobody is let in whom nobody can serve."""

from pathlib import Path

import httpx
from redis import Redis

from tests.compose import card, jpeg
from tests.servers import running, start

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


def test_a_full_house_refuses_with_a_time_to_come_back_and_keeps_nothing(valkey_url: str, tmp_path: Path) -> None:
    with Redis.from_url(valkey_url) as redis:
        redis.flushall()
    api = start(["-m", "api"], tmp_path / "log", redis_url=valkey_url, data_dir=tmp_path / "data", max_open_jobs=3)
    try:
        api.wait_until_live()
        posts = [httpx.post(f"{api.url}/jobs/extract-face", files={"file": jpeg(card())}) for _ in range(4)]
        stats = httpx.get(f"{api.url}/stats").json()
    finally:
        api.interrupt()
    assert [post.status_code for post in posts] == [202, 202, 202, 503]
    assert posts[3].json()["code"] == "overloaded"
    assert int(posts[3].headers["retry-after"]) >= 1
    assert stats["queues"]["bulk"]["waiting"] == 3
    assert stats["workers"] == 0
    assert len([path for path in (tmp_path / "data" / "blobs").rglob("*") if path.is_file()]) == 3

"""``GET /stats``: the state of Redis, the workers with their jobs, the last failures, and the link to Grafana."""

from collections.abc import Iterator

import httpx
import pytest
from asgi_lifespan import LifespanManager
from redis import Redis

from api.app import create_app
from api.monitoring import operations
from shared.jobs import RedisKeys, WorkerReport, Workers
from shared.settings import Settings
from tests.api.conftest import calling
from tests.api.worker import Worker
from tests.support.compose import card, jpeg

DASHBOARD = "https://grafana.example.org/d/nsfas"
DOCUMENT = jpeg(card())


@pytest.fixture(autouse=True)
def nothing_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "_MAX_AGE", -1.0)


@pytest.fixture
def workers(settings: Settings) -> Iterator[Workers]:
    assert settings.redis_url is not None
    with Redis.from_url(settings.redis_url, decode_responses=True) as redis:
        yield Workers(redis, RedisKeys(settings.redis_namespace))


async def submit(client: httpx.AsyncClient) -> str:
    files = {"file": ("passport of Thandi.jpg", DOCUMENT, "image/jpeg")}
    answer = await client.post("/jobs/extract-face", files=files, data={"reference": "applicant-4711"})
    job_id: str = answer.json()["id"]
    return job_id


async def test_a_new_system_has_the_state_of_redis_and_empty_lists(client: httpx.AsyncClient) -> None:
    stats = (await client.get("/stats")).json()
    assert (stats["redis"]["product"], stats["redis"]["role"]) == ("Valkey", "primary")
    assert stats["redis"]["ping_milliseconds"] > 0
    assert (stats["worker_list"], stats["failures"], stats["grafana_url"]) == ([], [], None)


async def test_running_and_failed_jobs_are_listed_without_data_of_applicants(
    client: httpx.AsyncClient, worker: Worker, workers: Workers
) -> None:
    workers.heartbeat("celery@here", WorkerReport(["interactive", "bulk"], processes=2, uptime=60.0))
    failed = await submit(client)
    worker.fail("no_face")
    running = await submit(client)
    worker.claim()
    answer = await client.get("/stats")
    stats = answer.json()
    stopping, here = sorted(stats["worker_list"], key=lambda each: each["state"], reverse=True)
    assert (here["name"], here["queues"], here["processes"]) == ("celery@here", ["interactive", "bulk"], 2)
    assert [job["id"] for job in stopping["jobs"]] == [running]
    (failure,) = stats["failures"]
    assert (failure["code"], failure["title"], failure["last_hour"]) == ("no_face", "No face found", 1)
    assert [job["id"] for job in failure["jobs"]] == [failed]
    assert "Thandi" not in answer.text
    assert "applicant-4711" not in answer.text


async def test_an_erased_job_leaves_the_failures(client: httpx.AsyncClient, worker: Worker) -> None:
    job_id = await submit(client)
    worker.fail("no_face")
    assert (await client.delete(f"/jobs/{job_id}")).status_code == 204
    answer = await client.get("/stats")
    assert answer.json()["failures"] == []
    assert job_id not in answer.text


@pytest.mark.parametrize("anonymous", [True, False])
async def test_a_service_that_is_open_to_everybody_shows_no_job_ids(
    settings: Settings, worker: Worker, *, anonymous: bool
) -> None:
    app = create_app(settings.model_copy(update={"allow_anonymous": anonymous}))
    async with LifespanManager(app), calling(app) as client:
        failed = await submit(client)
        worker.fail("no_face")
        running = await submit(client)
        worker.claim()
        answer = await client.get("/stats")
    for job_id in (failed, running):
        assert (job_id in answer.text) is not anonymous
    assert (answer.json()["failures"][0]["jobs"][0]["id"] is None) is anonymous


async def test_the_state_is_read_once_while_many_consoles_poll(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "_MAX_AGE", 3600.0)
    times = {(await client.get("/stats")).json()["as_of"] for _ in range(3)}
    assert len(times) == 1


async def test_the_dashboard_is_the_one_of_the_settings(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"grafana_url": DASHBOARD}))
    async with LifespanManager(app), calling(app) as client:
        assert (await client.get("/stats")).json()["grafana_url"] == DASHBOARD

"""Job quotas: only created jobs count."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from obstore.exceptions import GenericError
from redis.asyncio.connection import AbstractConnection

from api.newkey import new_key
from api.routes import submissions
from shared.blobs import BlobStore
from shared.settings import Settings
from tests.api.conftest import calling
from tests.support.compose import card, jpeg
from tests.support.problems import assert_problem

CARD = {"file": jpeg(card())}
NOTHING = {"file": b"nothing"}
ALL = ["submit", "read", "stats"]


@pytest.fixture
def secrets() -> dict[str, str]:
    """Return the keys by name, after their file was written."""
    return {}


@pytest.fixture
def settings(settings: Settings, secrets: dict[str, str], tmp_path: Path) -> Settings:
    entries = []
    for name, limits in (("four", {"rate": "1000/hour", "quota": "4/day"}), ("free", {"rate": "1000/hour"})):
        secrets[name], entry = new_key(name, ALL, limits)
        entries.append(entry)
    (path := tmp_path / "keys.toml").write_text("\n".join(entries))
    return settings.model_copy(update={"api_keys_file": path})


@pytest.fixture
def four(app: FastAPI, secrets: dict[str, str]) -> httpx.AsyncClient:
    """Return a client with a quota of four jobs per day."""
    return calling(app, headers={"x-api-key": secrets["four"]})


async def submit(client: httpx.AsyncClient, files: dict[str, bytes] = CARD, key: str | None = None) -> httpx.Response:
    headers = {"idempotency-key": key} if key else {}
    return await client.post("/jobs/extract-face", files=files, data={"batch": "intake"}, headers=headers)


def left(answer: httpx.Response) -> str:
    return answer.headers["ratelimit"].partition('"quota";')[2].partition(";")[0]


async def created(client: httpx.AsyncClient) -> int:
    return int((await client.get("/batches/intake")).json()["total"])


async def test_refused_uploads_and_repeated_requests_are_not_counted(four: httpx.AsyncClient) -> None:
    for _ in range(3):
        assert (await submit(four, NOTHING)).json()["code"] == "unsupported_format"
        assert_problem(await four.post("/jobs/extract-face"), 400, "missing_file")
        assert_problem(await four.post("/jobs/compare-faces", files=CARD), 400, "missing_file")
    answers = [await submit(four, key="applicant-1") for _ in range(5)]
    assert [left(answer) for answer in answers] == ["r=3"] * 5
    assert_problem(await submit(four, {"file": jpeg(card("biden"))}, "applicant-1"), 422, "idempotency_key_reused")
    assert [(await submit(four)).status_code for _ in range(4)] == [202, 202, 202, 429]
    assert await created(four) == 4


async def test_concurrent_requests_create_exactly_the_jobs_of_the_quota(four: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(submit(four, files) for files in [NOTHING, CARD, CARD, CARD] * 5))
    codes = [answer.status_code for answer in answers]
    assert codes.count(202) == 4
    assert await created(four) == 4
    assert sorted(left(answer) for answer in answers if answer.status_code == 202) == ["r=0", "r=1", "r=2", "r=3"]
    assert all(answer.json()["code"] == "quota_exceeded" for answer in answers if answer.status_code == 429)


async def test_a_job_that_could_not_be_stored_is_not_counted(
    four: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise GenericError("the store is unreachable")

    with monkeypatch.context() as patch:
        patch.setattr(BlobStore, "put", fail)
        for _ in range(5):
            assert_problem(await submit(four), 503, "unavailable")
    assert left(await submit(four)) == "r=3"


async def test_a_repeated_request_returns_its_job_after_the_quota_is_exceeded(
    four: httpx.AsyncClient,
) -> None:
    first = await submit(four, key="applicant-1")
    assert [(await submit(four)).status_code for _ in range(5)] == [202, 202, 202, 429, 429]
    assert (await submit(four, key="applicant-1")).headers["location"] == first.headers["location"]
    assert_problem(await submit(four, key="applicant-2"), 429, "quota_exceeded")


async def test_an_exceeded_quota_is_reported_before_an_upload_is_read(
    four: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [await submit(four) for _ in range(5)]
    reads: list[object] = []
    monkeypatch.setattr(submissions, "read_form", lambda *form: reads.append(form))
    answer = await submit(four)
    assert_problem(answer, 429, "quota_exceeded")
    assert reads == []
    assert 24 * 3600 - 60 < int(answer.headers["retry-after"]) <= 24 * 3600
    assert left(answer) == "r=0"
    assert answer.headers["ratelimit-policy"] == answers[0].headers["ratelimit-policy"]
    assert answer.headers["ratelimit-policy"] == '"rate";q=1000;w=3600, "quota";q=4;w=86400'


async def test_a_quota_needs_no_extra_redis_command(
    app: FastAPI, four: httpx.AsyncClient, secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    free = calling(app, headers={"x-api-key": secrets["free"]})
    sent = 0
    send = AbstractConnection.send_packed_command

    async def count(self: AbstractConnection, *args: Any, **options: Any) -> None:
        nonlocal sent
        sent += 1
        await send(self, *args, **options)

    async def commands(client: httpx.AsyncClient) -> int:
        """Return the minimum of commands for one job, since the load is read only sometimes."""
        nonlocal sent
        counts = []
        for _ in range(3):
            sent = 0
            assert (await submit(client)).status_code == 202
            counts.append(sent)
        return min(counts)

    for client in (free, four):
        await submit(client)  # loads the scripts and reads the end of the period
    monkeypatch.setattr(AbstractConnection, "send_packed_command", count)
    assert await commands(four) == await commands(free)

"""API keys: scopes, ownership of jobs, limits and validity."""

import asyncio
import errno
import json
import os
import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI

from api.app import create_app
from api.newkey import new_key
from shared.errors import SetupError
from shared.settings import Settings
from tests.api.conftest import calling
from tests.api.worker import Worker
from tests.support.eventually import eventually_async
from tests.support.examples import comparison_files, extraction_file
from tests.support.problems import assert_problem

KEYS: dict[str, tuple[list[str], dict[str, str]]] = {
    "form": (["submit", "read"], {}),
    "other": (["submit", "read"], {}),
    "intake": (["submit"], {}),
    "console": (["stats"], {}),
    "officer": (["admin"], {}),
    "slow": (["read"], {"rate": "5/minute"}),
    "small": (["submit", "read"], {"rate": "100/second", "quota": "3/day"}),
}


class KeyFile:
    """A file of API keys, with a client for each key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        made = {name: new_key(name, *what) for name, what in KEYS.items()}
        self.secrets = {name: secret for name, (secret, _) in made.items()}
        path.write_text("\n".join(text for _, text in made.values()))
        self.app: FastAPI

    def client(self, name: str) -> httpx.AsyncClient:
        return calling(self.app, headers={"authorization": f"Bearer {self.secrets[name]}"})


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.toml")


@pytest.fixture
def settings(settings: Settings, file: KeyFile) -> Settings:
    return settings.model_copy(update={"api_keys_file": file.path})


@pytest.fixture
async def keys(file: KeyFile, app: FastAPI) -> KeyFile:
    file.app = app
    return file


async def submit(client: httpx.AsyncClient, **data: Any) -> httpx.Response:
    return await client.post("/jobs/extract-face", files={"file": extraction_file()}, data=data)


ASKED = [("GET", "/jobs/x"), ("GET", "/jobs/x/events"), ("DELETE", "/jobs/x"), ("GET", "/batches/x")]
ASKED += [("GET", "/batches/x/results"), ("DELETE", "/batches/x"), ("GET", "/stats"), ("GET", "/metrics")]
ASKED += [("GET", "/stats/history"), ("GET", "/batches/x/results.csv"), ("GET", "/batches/x/portraits.zip")]
ASKED += [("POST", path) for path in ("/extract-face", "/compare-faces", "/jobs/extract-face", "/jobs/compare-faces")]


@pytest.mark.parametrize(("method", "path"), ASKED)
@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer nsfas_wrong"}, {"x-api-key": "é"}, {"authorization": "Basic eDp5"}]
)
async def test_endpoints_need_a_valid_key(
    client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]
) -> None:
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    answer = await client.request(method, path, headers=encoded)
    assert_problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/", "/health/live", "/health/accepting", "/docs", "/openapi.json"])
async def test_information_and_health_need_no_key(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200


async def test_readiness_needs_no_key(client: httpx.AsyncClient) -> None:
    assert_problem(await client.get("/health/ready"), 503, "unavailable")  # no worker runs


async def test_a_key_may_be_in_either_header(keys: KeyFile, client: httpx.AsyncClient) -> None:
    secret = keys.secrets["console"]
    for headers in ({"x-api-key": secret}, {"authorization": f"bearer {secret}"}):
        assert (await client.get("/stats", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("name", "method", "path"),
    [
        ("form", "GET", "/stats"),
        ("form", "GET", "/metrics"),
        ("intake", "GET", "/jobs/x"),
        ("intake", "POST", "/extract-face"),
        ("console", "POST", "/jobs/extract-face"),
        ("console", "DELETE", "/jobs/x"),
        ("officer", "GET", "/jobs/x"),
        ("officer", "DELETE", "/batches/x"),
    ],
)
async def test_a_key_allows_only_its_scopes(keys: KeyFile, name: str, method: str, path: str) -> None:
    assert_problem(await keys.client(name).request(method, path), 403, "forbidden")


async def test_jobs_and_batches_of_another_key_are_not_found(keys: KeyFile, worker: Worker) -> None:
    mine, other = keys.client("form"), keys.client("other")
    job = (await submit(mine, batch="spring")).json()
    assert job["batch"] == "spring"
    assert uuid.UUID(job["id"]).version == 4  # 122 random bits
    path = f"/jobs/{job['id']}"
    for method, address in [("GET", path), ("GET", f"{path}?wait=5"), ("GET", f"{path}/events"), ("DELETE", path)]:
        assert_problem(await other.request(method, address), 404, "job_not_found")
    for method, address in [
        ("GET", "/batches/spring"),
        ("GET", "/batches/spring/results"),
        ("DELETE", "/batches/spring"),
    ]:
        assert_problem(await other.request(method, address), 404, "batch_not_found")
    worker.succeed()
    assert (await mine.get(path)).json()["result"]["success"] is True
    assert (await mine.get("/batches/spring")).json()["name"] == "spring"
    assert (await mine.get("/batches/spring/results")).text.count(job["id"]) == 1


async def test_batches_and_idempotency_keys_belong_to_one_api_key(keys: KeyFile) -> None:
    mine, other = keys.client("form"), keys.client("other")
    request: dict[str, Any] = {
        "headers": {"idempotency-key": "applicant-1"},
        "files": {"file": extraction_file()},
        "data": {"batch": "same"},
    }
    first, again, theirs = [
        (await client.post("/jobs/extract-face", **request)).json()["id"] for client in (mine, mine, other)
    ]
    assert first == again != theirs
    totals = [(await client.get("/batches/same")).json()["total"] for client in (mine, other)]
    assert totals == [1, 1]


async def test_an_admin_key_can_erase_any_job_and_read_none(keys: KeyFile, worker: Worker) -> None:
    mine, officer = keys.client("form"), keys.client("officer")
    path = f"/jobs/{(await submit(mine)).json()['id']}"
    worker.succeed()
    assert (await mine.get(path)).json()["status"] == "succeeded"
    assert (await officer.delete(path)).status_code == 204
    assert_problem(await mine.get(path), 404, "job_not_found")


async def test_a_rate_limit_is_enforced_and_reported(keys: KeyFile) -> None:
    client = keys.client("slow")
    answers = [await client.get("/jobs/unknown") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [404] * 5 + [429]
    assert answers[0].headers["ratelimit-policy"] == '"rate";q=5;w=60'
    assert answers[0].headers["ratelimit"].startswith('"rate";r=4;t=')
    assert_problem(answers[-1], 429, "rate_limited")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


async def test_a_quota_counts_jobs_and_not_reads(keys: KeyFile) -> None:
    client = keys.client("small")
    answers = [await client.post("/jobs/compare-faces", files=comparison_files()) for _ in range(2)]
    answers += [await submit(client) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert_problem(answers[-1], 429, "quota_exceeded")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 24 * 3600
    assert '"quota";q=3;w=86400' in answers[0].headers["ratelimit-policy"]
    assert (await client.get(answers[2].headers["location"])).status_code == 200


async def test_a_quota_counts_synchronous_requests_too(keys: KeyFile, worker: Worker) -> None:
    client, console = keys.client("small"), keys.client("console")

    async def one_waits() -> bool:
        return bool((await console.get("/stats")).json()["queues"]["interactive"]["waiting"] == 1)

    for _ in range(3):
        waiting = asyncio.create_task(client.post("/extract-face", files={"file": extraction_file()}))
        await eventually_async(one_waits)
        worker.succeed()
        assert (await waiting).status_code == 200
    assert_problem(await client.post("/extract-face", files={"file": extraction_file()}), 429, "quota_exceeded")


class Clock:
    """A clock for the module that reads the file of keys."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


class TestRotation:
    """The file is reloaded when it changes."""

    @pytest.fixture(autouse=True)  # before the application reads the file
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> Clock:
        clock = Clock()
        monkeypatch.setattr("api.auth.api_keys.time", SimpleNamespace(monotonic=clock.monotonic))
        return clock

    async def test_a_changed_file_is_reloaded_and_an_invalid_file_is_ignored(
        self, keys: KeyFile, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        before = keys.path.read_text()
        secret, text = new_key("late", ["stats"], {})

        async def status() -> int:
            clock.now += 2
            return (await client.get("/stats", headers={"x-api-key": secret})).status_code

        assert await status() == 401
        keys.path.write_text(f"{before}\n{text}\n")
        assert await status() == 200
        keys.path.write_text("[form\n")
        assert await status() == 200
        keys.path.write_text(before)
        assert await status() == 401

    @pytest.mark.parametrize("trouble", ["deleted", "a folder", "no longer readable"])
    async def test_no_key_is_valid_while_the_file_cannot_be_read(
        self, keys: KeyFile, client: httpx.AsyncClient, clock: Clock, monkeypatch: pytest.MonkeyPatch, trouble: str
    ) -> None:
        content, headers = keys.path.read_text(), {"x-api-key": keys.secrets["console"]}
        assert (await client.get("/stats", headers=headers)).status_code == 200
        with monkeypatch.context() as patch:
            if trouble == "no longer readable":  # root could read the file with any permissions

                def refuse(_: Path) -> bytes:
                    raise PermissionError(errno.EACCES, "Permission denied")

                patch.setattr(Path, "read_bytes", refuse)
            else:
                keys.path.unlink()
                if trouble == "a folder":
                    keys.path.mkdir()
            clock.now += 1
            for name in keys.secrets:
                assert_problem(await keys.client(name).get("/stats"), 401, "unauthorized")
        if trouble == "a folder":
            keys.path.rmdir()
        keys.path.write_text(content)  # the same content, which is read at once
        assert (await client.get("/stats", headers=headers)).status_code == 200

    async def test_previous_keys_stay_valid_for_ten_seconds_while_the_file_is_invalid(
        self, keys: KeyFile, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        content, headers = keys.path.read_text(), {"x-api-key": keys.secrets["console"]}

        async def status_after(seconds: float) -> int:
            clock.now += seconds
            return (await client.get("/stats", headers=headers)).status_code

        keys.path.write_text("[form\n")
        assert await status_after(2) == 200
        keys.path.write_text("x = " + "[" * 5000)  # still invalid, so the grace period continues
        assert await status_after(9) == 200
        assert await status_after(1) == 401
        assert await status_after(100) == 401
        keys.path.write_text(content)
        assert await status_after(0) == 200
        keys.path.write_text("")  # valid, without keys
        assert await status_after(1) == 401

    async def test_a_change_with_the_same_size_and_time_is_detected(
        self, keys: KeyFile, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        stat = keys.path.stat()
        keys.path.write_text(keys.path.read_text().replace('["stats"]', '["admin"]'))
        os.utime(keys.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        clock.now += 1
        answer = await client.get("/stats", headers={"x-api-key": keys.secrets["console"]})
        assert_problem(answer, 403, "forbidden")

    async def test_the_file_is_checked_once_per_second_at_most(
        self, keys: KeyFile, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        secret, text = new_key("late", ["stats"], {})
        keys.path.write_text(f"{keys.path.read_text()}\n{text}\n")
        headers = {"x-api-key": secret}
        clock.now = 0.9
        assert (await client.get("/stats", headers=headers)).status_code == 401
        clock.now = 1.1
        assert (await client.get("/stats", headers=headers)).status_code == 200


class TestLifetime:
    """Validity periods of keys: dates in UTC, both included, or times."""

    DAYS = "not_before = 2026-12-01\nexpires = 2027-01-31"
    MOMENTS = "not_before = 2026-12-01T08:00:00+02:00\nexpires = 2027-01-31T18:00:00+02:00"

    @pytest.fixture
    async def late(
        self, file: KeyFile, settings: Settings, monkeypatch: pytest.MonkeyPatch, lines: str, now: str
    ) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
        """Return a client at this time, and the only key."""
        secret, entry = new_key("late", ["stats"], {})
        file.path.write_text(f"{entry}\n{lines}\n")
        clock = SimpleNamespace(now=lambda zone: datetime.fromisoformat(now).astimezone(zone))
        monkeypatch.setattr("api.auth.authenticator.datetime", clock)
        app = create_app(settings)
        async with LifespanManager(app):
            yield calling(app), secret

    @pytest.mark.parametrize(
        ("lines", "now", "code"),
        [
            (DAYS, "2026-11-30T23:59:59Z", "key_not_yet_valid"),
            (DAYS, "2026-12-01T00:00:00Z", None),
            (DAYS, "2026-12-01T01:59:59+02:00", "key_not_yet_valid"),  # December in Johannesburg, November in UTC
            (DAYS, "2027-01-31T23:59:59Z", None),
            (DAYS, "2027-02-01T01:59:59+02:00", None),
            (DAYS, "2027-02-01T00:00:00Z", "key_expired"),
            (MOMENTS, "2026-12-01T05:59:59Z", "key_not_yet_valid"),
            (MOMENTS, "2026-12-01T06:00:00Z", None),
            (MOMENTS, "2027-01-31T15:59:59Z", None),
            (MOMENTS, "2027-01-31T16:00:00Z", "key_expired"),
            ("expires = 9999-12-31", "2026-12-01T00:00:00Z", None),
        ],
    )
    async def test_a_key_is_valid_until_the_end_of_its_period(
        self, late: tuple[httpx.AsyncClient, str], settings: Settings, code: str | None
    ) -> None:
        client, secret = late
        answer = await client.get("/stats", headers={"x-api-key": secret})
        stranger = await client.get("/stats", headers={"x-api-key": f"{secret}x"})
        if code is None:
            assert answer.status_code == 200
        else:
            assert_problem(answer, 401, code)
            assert "late" not in answer.text
            assert "20" not in answer.json()["detail"]  # no date
        assert_problem(stranger, 401, "unauthorized")
        refused = [json.loads(line) for line in (settings.data_dir / "audit.log").read_text().splitlines()]
        assert [line.get("caller") for line in refused] == [*(["late"] if code else []), None]

    @pytest.mark.parametrize(
        "lines",
        [
            "expires = 2027-01-31T18:00:00",  # no UTC offset
            'expires = "2027-01-31"',
            "expires = 2027",
            "not_before = 2027-02-01\nexpires = 2027-01-31",
        ],
    )
    async def test_ambiguous_times_are_refused_at_startup(self, file: KeyFile, settings: Settings, lines: str) -> None:
        file.path.write_text(f"{new_key('late', ['stats'], {})[1]}\n{lines}\n")
        with pytest.raises(SetupError, match="late"):
            create_app(settings)


async def test_keys_are_neither_in_their_file_nor_in_logs(
    keys: KeyFile, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in keys.secrets:
        client = keys.client(name)
        await submit(client)
        await client.get("/stats")
    wrong = f"nsfas_{uuid.uuid4().hex}"
    assert (await calling(keys.app, headers={"x-api-key": wrong}).get("/stats")).status_code == 401
    audit = settings.data_dir / "audit.log"
    texts = [keys.path.read_text(), *capfd.readouterr(), audit.read_text()]
    assert "job accepted" in "".join(texts)
    assert not any(secret in text for secret in (wrong, *keys.secrets.values()) for text in texts)
    assert audit.stat().st_mode & 0o077 == 0

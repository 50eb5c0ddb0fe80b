"""API keys: who may ask for what, whose job is whose, and how much."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.newkey import new_key
from tests.examples import comparison_files, extraction_file
from tests.servers import System, running, start
from tests.system.test_errors import assert_problem

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested

KEYS: dict[str, tuple[list[str], dict[str, str]]] = {
    "form": (["submit", "read"], {}),
    "other": (["submit", "read"], {}),
    "intake": (["submit"], {}),
    "console": (["stats"], {}),
    "officer": (["admin"], {}),
    "slow": (["read"], {"rate": "5/minute"}),
    "small": (["submit", "read"], {"rate": "100/second", "quota": "3/day"}),
}


class Ring:
    """A file of keys, and a client for each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        made = {name: new_key(name, *what) for name, what in KEYS.items()}
        self.secrets = {name: secret for name, (secret, _) in made.items()}
        path.write_text("\n".join(text for _, text in made.values()))
        self.system: System

    def client(self, name: str) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.secrets[name]}"}
        return httpx.Client(base_url=self.system.url, headers=headers, timeout=60)


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ring]:
    home = tmp_path_factory.mktemp("keys")
    ring = Ring(home / "keys.toml")
    with running(["app.py"], home / "log", data_dir=home / "data", api_keys_file=ring.path) as ring.system:
        yield ring


def submit(client: httpx.Client, **data: Any) -> httpx.Response:
    return client.post("/jobs/extract-face", files={"file": extraction_file()}, data=data)


ASKED = [("GET", "/jobs/x"), ("GET", "/jobs/x/events"), ("DELETE", "/jobs/x"), ("GET", "/batches/x")]
ASKED += [("GET", "/batches/x/results"), ("DELETE", "/batches/x"), ("GET", "/stats"), ("GET", "/metrics")]
ASKED += [("GET", "/stats/history"), ("GET", "/batches/x/results.csv"), ("GET", "/batches/x/portraits.zip")]
ASKED += [("POST", path) for path in ("/extract-face", "/compare-faces", "/jobs/extract-face", "/jobs/compare-faces")]


@pytest.mark.parametrize(("method", "path"), ASKED)
@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer nsfas_wrong"}, {"x-api-key": "é"}, {"authorization": "Basic eDp5"}]
)
def test_without_a_valid_key_nothing_is_shown_or_taken(
    ring: Ring, method: str, path: str, headers: dict[str, str]
) -> None:
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    answer = httpx.request(method, ring.system.url + path, headers=encoded)
    assert_problem(answer, 401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/", "/health/live", "/health/accepting", "/health/ready", "/docs", "/openapi.json"])
def test_what_the_service_is_and_whether_it_works_needs_no_key(ring: Ring, path: str) -> None:
    assert httpx.get(ring.system.url + path).status_code == 200


def test_a_key_may_come_in_either_header(ring: Ring) -> None:
    for headers in ({"x-api-key": ring.secrets["console"]}, {"authorization": f"bearer {ring.secrets['console']}"}):
        assert httpx.get(f"{ring.system.url}/stats", headers=headers).status_code == 200


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
def test_a_key_may_be_used_within_its_scopes_alone(ring: Ring, name: str, method: str, path: str) -> None:
    with ring.client(name) as client:
        assert_problem(client.request(method, path), 403, "forbidden")


def test_another_keys_job_does_not_exist(ring: Ring) -> None:
    with ring.client("form") as mine, ring.client("other") as other:
        job = submit(mine, batch="spring").json()
        assert job["batch"] == "spring"
        assert uuid.UUID(job["id"]).version == 4  # 122 random bits
        path = f"/jobs/{job['id']}"
        for method, address in [("GET", path), ("GET", f"{path}?wait=5"), ("GET", f"{path}/events"), ("DELETE", path)]:
            assert_problem(other.request(method, address), 404, "job_not_found")
        for method, address in [
            ("GET", "/batches/spring"),
            ("GET", "/batches/spring/results"),
            ("DELETE", "/batches/spring"),
        ]:
            assert_problem(other.request(method, address), 404, "batch_not_found")
        assert mine.get(path, params={"wait": 30}).json()["result"]["success"] is True
        assert mine.get("/batches/spring").json()["name"] == "spring"
        assert mine.get("/batches/spring/results").text.count(job["id"]) == 1


def test_batches_and_idempotency_keys_of_two_keys_are_apart(ring: Ring) -> None:
    with ring.client("form") as mine, ring.client("other") as other:
        headers = {"idempotency-key": "applicant-1"}
        files = {"file": extraction_file()}
        first, again, theirs = (
            client.post("/jobs/extract-face", files=files, headers=headers, data={"batch": "same"}).json()["id"]
            for client in (mine, mine, other)
        )
        assert first == again != theirs
        assert mine.get("/batches/same").json()["total"] == other.get("/batches/same").json()["total"] == 1


def test_an_officer_erases_anybodys_job_and_sees_none(ring: Ring) -> None:
    with ring.client("form") as mine, ring.client("officer") as officer:
        path = f"/jobs/{submit(mine).json()['id']}"
        assert mine.get(path, params={"wait": 30}).json()["status"] == "succeeded"
        assert officer.delete(path).status_code == 204
        assert_problem(mine.get(path), 404, "job_not_found")


def test_a_rate_is_counted_told_and_kept(ring: Ring) -> None:
    with ring.client("slow") as client:
        answers = [client.get("/jobs/unknown") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [404] * 5 + [429]
    assert answers[0].headers["ratelimit-policy"] == '"rate";q=5;w=60'
    assert answers[0].headers["ratelimit"].startswith('"rate";r=4;t=')
    assert_problem(answers[-1], 429, "rate_limited")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


def test_a_quota_counts_documents_and_not_questions(ring: Ring) -> None:
    with ring.client("small") as client:
        answers = [client.post("/compare-faces", files=comparison_files()) for _ in range(2)]
        answers += [submit(client) for _ in range(2)]
        job = f"/jobs/{answers[2].json()['id']}"
        assert [answer.status_code for answer in answers] == [200, 200, 202, 429]
        assert_problem(answers[-1], 429, "quota_exceeded")
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 24 * 3600
        assert '"quota";q=3;w=86400' in answers[0].headers["ratelimit-policy"]
        assert client.get(job, params={"wait": 30}).json()["status"] == "succeeded"


def test_keys_are_replaced_without_a_restart_and_a_broken_file_changes_nothing(ring: Ring) -> None:
    before = ring.path.read_text()
    secret, text = new_key("late", ["stats"], {})
    late = {"x-api-key": secret}
    stats = f"{ring.system.url}/stats"
    assert httpx.get(stats, headers=late).status_code == 401
    ring.path.write_text(f"{before}\n{text}\n")
    eventually(lambda: httpx.get(stats, headers=late).status_code == 200)
    ring.path.write_text("[form\n")
    time.sleep(1.5)
    assert httpx.get(stats, headers=late).status_code == 200
    ring.path.write_text(before)
    eventually(lambda: httpx.get(stats, headers=late).status_code == 401)


def eventually(condition: Any) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_the_description_asks_for_a_key_where_there_are_keys_and_says_what_else_is_answered(ring: Ring) -> None:
    description = httpx.get(f"{ring.system.url}/openapi.json").json()
    assert set(description["components"]["securitySchemes"]) == {"HTTPBearer", "APIKeyHeader"}
    for path, operations in description["paths"].items():
        open_to_all = path == "/" or path.startswith("/health")
        for operation in operations.values():
            assert ("security" in operation) is not open_to_all
            assert ({"401", "403", "429"} <= operation["responses"].keys()) is not open_to_all


def test_the_file_holds_no_key_and_the_log_tells_none(ring: Ring) -> None:
    home = Path(ring.system.environment["DATA_DIR"])
    texts = [ring.path.read_text(), ring.system.log.read_text(), (home / "audit.log").read_text()]
    assert not any(secret in text for secret in ring.secrets.values() for text in texts)
    assert (home / "audit.log").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"host": EVERYWHERE}, "no API keys"),
        ({"public_host": "faces.example.org"}, "no API keys"),
        ({"api_keys_file": "missing.toml"}, "No such file"),  # pragma: allowlist secret
    ],
)
@pytest.mark.parametrize("program", [["app.py"], ["-m", "api"]], ids=["app", "api"])
def test_a_service_that_would_be_open_to_everybody_by_accident_does_not_start(
    valkey_url: str, tmp_path: Path, settings: dict[str, str], words: str, program: list[str]
) -> None:
    server = {} if program == ["app.py"] else {"redis_url": valkey_url}
    system = start(program, tmp_path / "log", data_dir=tmp_path / "data", **server, **settings)
    assert system.process.wait(30) == 1
    (line,) = system.log.read_text().splitlines()
    assert words in line


def test_a_public_address_without_keys_can_be_asked_for(valkey_url: str, tmp_path: Path) -> None:
    settings = {"redis_url": valkey_url, "data_dir": tmp_path, "host": EVERYWHERE, "allow_anonymous": "true"}
    api = start(["-m", "api"], tmp_path / "log", **settings)
    try:
        api.wait_until_live()
        assert httpx.get(f"{api.url}/stats").status_code == 200
    finally:
        api.interrupt()

"""Options of a request: each invalid value has a specific error."""

import uuid

import httpx
import pytest

from shared.settings import Settings
from tests.support.compose import card, jpeg
from tests.support.problems import assert_problem

CARD = {"file": jpeg(card())}
PAIR = {"selfie": CARD["file"], "id_photo": CARD["file"]}


@pytest.mark.parametrize("path", ["/compare-faces", "/jobs/compare-faces"])
@pytest.mark.parametrize("threshold", ["x", "-0.1", "2.1", "nan", "inf"])
async def test_an_invalid_threshold_is_a_bad_request(client: httpx.AsyncClient, path: str, threshold: str) -> None:
    response = await client.post(path, files=PAIR, data={"threshold": threshold})
    assert_problem(response, 400, "invalid_threshold")


@pytest.mark.parametrize("path", ["/compare-faces", "/jobs/compare-faces"])
@pytest.mark.parametrize("rate", ["x", "0", "1", "-0.001", "nan"])
async def test_an_invalid_false_match_rate_is_a_bad_request(client: httpx.AsyncClient, path: str, rate: str) -> None:
    response = await client.post(path, files=PAIR, data={"false_match_rate": rate})
    assert_problem(response, 400, "invalid_false_match_rate")


@pytest.mark.parametrize("name", ["threshold", "false_match_rate"])
@pytest.mark.parametrize("number", ["0.5", ".5", "+0.5", "5e-1", "0.5_0", " 0.5 ", "\N{FULLWIDTH DIGIT ZERO}.5"])
async def test_numbers_are_read_as_python_reads_them(client: httpx.AsyncClient, name: str, number: str) -> None:
    header, key = "Idempotency-Key", str(uuid.uuid4())
    first = await client.post("/jobs/compare-faces", files=PAIR, data={name: "0.5"}, headers={header: key})
    second = await client.post("/jobs/compare-faces", files=PAIR, data={name: number}, headers={header: key})
    assert first.status_code == second.status_code == 202
    assert first.json()["id"] == second.json()["id"]


async def test_a_threshold_and_a_false_match_rate_together_are_a_bad_request(client: httpx.AsyncClient) -> None:
    both = {"threshold": "0.5", "false_match_rate": "0.001"}
    answer = await client.post("/jobs/compare-faces", files=PAIR, data=both)
    assert assert_problem(answer, 400, "invalid_false_match_rate")["field"] == "false_match_rate"


@pytest.mark.parametrize("path", ["/extract-face", "/jobs/extract-face"])
async def test_an_invalid_boolean_is_a_bad_request(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, files=CARD, data={"pages": "perhaps"})
    assert assert_problem(answer, 400, "invalid_request")["field"] == "pages"


@pytest.mark.parametrize("reference", ["x" * 256, "two\nlines", "null\0byte", "\u202egpj.exe"])
async def test_an_invalid_reference_is_a_bad_request(client: httpx.AsyncClient, reference: str) -> None:
    answer = await client.post("/jobs/extract-face", files=CARD, data={"reference": reference})
    assert_problem(answer, 400, "invalid_reference")


@pytest.mark.parametrize("name", ["two words", "x" * 65, "a/b", "\u00e9"])
async def test_an_invalid_batch_name_is_a_bad_request(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.post("/jobs/extract-face", files=CARD, data={"batch": name})
    assert_problem(answer, 400, "invalid_batch")


@pytest.mark.parametrize("key", ["", "two words", 'an"quote', "x" * 256, "a, b", "caf\u00e9"])
async def test_an_invalid_idempotency_key_is_a_bad_request(client: httpx.AsyncClient, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode())]
    assert_problem(await client.post("/jobs/extract-face", files=CARD, headers=headers), 400, "invalid_idempotency_key")


@pytest.mark.parametrize("wait", ["-1", "61", "soon"])
async def test_an_invalid_wait_is_a_bad_request(client: httpx.AsyncClient, wait: str) -> None:
    assert_problem(await client.get("/jobs/any", params={"wait": wait}), 400, "invalid_request")


class TestCallbackAddress:
    """Callbacks are sent only to allowed hosts."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"callback_hosts": ["forms.example.org"]})

    @pytest.mark.parametrize(
        "url",
        [
            "http://forms.example.org/",
            "https://other.example.org/",
            "https://forms.example.org:8443/",
            "https://user:word@forms.example.org/",  # pragma: allowlist secret
            "https://forms.example.org.evil.net/",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1",
            "nothing",
        ],
    )
    async def test_urls_that_are_not_allowed_are_refused(self, client: httpx.AsyncClient, url: str) -> None:
        answer = await client.post("/jobs/extract-face", files=CARD, data={"callback_url": url})
        assert_problem(answer, 400, "invalid_callback")

    async def test_an_allowed_url_is_stored_with_the_job(self, client: httpx.AsyncClient) -> None:
        data = {"callback_url": "https://forms.example.org/jobs"}
        answer = await client.post("/jobs/extract-face", files=CARD, data=data)
        assert answer.status_code == 202
        assert answer.json()["callback"] == {"state": "pending", "attempts": 0}


class TestCallbackHosts:
    """Host names are case-insensitive, and a trailing dot is ignored."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        hosts = Settings(callback_hosts="Forms.Example.ORG, hooks.example.org.:8443").callback_hosts
        return settings.model_copy(update={"callback_hosts": hosts})

    @pytest.mark.parametrize(
        "url",
        [
            "https://forms.example.org/",
            "https://FORMS.example.org:443/",
            "https://Forms.Example.Org./jobs",
            "https://hooks.example.org:8443/",
            "https://HOOKS.example.org.:8443/",
        ],
    )
    async def test_hosts_are_case_insensitive(self, client: httpx.AsyncClient, url: str) -> None:
        answer = await client.post("/jobs/extract-face", files=CARD, data={"callback_url": url})
        assert answer.status_code == 202

    @pytest.mark.parametrize("url", ["https://hooks.example.org/", "https://forms.example.org../", "https://."])
    async def test_other_hosts_are_refused(self, client: httpx.AsyncClient, url: str) -> None:
        answer = await client.post("/jobs/extract-face", files=CARD, data={"callback_url": url})
        assert_problem(answer, 400, "invalid_callback")

"""``Idempotency-Key``: repeated requests return the same job."""

import httpx
import pytest

from shared.settings import Settings
from tests.api.worker import Worker
from tests.support.compose import card, jpeg
from tests.support.files import stored
from tests.support.problems import assert_problem

FILES = {"file": jpeg(card())}
OTHER = {"file": jpeg(card("biden"))}
PAIR = {"selfie": FILES["file"], "id_photo": OTHER["file"]}


@pytest.mark.parametrize("quoted", [True, False])
async def test_the_same_request_returns_the_same_job(
    client: httpx.AsyncClient, settings: Settings, *, quoted: bool
) -> None:
    headers = {"Idempotency-Key": '"a-key"' if quoted else "a-key"}
    answers = [await client.post("/jobs/extract-face", files=FILES, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert len(stored(settings)) == 1


async def test_a_key_with_a_different_request_is_refused_and_stores_nothing(
    client: httpx.AsyncClient, settings: Settings, worker: Worker
) -> None:
    headers = {"Idempotency-Key": "one-key-two-documents"}
    location = (await client.post("/jobs/extract-face", files=FILES, headers=headers)).headers["location"]
    worker.succeed()
    assert (await client.get(location)).json()["status"] == "succeeded"
    before = stored(settings)
    for path, files, data in [
        ("/jobs/extract-face", OTHER, {}),
        ("/jobs/extract-face", FILES, {"batch": "another"}),
        ("/jobs/compare-faces", PAIR, {}),
    ]:
        answer = await client.post(path, files=files, data=data, headers=headers)
        assert_problem(answer, 422, "idempotency_key_reused")
    assert stored(settings) == before


async def test_a_threshold_of_zero_differs_from_no_threshold(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "no-threshold"}
    assert (await client.post("/jobs/compare-faces", files=PAIR, headers=headers)).status_code == 202
    again = await client.post("/jobs/compare-faces", files=PAIR, data={"threshold": "0"}, headers=headers)
    assert_problem(again, 422, "idempotency_key_reused")


async def test_the_key_of_an_erased_job_creates_no_other_job(client: httpx.AsyncClient, worker: Worker) -> None:
    headers = {"Idempotency-Key": "erased"}
    location = (await client.post("/jobs/extract-face", files=FILES, headers=headers)).headers["location"]
    worker.succeed()
    assert (await client.delete(location)).status_code == 204
    assert_problem(await client.post("/jobs/extract-face", files=FILES, headers=headers), 410, "job_expired")

"""The client with the real system: results as models, errors as exceptions, and retries without side effects."""

import asyncio
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from face_intake import (
    AsyncClient,
    Client,
    DocumentError,
    NoFaceError,
    ServiceError,
    UnfinishedError,
    UnreachableError,
    requests,
)
from face_intake.errors import (
    BatchNotFoundError,
    IdempotencyKeyReusedError,
    InvalidFalseMatchRateError,
    InvalidThresholdError,
    JobNotFoundError,
    UnauthorizedError,
    UnavailableError,
    UnmeasuredRateError,
)
from face_intake.results import Comparison, ComparisonWarning

from api.newkey import new_key
from shared.settings import Settings
from tests.api.server import serving
from tests.client.flaky import FlakyProxy
from tests.support.eventually import eventually
from tests.support.servers import System, free_port

RETRY_AFTER = {"retry-after": "1"}


def test_a_document_may_be_a_path_bytes_or_an_open_file(faces: Client, files: Path) -> None:
    path = files / "id-card.jpg"
    with path.open("rb") as file:
        portraits = {faces.extract_face(each).portrait for each in (path, str(path), path.read_bytes(), file)}
    assert len(portraits) == 1
    assert portraits.pop().startswith(b"\xff\xd8\xff")


def test_the_result_contains_page_pictures_on_request(faces: Client, files: Path) -> None:
    assert faces.extract_face(files / "id-card.jpg").pages is None
    pages = faces.extract_face(files / "id-card.jpg", pages=True).pages
    assert pages is not None
    assert pages[0].picture.startswith(b"\xff\xd8\xff")


def test_a_comparison_uses_the_given_threshold(faces: Client, files: Path) -> None:
    assert faces.compare_faces(files / "selfie.jpg", files / "id-card.jpg").match
    strangers = (files / "selfie.jpg", files / "stranger.jpg")
    assert not faces.compare_faces(*strangers).match
    assert faces.compare_faces(*strangers, threshold=2).match
    assert not faces.compare_faces(*strangers, threshold=0).match
    with pytest.raises(InvalidThresholdError):
        faces.compare_faces(*strangers, threshold=3)


def test_a_comparison_uses_the_given_false_match_rate(faces: Client, files: Path) -> None:
    pair = (files / "selfie.jpg", files / "id-card.jpg")
    usual, strict = faces.compare_faces(*pair), faces.compare_faces(*pair, false_match_rate=0.0001)
    assert (usual.threshold, usual.threshold_false_match_rate) == (0.6, 0.001)
    assert (strict.threshold, strict.threshold_false_match_rate) == (0.5, 0.0001)
    assert usual.false_match_rate == strict.false_match_rate == 1e-5
    with pytest.raises(InvalidFalseMatchRateError):
        faces.compare_faces(*pair, false_match_rate=0.0001, threshold=0.6)
    with pytest.raises(UnmeasuredRateError) as raised:
        faces.compare_faces(*pair, false_match_rate=1e-9)
    assert raised.value.problem.field == "false_match_rate"


def test_a_comparison_describes_both_faces_and_contains_them_on_request(faces: Client, files: Path) -> None:
    pair = (files / "selfie.jpg", files / "id-card.jpg")
    comparison = faces.compare_faces(*pair, portraits=True)
    assert comparison.selfie
    assert comparison.id_photo
    for file, face in zip(pair, (comparison.selfie, comparison.id_photo), strict=True):
        extraction = faces.extract_face(file)
        assert face.portrait == extraction.portrait
        assert face.box == extraction.metadata.selected.box
        assert face.total_faces == extraction.metadata.total_faces
        assert not face.several_people
    plain = faces.compare_faces(*pair)
    assert plain.selfie
    assert plain.selfie.portrait is None


def test_a_comparison_with_a_poor_picture_has_a_warning(faces: Client, files: Path) -> None:
    comparison = faces.compare_faces(files / "small.jpg", files / "id-card.jpg")
    warning = ComparisonWarning(code="unreliable_comparison", field="selfie", reason="too_small")
    assert comparison.warnings == [warning]
    friends = faces.compare_faces(files / "friends.jpg", files / "id-card.jpg").selfie
    assert friends
    assert friends.several_people


def test_a_comparison_from_an_older_service_is_parsed() -> None:
    older = {"match": True, "distance": 0.1, "confidence": 90.0, "threshold": 0.6, "false_match_rate": None}
    comparison = Comparison.model_validate(older)
    assert comparison.warnings == []
    assert comparison.threshold_false_match_rate is None
    assert comparison.selfie is comparison.id_photo is None


def test_an_error_has_the_class_of_its_code_and_the_description_of_the_service(faces: Client, files: Path) -> None:
    with pytest.raises(NoFaceError, match="no_face: No face was found") as raised:
        faces.extract_face(files / "letter.pdf")
    assert isinstance(raised.value, DocumentError)
    assert raised.value.problem.field == "file"
    with pytest.raises(JobNotFoundError):
        faces.job("unknown")
    with pytest.raises(BatchNotFoundError):
        list(faces.iter_results("unknown"))


def test_a_job_can_be_submitted_awaited_and_erased(faces: Client, files: Path) -> None:
    job = faces.submit(files / "id-card.jpg", reference="applicant 1", pages=True)
    ended = faces.wait(job, timeout=60)
    assert (ended.id, ended.reference, ended.status) == (job.id, "applicant 1", "succeeded")
    assert ended.extraction.metadata.total_faces == 2
    assert ended.extraction.pages
    with pytest.raises(TypeError):
        _ = ended.comparison
    faces.erase(job)
    with pytest.raises(JobNotFoundError):
        faces.job(job)


def test_the_result_of_a_failed_job_raises_its_error(faces: Client, files: Path) -> None:
    ended = faces.wait(faces.submit(files / "letter.pdf"))
    assert ended.error is not None
    with pytest.raises(NoFaceError):
        _ = ended.extraction
    comparison = faces.wait(faces.submit_comparison(files / "selfie.jpg", files / "id-card.jpg", threshold=0.4))
    assert comparison.comparison.threshold == 0.4
    pair = (files / "selfie.jpg", files / "id-card.jpg")
    comparison = faces.wait(faces.submit_comparison(*pair, false_match_rate=0.01, portraits=True))
    assert comparison.comparison.threshold == 0.7
    assert comparison.comparison.id_photo
    assert comparison.comparison.id_photo.portrait
    unmeasured = faces.wait(faces.submit_comparison(*pair, false_match_rate=0.5))
    with pytest.raises(UnmeasuredRateError):
        _ = unmeasured.comparison


def test_a_wait_that_takes_too_long_raises_and_the_job_continues(valkey_url: str, tmp_path: Path, files: Path) -> None:
    settings = Settings(redis_url=valkey_url, data_dir=tmp_path)
    with serving(settings) as url, Client(url) as client:  # no worker runs
        job = client.submit(files / "id-card.jpg")
        with pytest.raises(UnfinishedError):
            _ = client.job(job).extraction
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            client.wait(job, timeout=1)
        assert time.monotonic() - started < 50  # the service itself would wait for 60
        assert client.job(job).status == "queued"


def test_results_of_a_batch_arrive_in_order_of_their_end_and_after_a_cursor(faces: Client, files: Path) -> None:
    name = uuid.uuid4().hex
    for reference in ("one", "two", "three"):
        faces.submit(files / "id-card.jpg", batch=name, reference=reference)
    results = list(faces.iter_results(name, follow=True))
    assert sorted(result.reference or "" for result in results) == ["one", "three", "two"]
    assert [result.cursor for result in results] == [1, 2, 3]
    assert [result.cursor for result in faces.iter_results(name, since=2)] == [3]
    assert faces.batch(name).succeeded == 3
    assert faces.cancel_batch(name).cancelled == 0


def test_a_broken_stream_of_results_continues_after_the_last_result(
    faces: Client, proxy: FlakyProxy, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "POLL_INTERVAL", 0.01)
    name = uuid.uuid4().hex
    jobs = [faces.submit(files / "id-card.jpg", batch=name) for _ in range(3)]
    for job in jobs:
        faces.wait(job)

    async def cursors() -> list[int]:
        async with AsyncClient(proxy.url) as client:
            return [result.cursor async for result in client.iter_results(name)]

    with Client(proxy.url) as client:
        proxy.cuts = [1, 0, 1]
        assert [result.cursor for result in client.iter_results(name)] == [1, 2, 3]
        assert [path.partition("=")[2] for path in proxy.paths] == ["0", "1", "1", "2"]
        proxy.cuts = [2, 0]
        assert asyncio.run(cursors()) == [1, 2, 3]
        proxy.cuts = [0] * (requests.MAX_RETRIES + 1)
        with pytest.raises(UnreachableError):
            list(client.iter_results(name))


def test_the_asynchronous_client_has_the_same_behaviour(system: System, files: Path) -> None:
    async def work() -> None:
        name = uuid.uuid4().hex
        async with AsyncClient(system.url) as client:
            extraction, comparison = await asyncio.gather(
                client.extract_face(files / "id-card.jpg"),
                client.compare_faces(
                    files / "selfie.jpg", files / "id-card.jpg", false_match_rate=0.01, portraits=True
                ),
            )
            assert extraction.metadata.total_faces == 2
            assert (comparison.match, comparison.threshold) == (True, 0.7)
            assert comparison.selfie
            assert comparison.selfie.portrait
            job = await client.submit(files / "letter.pdf", batch=name)
            assert (await client.wait(job)).error
            assert [result.id async for result in client.iter_results(name, follow=True)] == [job.id]
            pictures = (files / "selfie.jpg", files / "id-card.jpg")
            pair = await client.submit_comparison(*pictures, batch=name, false_match_rate=0.01)
            assert (await client.wait(pair, timeout=60)).comparison.threshold == 0.7
            assert (await client.batch(name)).total == 2
            assert (await client.cancel_batch(name)).queued == 0
            await client.erase(job)
            with pytest.raises(JobNotFoundError):
                await client.job(job)
            assert (await client.info()).status == "ok"
            assert (await client.stats()).workers == 1

    asyncio.run(work())


def test_a_temporary_failure_is_retried_with_the_same_idempotency_key(proxy: FlakyProxy, files: Path) -> None:
    proxy.failures = [None, (503, RETRY_AFTER), (429, RETRY_AFTER), (502, {})]
    started = time.monotonic()
    with Client(proxy.url) as client:
        assert client.wait(client.submit(files / "id-card.jpg")).extraction
    assert time.monotonic() - started >= 2  # the Retry-After of two responses
    assert len(proxy.posts) == 5
    assert len({post["Idempotency-Key"] for post in proxy.posts}) == 1


def test_a_closed_client_repeats_no_request(proxy: FlakyProxy, files: Path) -> None:
    proxy.failures = [(503, RETRY_AFTER)]
    with ThreadPoolExecutor(1) as threads:
        with Client(proxy.url) as client:
            submission = threads.submit(client.submit, files / "id-card.jpg")
            eventually(lambda: proxy.posts, waiting_for="the request")
        with pytest.raises(RuntimeError, match="the client is closed"):
            submission.result()
    assert len(proxy.posts) == 1


def test_a_closed_asynchronous_client_repeats_no_request(proxy: FlakyProxy, files: Path) -> None:
    proxy.failures = [(503, RETRY_AFTER)]

    async def work() -> None:
        async with AsyncClient(proxy.url) as client:
            submission = asyncio.create_task(client.submit(files / "id-card.jpg"))
            await asyncio.to_thread(eventually, lambda: proxy.posts, waiting_for="the request")
        with pytest.raises(RuntimeError, match="the client is closed"):
            await submission

    asyncio.run(work())
    assert len(proxy.posts) == 1


def test_each_call_has_a_new_idempotency_key_unless_one_is_given(proxy: FlakyProxy, files: Path) -> None:
    with Client(proxy.url) as client:
        first, second = (client.submit(files / "id-card.jpg", batch="keys") for _ in range(2))
        assert first.id != second.id
        name = uuid.uuid4().hex
        same = {client.submit(files / "id-card.jpg", idempotency_key=name).id for _ in range(2)}
        assert len(same) == 1
        with pytest.raises(IdempotencyKeyReusedError):
            client.submit(files / "selfie.jpg", idempotency_key=name)


def test_an_unreachable_service_and_a_proxys_error_page_raise(proxy: FlakyProxy, files: Path) -> None:
    with (
        Client(f"http://127.0.0.1:{free_port()}", retry=requests.retry_policy(1)) as unreachable,
        pytest.raises(UnreachableError),
    ):
        unreachable.info()
    proxy.failures = [(503, {}), (503, {})]
    with Client(proxy.url, retry=requests.retry_policy(1)) as client, pytest.raises(UnavailableError) as raised:
        client.extract_face(files / "id-card.jpg")
    assert isinstance(raised.value, ServiceError)
    assert "503" in str(raised.value)


def test_the_api_key_is_sent(valkey_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, entry = new_key("client", ["submit", "read", "stats"], {})
    (path := tmp_path / "keys.toml").write_text(entry)
    with serving(Settings(redis_url=valkey_url, data_dir=tmp_path, api_keys_file=path)) as url:
        with Client(url) as client, pytest.raises(UnauthorizedError):
            client.stats()
        with Client(url, secret) as client:
            assert client.stats().requests_waiting == 0
        monkeypatch.setenv("FACE_INTAKE_URL", url)
        monkeypatch.setenv("FACE_INTAKE_KEY", secret)
        with Client() as client:
            assert client.stats().requests_waiting == 0


def test_responses_of_a_newer_service_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    response = httpx.Response(200, json={"name": "n", "status": "ok", "version": "9", "more": 1})
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", lambda *_: response)
    with Client("http://service.example") as client:
        assert client.info().version == "9"

"""A kind of job is two files, a declaration and a handler: everything else derives from them."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.compose import card, jpeg
from tests.support.problems import assert_problem
from tests.support.servers import client_of, running
from tests.support.toy_kind import service_with_toy_kind

CARD = jpeg(card())
DIGEST = hashlib.sha256(CARD).hexdigest()
FORM = {"document": CARD}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Run a copy of the service with a third kind."""
    home = tmp_path_factory.mktemp("third-kind")
    service = service_with_toy_kind(home / "service")
    settings = {"data_dir": home / "data", "decoder_sandbox": True}
    with running(["app.py"], home / "log", folder=service, **settings) as system, client_of(system.url) as client:
        yield client


def test_the_synchronous_operation_returns_the_result(client: httpx.Client) -> None:
    answer = client.post("/fingerprint-file", files=FORM)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"success": True, "digest": DIGEST, "size": len(CARD), "picture": None}


def test_the_options_are_those_of_the_declaration(client: httpx.Client) -> None:
    options = {"digits": "8", "document_picture": "true"}
    for where in ("data", "params"):
        given: dict[str, Any] = {where: options}
        answer = client.post("/fingerprint-file", files=FORM, **given).json()
        assert answer["digest"] == DIGEST[:8]
        assert answer["picture"].startswith("data:image/jpeg;base64,")
    # One form may serve all kinds: options of another kind are ignored.
    assert client.post("/fingerprint-file", files=FORM, data={"threshold": "x"}).status_code == 200
    card_alone = client.post("/extract-face", files={"file": CARD}, data=options)
    assert card_alone.status_code == 200


def test_pages_of_other_origins_may_use_it_as_the_other_kinds(client: httpx.Client) -> None:
    headers = {"Origin": "https://forms.example.org", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    for path in ("/fingerprint-file", "/jobs/fingerprint-file"):
        answer = client.post(path, files=FORM, headers=headers)
        assert answer.is_success, answer.text
        assert answer.headers["access-control-allow-origin"] == "*"


def test_an_invalid_option_has_the_error_code_of_the_declaration(client: httpx.Client) -> None:
    problem = assert_problem(
        client.post("/fingerprint-file", files=FORM, data={"digits": "7"}), 400, "invalid_threshold"
    )
    assert problem["field"] == "digits"
    unknown = client.post("/fingerprint-file", files=FORM, data={"digit": "8"})
    assert assert_problem(unknown, 400, "unknown_field")["field"] == "digit"
    missing = client.post("/fingerprint-file", files={"file": CARD})
    assert assert_problem(missing, 400, "missing_file")["field"] == "document"


def test_the_job_of_a_failed_document_names_its_field(client: httpx.Client) -> None:
    refused = client.post("/fingerprint-file", files={"document": CARD + b"unreadable"})
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["field"]) == (400, "unreadable_image", "document")
    assert problem["detail"].startswith("Document: ")


def test_a_job_is_submitted_followed_and_replayed(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "third-kind"}
    locations = set()
    for _ in range(2):
        accepted = client.post("/jobs/fingerprint-file", files=FORM, data={"digits": "8"}, headers=headers)
        assert (accepted.status_code, accepted.json()["kind"]) == (202, "fingerprint-file")
        locations.add(accepted.headers["location"])
    (location,) = locations
    job = client.get(location, params={"wait": 60}).json()
    assert (job["status"], job["result"]["digest"]) == ("succeeded", DIGEST[:8])
    other = client.post("/jobs/fingerprint-file", files=FORM, data={"digits": "9"}, headers=headers)
    assert_problem(other, 422, "idempotency_key_reused")


def test_a_batch_of_all_kinds_has_the_columns_and_pictures_of_each(client: httpx.Client) -> None:
    submissions = {
        "extract-face": {"file": CARD},
        "fingerprint-file": FORM,
        "compare-faces": {"selfie": CARD, "id_photo": CARD},
    }
    for kind, files in submissions.items():
        data = {"batch": "mixed", "reference": kind, "document_picture": "true"}
        accepted = client.post(f"/jobs/{kind}", files=files, data=data)
        assert accepted.status_code == 202, accepted.text
        client.get(accepted.headers["location"], params={"wait": 60})
    broken = {"document": CARD + b"unreadable"}
    failed = client.post("/jobs/fingerprint-file", files=broken, data={"batch": "mixed", "reference": "broken"})
    client.get(failed.headers["location"], params={"wait": 60})

    lines = [json.loads(line) for line in client.get("/batches/mixed/results").text.splitlines()]
    assert [line["kind"] for line in lines] == [*submissions, "fingerprint-file"]
    assert lines[1]["result"]["digest"] == DIGEST

    table = client.get("/batches/mixed/results.csv").text
    rows = {row["reference"]: row for row in csv.DictReader(io.StringIO(table))}
    assert {name: rows["fingerprint-file"][name] for name in ("confidence", "digest", "bytes", "match")} == {
        "confidence": "100",
        "digest": DIGEST,
        "bytes": str(len(CARD)),
        "match": "",
    }
    assert (rows["extract-face"]["digest"], rows["compare-faces"]["match"]) == ("", "True")
    assert (rows["broken"]["code"], rows["broken"]["digest"]) == ("unreadable_image", "")

    archive = zipfile.ZipFile(io.BytesIO(client.get("/batches/mixed/portraits.zip").content))
    assert archive.namelist() == ["extract-face.jpg", "fingerprint-file.jpg"]
    assert archive.read("fingerprint-file.jpg") == CARD


def test_the_openapi_description_contains_the_kind(client: httpx.Client) -> None:
    description = client.get("/openapi.json").json()
    for path, operation_id, status in (
        ("/fingerprint-file", "fingerprint_file", "200"),
        ("/jobs/fingerprint-file", "submit_fingerprint", "202"),
    ):
        operation = description["paths"][path]["post"]
        assert operation["operationId"] == operation_id
        form = operation["requestBody"]["content"]["multipart/form-data"]
        assert form["schema"]["required"] == ["document"]
        assert form["schema"]["properties"]["digits"]["maximum"] == 64
        assert form["example"]["digits"] == 16
        assert "invalid_threshold" in operation["responses"]["400"]["content"]["application/problem+json"]["examples"]
        assert status in operation["responses"]
    schemas = description["components"]["schemas"]
    assert schemas["JobKind"]["enum"] == ["extract-face", "compare-faces", "fingerprint-file"]
    results = [each.get("$ref", "").rpartition("/")[2] for each in schemas["JobView"]["properties"]["result"]["anyOf"]]
    assert results == ["ExtractionResult", "ComparisonResult", "FingerprintResult", ""]

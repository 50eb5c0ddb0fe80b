"""The contract with clients, tested with real HTTP, a real queue and real models."""

import base64
import io
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image

from tests.support.compose import a4, card, head, jpeg, pdf, png
from tests.support.eventually import eventually
from tests.support.examples import FOLDER as EXAMPLES, comparison_files, extraction_file
from tests.support.photos import photo
from tests.support.problems import assert_problem
from tests.support.servers import ROOT, System

Json = dict[str, Any]


def ended(client: httpx.Client, location: str) -> Json:
    """Poll a job until it has ended."""

    def job() -> Json:
        job: Json = client.get(location).json()
        return job if job["status"] in {"succeeded", "failed", "cancelled"} else {}

    return eventually(job, waiting_for=f"{location} to end")


def test_root_names_the_service(client: httpx.Client) -> None:
    answer = client.get("/").json()
    assert answer.keys() >= {"name", "status", "version"}


@pytest.mark.parametrize("encode", [jpeg, png, pdf])
def test_extract_face_returns_the_portrait_and_its_scores(client: httpx.Client, encode: Any) -> None:
    response = client.post("/extract-face", files={"file": ("upload", encode(card()))})
    assert response.status_code == 200
    answer = response.json()
    assert answer["success"] is True
    header, image = answer["face_image"].split(",")
    assert header == "data:image/jpeg;base64"
    portrait = Image.open(io.BytesIO(base64.b64decode(image)))
    assert portrait.format == "JPEG"
    metadata = answer["metadata"]
    chosen = metadata["all_faces"][metadata["selected_index"]]
    assert metadata["total_faces"] == len(metadata["all_faces"]) >= 1
    assert metadata["confidence"] == metadata["combined_score"] == chosen["combined_score"]
    combined = 0.7 * chosen["size_score"] + 0.3 * chosen["position_score"]
    assert chosen["combined_score"] == pytest.approx(combined, abs=0.02)
    assert metadata["face_size"].keys() == {"width", "height"}
    assert chosen.keys() >= {
        *("index", "box", "page", "page_size", "detection_score"),
        *("size_score", "position_score", "combined_score", "rotation"),
    }
    assert chosen["page_size"] == {"width": 1000, "height": 630}


def test_the_name_and_type_of_an_upload_do_not_matter(client: httpx.Client) -> None:
    response = client.post("/extract-face", files={"file": ("scan.pdf", png(card()), "text/html")})
    assert response.status_code == 200


def test_boxes_are_in_the_frame_of_the_page_upright_by_exif(client: httpx.Client) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = jpeg(np.ascontiguousarray(np.rot90(card(), 1)), exif=exif)
    upright, tagged = (
        client.post("/extract-face", files={"file": data}).json()["metadata"]["all_faces"][0]
        for data in (jpeg(card()), stored)
    )
    assert tagged["page_size"] == upright["page_size"]
    assert tagged["rotation"] == 0
    for edge, value in upright["box"].items():
        assert tagged["box"][edge] == pytest.approx(value, abs=4)


def test_another_person_of_comparable_size_gives_a_warning(client: httpx.Client) -> None:
    scene = card("obama")
    scene[200:520, 640:880] = cv2.resize(head("biden"), (240, 320), interpolation=cv2.INTER_AREA)
    answers = [client.post("/extract-face", files={"file": jpeg(picture)}).json() for picture in (card("obama"), scene)]
    assert [answer["metadata"]["warnings"] for answer in answers] == [[], ["several_people"]]


def test_compare_faces_returns_the_result(client: httpx.Client) -> None:
    for name, match in (("obama2", True), ("biden", False)):
        files = {"selfie": png(photo("obama")), "id_photo": jpeg(card(name))}
        answer = client.post("/compare-faces", files=files).json()
        assert answer.keys() >= {"success", "match", "distance", "confidence", "threshold"}
        assert (answer["false_match_rate"] <= answer["threshold_false_match_rate"] == 0.001) is match
        assert answer["match"] is match
        assert answer["threshold"] == 0.6
        assert answer["confidence"] == pytest.approx(max(0, (1 - answer["distance"]) * 100), abs=0.02)


@pytest.mark.parametrize("where", ["data", "params"])
def test_the_threshold_may_be_given_with_the_request(client: httpx.Client, where: str) -> None:
    files = {"selfie": png(photo("obama")), "id_photo": jpeg(card("obama2"))}
    arguments: Json = {where: {"threshold": "0.05"}}
    answer = client.post("/compare-faces", files=files, **arguments).json()
    assert answer["threshold"] == 0.05
    assert answer["match"] is False


def test_a_comparison_accepts_a_false_match_rate(client: httpx.Client) -> None:
    files = {"selfie": png(photo("obama")), "id_photo": jpeg(card("obama2"))}
    answer = client.post("/compare-faces", files=files, data={"false_match_rate": "0.0001"}).json()
    assert (answer["threshold"], answer["threshold_false_match_rate"]) == (0.5, 0.0001)
    unmeasured = client.post("/compare-faces", files=files, data={"false_match_rate": "0.0000001"})
    assert_problem(unmeasured, 400, "unmeasured_rate")


def test_a_comparison_describes_both_faces_and_contains_them_on_request(client: httpx.Client) -> None:
    files = {"selfie": png(photo("obama")), "id_photo": jpeg(card("obama2"))}
    answer = client.post("/compare-faces", files=files).json()
    alone = client.post("/extract-face", files={"file": files["id_photo"]}).json()
    assert answer["id_photo"]["quality"] == alone["metadata"]["quality"]
    assert answer["id_photo"]["box"] == alone["metadata"]["all_faces"][0]["box"]
    assert answer["warnings"] == []
    assert "face_image" not in answer["selfie"]
    shown = client.post("/compare-faces", files=files, data={"portraits": "true"}).json()
    assert shown["id_photo"]["face_image"] == alone["face_image"]
    assert shown["selfie"]["face_image"].startswith("data:image/jpeg;base64,")


def test_a_submitted_extraction_has_the_result_of_the_synchronous_endpoint(client: httpx.Client) -> None:
    files = {"file": jpeg(card())}
    accepted = client.post("/jobs/extract-face", files=files)
    assert accepted.status_code == 202
    assert int(accepted.headers["retry-after"]) >= 1
    body = accepted.json()
    assert accepted.headers["location"] == f"/jobs/{body['id']}"
    assert body["kind"] == "extract-face"
    job = ended(client, accepted.headers["location"])
    assert job["status"] == "succeeded"
    assert job["attempts"] == 1
    created, started, finished = (
        datetime.fromisoformat(job[f"{name}_at"]) for name in ("created", "started", "finished")
    )
    assert created <= started <= finished
    assert job["result"] == client.post("/extract-face", files=files).json()


def test_a_submitted_comparison_has_the_result_of_the_synchronous_endpoint(client: httpx.Client) -> None:
    files = {"selfie": png(photo("obama")), "id_photo": jpeg(card("obama2"))}
    job = ended(client, client.post("/jobs/compare-faces", files=files).headers["location"])
    assert job["result"] == client.post("/compare-faces", files=files).json()


def test_a_submitted_job_that_fails_has_the_error_of_the_synchronous_endpoint(client: httpx.Client) -> None:
    files = {"file": pdf("Only text.")}
    job = ended(client, client.post("/jobs/extract-face", files=files).headers["location"])
    assert job["status"] == "failed"
    assert "result" not in job
    assert job["error"] == client.post("/extract-face", files=files).json()


@pytest.mark.parametrize("how", [{"params": {"wait": 60}}, {"headers": {"Prefer": "respond-async, wait=60"}}])
def test_a_request_for_a_job_can_wait_for_its_end(client: httpx.Client, how: Json) -> None:
    location = client.post("/jobs/extract-face", files={"file": jpeg(card())}).headers["location"]
    answer = client.get(location, **how)
    assert answer.json()["status"] == "succeeded"
    assert answer.headers.get("preference-applied") == ("wait=60" if "headers" in how else None)


def test_an_erased_job_is_deleted_with_its_result(client: httpx.Client, system: System) -> None:
    location = client.post("/jobs/extract-face", files={"file": jpeg(card())}).headers["location"]
    assert client.get(location, params={"wait": 60}).json()["status"] == "succeeded"
    results = Path(system.environment["DATA_DIR"]) / "blobs" / "results"
    (result,) = results.glob(f"{location.rpartition('/')[2]}.*")
    assert result.is_file()
    assert client.delete(location).status_code == 204
    assert client.get(location).status_code == 404
    assert client.delete(location).status_code == 404
    eventually(lambda: not result.exists(), waiting_for="the result to be deleted")


@pytest.mark.parametrize("quoted", [True, False])
def test_an_idempotency_key_gives_the_same_response(client: httpx.Client, *, quoted: bool) -> None:
    headers = {"Idempotency-Key": f'"wrapper-{quoted}"' if quoted else f"wrapper-{quoted}"}
    first, second = (client.post("/extract-face", files={"file": jpeg(card())}, headers=headers) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert second.json() == first.json()


def test_events_are_the_statuses_of_a_job_until_it_has_ended(client: httpx.Client) -> None:
    location = client.post("/jobs/extract-face", files={"file": jpeg(card())}).headers["location"]
    with client.stream("GET", f"{location}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        names = [line.removeprefix("event: ") for line in stream.iter_lines() if line.startswith("event: ")]
    assert names == sorted(set(names), key=["queued", "running", "succeeded"].index)
    assert names[-1] == "succeeded"


def test_the_examples_of_the_description_match_the_responses(client: httpx.Client) -> None:
    extraction = client.post("/extract-face", files={"file": extraction_file()}).json()
    expected = json.loads((EXAMPLES / "extract-face.json").read_text())
    assert extraction["metadata"]["all_faces"][0].keys() == expected["metadata"]["all_faces"][0].keys()
    for name, value in expected["metadata"].items():
        if isinstance(value, float):
            assert extraction["metadata"][name] == pytest.approx(value, abs=1)
    assert base64.b64decode(expected["face_image"].partition(",")[2]).startswith(b"\xff\xd8\xff")
    comparison = client.post("/compare-faces", files=comparison_files()).json()
    expected = json.loads((EXAMPLES / "compare-faces.json").read_text())
    assert comparison == expected | {
        "distance": pytest.approx(expected["distance"], abs=0.02),
        "confidence": pytest.approx(expected["confidence"], abs=2),
    }


def about(value: object) -> object:
    """Return what equals this answer up to what another processor calculates."""
    match value:
        case dict():
            return {name: about(each) for name, each in value.items()}
        case list():
            return [about(each) for each in value]
        case bool():
            return value
        case int() | float():
            return pytest.approx(value, rel=0.05, abs=2)
    return value


def test_the_first_request_of_the_readme_has_the_response_that_it_shows(client: httpx.Client) -> None:
    readme = (ROOT / "README.md").read_text()
    request = re.search(r"curl -F file=@(\S+) http://127\.0\.0\.1:7860/extract-face", readme)
    assert request
    expected = json.loads(readme.partition("```json\n")[2].partition("```")[0])
    answer = client.post("/extract-face", files={"file": (ROOT / request[1]).read_bytes()}).json()
    assert answer.pop("face_image").startswith(expected.pop("face_image").removesuffix("..."))
    assert answer == about(expected)


@pytest.mark.parametrize(
    "path", ["/", "/health/live", "/jobs/unknown", "/nothing/here", "/docs", "/stats", "/openapi.json"]
)
def test_no_response_names_the_server_software(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert not {"server", "x-powered-by", "via"} & {name.lower() for name in headers}


def test_cors_allows_any_origin(client: httpx.Client) -> None:
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    assert client.options("/extract-face", headers=headers).headers["access-control-allow-origin"] == "*"


def test_health_is_live_and_ready(client: httpx.Client) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready"}


def test_the_result_contains_pages_only_on_request(client: httpx.Client) -> None:
    document = {"file": pdf("No picture here.", a4(card()))}
    assert "pages" not in client.post("/extract-face", files=document).json()
    pages = client.post("/extract-face", files=document, params={"pages": "true"}).json()["pages"]
    assert [page["page"] for page in pages] == [1, 2]
    assert all(page["image"].startswith("data:image/jpeg;base64,/9j/") for page in pages)
    job = client.post("/jobs/extract-face", files=document, data={"pages": "true"}).headers["location"]
    assert client.get(job, params={"wait": 60}).json()["result"]["pages"] == pages

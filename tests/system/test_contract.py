"""The contract with clients, through real HTTP, a real queue and real models."""

import base64
import io
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.compose import a4, card, jpeg, pdf, png
from tests.photos import photo
from tests.servers import System

Json = dict[str, Any]


def ended(client: httpx.Client, location: str) -> Json:
    """Poll a job until it has ended."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        job: Json = client.get(location).json()
        if job["status"] in {"succeeded", "failed", "cancelled"}:
            return job
        time.sleep(0.05)
    raise AssertionError(f"{location} did not end")


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


def test_compare_faces_returns_a_verdict(client: httpx.Client) -> None:
    for name, match in (("obama2", True), ("biden", False)):
        files = {"selfie": png(photo("obama")), "id_photo": jpeg(card(name))}
        answer = client.post("/compare-faces", files=files).json()
        assert answer.keys() == {"success", "match", "distance", "confidence", "threshold", "false_match_rate"}
        assert (answer["false_match_rate"] < 0.01) is match
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


def test_a_submitted_extraction_ends_with_the_body_of_the_wrapper(client: httpx.Client) -> None:
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
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]
    assert job["result"] == client.post("/extract-face", files=files).json()


def test_a_submitted_comparison_ends_with_the_body_of_the_wrapper(client: httpx.Client) -> None:
    files = {"selfie": png(photo("obama")), "id_photo": jpeg(card("obama2"))}
    job = ended(client, client.post("/jobs/compare-faces", files=files).headers["location"])
    assert job["result"] == client.post("/compare-faces", files=files).json()


def test_a_submitted_job_that_fails_ends_with_the_problem_of_the_wrapper(client: httpx.Client) -> None:
    files = {"file": pdf("Only text.")}
    job = ended(client, client.post("/jobs/extract-face", files=files).headers["location"])
    assert job["status"] == "failed"
    assert "result" not in job
    assert job["error"] == client.post("/extract-face", files=files).json()


@pytest.mark.parametrize("how", [{"params": {"wait": 20}}, {"headers": {"Prefer": "respond-async, wait=20"}}])
def test_a_question_for_a_job_may_wait_for_its_end(client: httpx.Client, how: Json) -> None:
    location = client.post("/jobs/extract-face", files={"file": jpeg(card())}).headers["location"]
    answer = client.get(location, **how)
    assert answer.json()["status"] == "succeeded"
    assert answer.headers.get("preference-applied") == ("wait=20" if "headers" in how else None)


@pytest.mark.parametrize("wait", ["-1", "61", "soon"])
def test_a_wait_out_of_bounds_is_a_bad_request(client: httpx.Client, wait: str) -> None:
    answer = client.get("/jobs/any", params={"wait": wait})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"


def test_an_erased_job_is_gone_with_its_result(client: httpx.Client, system: System) -> None:
    location = client.post("/jobs/extract-face", files={"file": jpeg(card())}).headers["location"]
    assert client.get(location, params={"wait": 20}).json()["status"] == "succeeded"
    results = Path(system.environment["DATA_DIR"]) / "blobs" / "results"
    (result,) = results.glob(f"{location.rpartition('/')[2]}.*")
    assert result.is_file()
    assert client.delete(location).status_code == 204
    assert client.get(location).status_code == 404
    assert client.delete(location).status_code == 404
    deadline = time.monotonic() + 20
    while result.exists():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_browsers_may_call_from_anywhere(client: httpx.Client) -> None:
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    assert client.options("/extract-face", headers=headers).headers["access-control-allow-origin"] == "*"


def test_health_is_live_and_ready(client: httpx.Client) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready"}


def test_pages_come_only_where_they_are_asked_for(client: httpx.Client) -> None:
    document = {"file": pdf("No picture here.", a4(card()))}
    assert "pages" not in client.post("/extract-face", files=document).json()
    pages = client.post("/extract-face", files=document, params={"pages": "true"}).json()["pages"]
    assert [page["page"] for page in pages] == [1, 2]
    assert all(page["image"].startswith("data:image/jpeg;base64,/9j/") for page in pages)
    job = client.post("/jobs/extract-face", files=document, data={"pages": "true"}).headers["location"]
    assert client.get(job, params={"wait": 20}).json()["result"]["pages"] == pages


def test_a_switch_that_is_none_is_a_bad_request(client: httpx.Client) -> None:
    answer = client.post("/extract-face", files={"file": jpeg(card())}, data={"pages": "perhaps"})
    assert answer.status_code == 400
    assert answer.json() | {"code": "invalid_request", "field": "pages"} == answer.json()

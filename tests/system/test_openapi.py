"""The OpenAPI description: complete, with examples that are valid and real."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import openapi
from shared.schemas import ComparisonResult, ExtractionResult, JobView, ProblemDocument
from tests.examples import comparison_files, extraction_file

EXAMPLES = Path(openapi.__file__).parent / "examples"


@pytest.fixture(scope="module")
def description(client: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/openapi.json").json()
    return answer


def examples_of(content: dict[str, Any]) -> list[Any]:
    single = [content["example"]] if "example" in content else []
    return single + [example["value"] for example in content.get("examples", {}).values()]


def test_every_request_and_response_has_an_example(description: dict[str, Any]) -> None:
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            bodies = {**operation["responses"], **({"request": operation["requestBody"]} if method == "post" else {})}
            for status, body in bodies.items():
                assert "content" in body or status in {"204", "304"}, (path, method, status)
                for content in body.get("content", {}).values():
                    assert examples_of(content), (path, method, status)


def test_no_validation_error_of_the_framework_is_described(description: dict[str, Any]) -> None:
    for operations in description["paths"].values():
        for operation in operations.values():
            content = operation["responses"].get("422", {}).get("content", {})
            assert set(content) <= {"application/problem+json"}  # a problem of ours, where there is one at all
    assert "HTTPValidationError" not in description["components"]["schemas"]


def test_examples_of_answers_are_valid(description: dict[str, Any]) -> None:
    schemas = {model.__name__: model for model in (ExtractionResult, ComparisonResult, JobView, ProblemDocument)}
    checked = set()
    for operations in description["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                for content in response.get("content", {}).values():
                    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
                    if name in schemas:
                        checked.add(name)
                        for example in examples_of(content):
                            schemas[name].model_validate_json(json.dumps(example))
    assert checked == schemas.keys()


def test_the_examples_of_results_are_what_the_service_answers(client: httpx.Client) -> None:
    extraction = client.post("/extract-face", files={"file": extraction_file()}).json()
    expected = json.loads((EXAMPLES / "extraction.json").read_text())
    assert extraction["metadata"]["all_faces"][0].keys() == expected["metadata"]["all_faces"][0].keys()
    for name, value in expected["metadata"].items():
        if isinstance(value, float):
            assert extraction["metadata"][name] == pytest.approx(value, abs=1)
    assert base64.b64decode(expected["face_image"].partition(",")[2]).startswith(b"\xff\xd8\xff")
    comparison = client.post("/compare-faces", files=comparison_files()).json()
    expected = json.loads((EXAMPLES / "comparison.json").read_text())
    assert comparison == expected | {
        "distance": pytest.approx(expected["distance"], abs=0.02),
        "confidence": pytest.approx(expected["confidence"], abs=2),
    }


def test_the_documentation_page_asks_no_third_party(client: httpx.Client) -> None:
    page = client.get("/docs").text
    assert "https://" not in page
    for line in page.splitlines():
        if "/static-offline-docs/" in line:
            path = line.split('"')[-2] if "href" not in line else line.split('href="')[1].split('"')[0]
            assert client.get(path).status_code == 200

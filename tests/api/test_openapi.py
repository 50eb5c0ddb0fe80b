"""The OpenAPI description: complete, with examples that are valid."""

import json
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.jobs.options import SubmissionOptions
from shared.job_kinds.registry import KINDS
from shared.schemas import JobView, ProblemDocument
from shared.settings import Settings
from tests.support.api_keys import write_key_file


@pytest.fixture
def description(settings: Settings) -> dict[str, Any]:
    return create_app(settings).openapi()


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


def test_validation_errors_of_fastapi_are_not_described(description: dict[str, Any]) -> None:
    for operations in description["paths"].values():
        for operation in operations.values():
            content = operation["responses"].get("422", {}).get("content", {})
            assert set(content) <= {"application/problem+json"}  # one of our problem documents, if any
    assert "HTTPValidationError" not in description["components"]["schemas"]


def test_examples_of_responses_are_valid(description: dict[str, Any]) -> None:
    schemas = {kind.result.__name__: kind.result for kind in KINDS}
    schemas |= {model.__name__: model for model in (JobView, ProblemDocument)}
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


SUBMISSIONS = {
    f"{prefix}/{kind.name}": (kind.input_names, kind.options.names() | SubmissionOptions.names())
    for kind in KINDS
    for prefix in ("", "/jobs")
}


@pytest.mark.parametrize("path", SUBMISSIONS)
def test_every_option_is_described_as_form_field_and_as_query_parameter(description: dict[str, Any], path: str) -> None:
    files, options = SUBMISSIONS[path]
    operation = description["paths"][path]["post"]
    schema = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(schema["properties"]) == {*files, *options}
    assert schema["additionalProperties"] is False
    query = {each["name"]: each["schema"] for each in operation["parameters"] if each["in"] == "query"}
    assert query.keys() == options
    for name, described in query.items():
        assert described.items() <= schema["properties"][name].items()


async def test_the_documentation_page_loads_nothing_from_third_parties(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert "https://" not in page
    assets = [line for line in page.splitlines() if "/static-offline-docs/" in line]
    assert assets
    for line in assets:
        path = line.split('"')[-2] if "href" not in line else line.split('href="')[1].split('"')[0]
        assert (await client.get(path)).status_code == 200


class TestWithKeys:
    """An API with API keys."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"api_keys_file": write_key_file(settings.data_dir.parent)[0]})

    def test_operations_require_a_key_and_describe_its_errors(self, description: dict[str, Any]) -> None:
        assert set(description["components"]["securitySchemes"]) == {"HTTPBearer", "APIKeyHeader"}
        for path, operations in description["paths"].items():
            open_to_all = path == "/" or path.startswith("/health")
            for operation in operations.values():
                assert ("security" in operation) is not open_to_all
                assert ({"401", "403", "429"} <= operation["responses"].keys()) is not open_to_all

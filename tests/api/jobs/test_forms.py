"""Forms as browsers and HTTP libraries send them: files, fields, and unknown names."""

from typing import Any

import httpx
import pytest

from shared.formats import FORMATS
from shared.unsupported_formats import refusal
from tests.support.compose import card, jpeg
from tests.support.problems import assert_problem

CARD = jpeg(card())
LARGEST_FIELD = 4096  # bytes of a text field
EMPTY = b'name="%b"; filename=""'  # an empty file input


def form(*parts: tuple[bytes, bytes]) -> bytes:
    """Return a body of parts. Each has parameters of Content-Disposition, optional further headers, and a content."""
    head = b"--x\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n"
    return b"".join(head % part for part in parts) + b"--x--\r\n"


async def post(
    client: httpx.AsyncClient,
    *parts: tuple[bytes, bytes],
    path: str = "/jobs/extract-face",
    media_type: str = "multipart/form-data",
) -> httpx.Response:
    return await client.post(path, content=form(*parts), headers={"content-type": f"{media_type}; boundary=x"})


@pytest.mark.parametrize("media_type", ["Multipart/Form-Data", "MULTIPART/FORM-DATA", "multipart/form-data "])
async def test_the_media_type_is_case_insensitive(client: httpx.AsyncClient, media_type: str) -> None:
    assert (await post(client, (b'name="file"; filename="a.jpg"', CARD), media_type=media_type)).status_code == 202


@pytest.mark.parametrize("media_type", ["multipart/form-data-2", "multipart/mixed", "application/json", ""])
async def test_other_media_types_have_no_file(client: httpx.AsyncClient, media_type: str) -> None:
    refused = await post(client, (b'name="file"; filename="a.jpg"', CARD), media_type=media_type)
    assert assert_problem(refused, 400, "missing_file")["field"] == "file"


@pytest.mark.parametrize(
    "disposition",
    [
        b"name=\"file\"; filename*=UTF-8''id%20card.jpg",
        b"filename*=utf-8'en'id.jpg; name=file",
        b'name="file"; FileName* = UTF-8\'\'x.jpg; filename="x.jpg"',
        b'name="file"',
        b"name=file",
        b'name="file"\r\nContent-Type: image/jpeg',
        b'name="file"; filename=""',
    ],
)
async def test_the_part_of_a_file_field_is_a_file_with_any_or_no_file_name(
    client: httpx.AsyncClient, disposition: bytes
) -> None:
    assert len(CARD) > LARGEST_FIELD
    assert (await post(client, (disposition, CARD))).status_code == 202


async def test_both_files_of_a_comparison_may_have_no_file_names(client: httpx.AsyncClient) -> None:
    parts = [(b'name="selfie"', CARD), (b"name=\"id_photo\"; filename*=UTF-8''a.jpg", CARD)]
    assert (await post(client, *parts, path="/jobs/compare-faces")).status_code == 202


async def test_text_in_a_file_field_is_an_unsupported_format(client: httpx.AsyncClient) -> None:
    refused = await post(client, (b'name="file"', b"@id-card.jpg"))
    problem = assert_problem(refused, 400, "unsupported_format", refusal(b"@id-card.jpg", FORMATS))
    assert problem["field"] == "file"


async def test_the_size_limit_applies_to_files_without_a_name(client: httpx.AsyncClient) -> None:
    refused = await post(client, (b'name="file"', CARD + bytes(10 * 1024 * 1024)))
    assert assert_problem(refused, 400, "file_too_large")["field"] == "file"


@pytest.mark.parametrize("order", [1, -1])
async def test_an_empty_input_with_the_same_name_is_ignored(client: httpx.AsyncClient, order: int) -> None:
    parts = [(b'name="file"; filename="a.jpg"', CARD), (EMPTY % b"file", b"")]
    assert (await post(client, *parts[::order])).status_code == 202


async def test_two_files_with_the_same_field_name_are_refused(client: httpx.AsyncClient) -> None:
    parts = [(b'name="%b"; filename="a.jpg"' % name, CARD) for name in (b"selfie", b"id_photo", b"selfie")]
    refused = await post(client, *parts, path="/jobs/compare-faces")
    assert assert_problem(refused, 400, "invalid_request")["field"] == "selfie"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([(EMPTY % b"file", b"")], "missing_file"),
        ([(EMPTY % b"file", b""), (EMPTY % b"file", b"")], "missing_file"),
        ([(b'name="file"', b"")], "missing_file"),
        ([(b'name="file"; filename="a.jpg"', b"")], "empty_file"),
        ([(b"name=\"file\"; filename*=UTF-8''a.jpg", b"")], "empty_file"),
        ([(b'name="photo"; filename="a.jpg"', CARD)], "missing_file"),
        ([(b'name="bacth"', b"intake")], "missing_file"),
    ],
)
async def test_the_error_for_a_missing_file_names_the_field(
    client: httpx.AsyncClient, parts: list[tuple[bytes, bytes]], code: str
) -> None:
    assert assert_problem(await post(client, *parts), 400, code)["field"] == "file"


@pytest.mark.parametrize("field", ["selfie", "id_photo"])
async def test_the_error_for_an_empty_input_of_a_comparison_names_the_field(
    client: httpx.AsyncClient, field: str
) -> None:
    parts = [
        (EMPTY % name, b"") if name == field.encode() else (b'name="%b"; filename="a.jpg"' % name, CARD)
        for name in (b"selfie", b"id_photo")
    ]
    refused = await post(client, *parts, path="/jobs/compare-faces")
    assert assert_problem(refused, 400, "missing_file")["field"] == field


FILES = {
    "/extract-face": ("file",),
    "/jobs/extract-face": ("file",),
    "/compare-faces": ("selfie", "id_photo"),
    "/jobs/compare-faces": ("selfie", "id_photo"),
}

UNKNOWN = [
    ("bacth", b'name="bacth"', b"x"),
    ("bacth", b'name="bacth"', b""),
    ("", b'name=""', b"x"),
    ("caf\u00e9", b'name="caf\xc3\xa9"', b"x"),
    ("notes", b'name="notes"', b"x" * (LARGEST_FIELD + 1)),
    ("signature", b'name="signature"; filename="s.jpg"', CARD),
    ("signature", b'name="signature"; filename=""', CARD),
    ("signature", b'name="signature"; filename="s.jpg"', b""),
    ("signature", b"name=\"signature\"; filename*=UTF-8''s.jpg", CARD),
    ("batch", b'name="batch"; filename="batch.txt"', b"intake"),
]


@pytest.mark.parametrize("path", ["/extract-face", "/jobs/compare-faces"])
@pytest.mark.parametrize(("name", "disposition", "content"), UNKNOWN)
async def test_unknown_form_fields_are_refused(
    client: httpx.AsyncClient, path: str, name: str, disposition: bytes, content: bytes
) -> None:
    files = [(b'name="%b"; filename="a.jpg"' % each.encode(), CARD) for each in FILES[path]]
    unknown = (disposition, content)
    for parts in ([unknown, *files], [*files, unknown]):
        assert assert_problem(await post(client, *parts, path=path), 400, "unknown_field")["field"] == name


async def test_unknown_empty_file_inputs_are_ignored(client: httpx.AsyncClient) -> None:
    others = [(EMPTY % name, b"") for name in (b"signature", b"second page", b"batch")]
    answer = await post(client, *others, (b'name="file"; filename="a.jpg"', CARD), *others)
    assert answer.status_code == 202
    assert "batch" not in answer.json()


@pytest.mark.parametrize("where", ["data", "params"])
async def test_options_of_the_other_job_kind_are_ignored(client: httpx.AsyncClient, where: str) -> None:
    for kind, ignored in (
        ("extract-face", {"threshold": "x", "false_match_rate": "x", "portraits": "x"}),
        ("compare-faces", {"pages": "x"}),
    ):
        options: dict[str, Any] = {where: ignored}
        answer = await client.post(f"/jobs/{kind}", files=dict.fromkeys(FILES[f"/jobs/{kind}"], CARD), **options)
        assert answer.status_code == 202


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("name", ["bacth", "wait", "file", ""])
async def test_unknown_query_parameters_are_refused(client: httpx.AsyncClient, path: str, name: str) -> None:
    refused = await client.post(path, files=dict.fromkeys(FILES[path], CARD), params={name: "x"})
    assert assert_problem(refused, 400, "unknown_field")["field"] == name


async def test_form_fields_take_precedence_over_query_parameters(client: httpx.AsyncClient) -> None:
    query = {"batch": "from-the-query", "reference": "from-the-query", "pages": "true"}
    answer = await client.post(
        "/jobs/extract-face", files={"file": CARD}, params=query, data={"batch": "from-the-form"}
    )
    assert answer.status_code == 202
    assert answer.json()["batch"] == "from-the-form"
    assert answer.json()["reference"] == "from-the-query"

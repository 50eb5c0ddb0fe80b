"""Why ``api.http.uploads`` reads forms: what FastAPI's own parameters and limits do not bound.

If one of these tests fails with a newer FastAPI, that part of the module may not be needed any more.
"""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, File, Form, Header, HTTPException, UploadFile

MEGABYTE = 1024 * 1024
LIMIT = 10 * MEGABYTE  # of a file
CHUNK = 64 * 1024

FILE = b'name="selfie"; filename="a.jpg"'


def authenticate(x_api_key: Annotated[str, Header()]) -> None:
    if x_api_key != "right":  # pragma: allowlist secret
        raise HTTPException(401)


def service() -> FastAPI:
    """Return an application with every limit that FastAPI has."""
    router = APIRouter(
        max_body_size=2 * LIMIT + MEGABYTE, form_limits={"max_files": 16, "max_fields": 16, "max_part_size": 4096}
    )

    @router.post("/compare-faces", dependencies=[Depends(authenticate)])
    async def compare_faces(
        selfie: Annotated[UploadFile, File()],
        id_photo: Annotated[UploadFile | None, File()] = None,
        batch: Annotated[str | None, Form()] = None,
    ) -> dict[str, object]:
        on_disk: bool = vars(selfie.file)["_rolled"]
        return {"size": selfie.size, "on_disk": on_disk, "others": [id_photo is not None, batch]}

    app = FastAPI()
    app.include_router(router)
    return app


class Body:
    """A body that is sent in pieces; counts what was read of it."""

    def __init__(self, *parts: tuple[bytes, bytes]) -> None:
        head = b"--x\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n"
        self._data = b"".join(head % part for part in parts) + b"--x--\r\n"
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._data), CHUNK):
            self.read = start + CHUNK
            yield self._data[start : start + CHUNK]


@pytest.fixture
def key() -> str:
    return "right"


@pytest.fixture
def client(key: str) -> httpx.AsyncClient:
    headers = {"content-type": "multipart/form-data; boundary=x", "x-api-key": key}
    return httpx.AsyncClient(transport=httpx.ASGITransport(service()), base_url="http://test", headers=headers)


async def post(client: httpx.AsyncClient, body: Body) -> httpx.Response:
    return await client.post("/compare-faces", content=body)


@pytest.mark.parametrize("key", ["wrong"])
async def test_a_form_is_read_before_its_sender_is_authenticated(client: httpx.AsyncClient) -> None:
    body = Body((FILE, bytes(16 * MEGABYTE)))
    assert (await post(client, body)).status_code == 401
    assert body.read >= 16 * MEGABYTE


async def test_a_file_has_no_limit_of_its_own_and_is_written_to_disk(client: httpx.AsyncClient) -> None:
    answer = await post(client, Body((FILE, bytes(16 * MEGABYTE))))
    assert answer.json() == {"size": 16 * MEGABYTE, "on_disk": True, "others": [False, None]}
    too_large = await post(client, Body((FILE, bytes(22 * MEGABYTE))))
    assert (too_large.status_code, too_large.json()) == (413, {"detail": "Content Too Large"})


@pytest.mark.parametrize("disposition", [b'name="bacth"', b'name="other"; filename="b.jpg"'])
async def test_an_unknown_field_is_read_and_ignored(client: httpx.AsyncClient, disposition: bytes) -> None:
    body = Body((FILE, b"a"), (disposition, bytes(4096 if b"filename" not in disposition else 16 * MEGABYTE)))
    assert (await post(client, body)).status_code == 200


async def test_of_two_files_in_one_field_one_is_ignored(client: httpx.AsyncClient) -> None:
    assert (await post(client, Body((FILE, b"first"), (FILE, b"2nd")))).json()["size"] == 3


@pytest.mark.parametrize("disposition", [b'name="selfie"', b"name=\"selfie\"; filename*=UTF-8''a.jpg"])
async def test_a_file_without_a_plain_name_is_too_long_a_text(client: httpx.AsyncClient, disposition: bytes) -> None:
    assert (await post(client, Body((disposition, bytes(MEGABYTE))))).status_code == 400

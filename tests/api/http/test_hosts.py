"""Allowed host names, as a protection against DNS rebinding."""

from collections.abc import AsyncIterator

import httpx
import pytest
from asgi_lifespan import LifespanManager

from api.app import create_app
from shared.settings import Settings
from tests.api.conftest import calling
from tests.support.api_keys import write_key_file
from tests.support.problems import assert_problem

PATHS = ["/", "/batches/intake/portraits.zip", "/stats", "/metrics", "/jobs/unknown", "/health/live", "/docs"]
OWN = ["localhost", "127.0.0.1", "127.0.0.1:7860", "LocalHost:8080", "[::1]", "[::1]:7860"]
FOREIGN = [
    "evil.example",
    "evil.example:7860",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "10.0.0.5",
    "::1",
    "",
]


@pytest.mark.parametrize("path", PATHS)
async def test_without_keys_other_hosts_are_refused_everywhere(client: httpx.AsyncClient, path: str) -> None:
    refused = await client.get(path, headers={"host": "evil.example"})
    assert "ALLOWED_HOSTS" in assert_problem(refused, 400, "host_not_allowed")["detail"]
    assert refused.headers["x-content-type-options"] == "nosniff"
    assert refused.headers["x-request-id"]


@pytest.mark.parametrize("host", FOREIGN)
async def test_hosts_that_look_like_this_machine_are_refused(client: httpx.AsyncClient, host: str) -> None:
    assert_problem(await client.get("/stats", headers={"host": host}), 400, "host_not_allowed")


@pytest.mark.parametrize("host", OWN)
async def test_all_names_of_this_machine_are_allowed_with_any_port(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/stats", headers={"host": host})).status_code == 200


class TestContainerAddress:
    """Requests to the IP address of a container, as from probes of Kubernetes and Prometheus."""

    @pytest.fixture(params=["http://10.0.0.5:7860", "http://[fd00::5]:7860"])
    async def container(self, settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
        app = create_app(settings.model_copy(update={"allow_anonymous": True}))
        transport = httpx.ASGITransport(app)
        async with LifespanManager(app), httpx.AsyncClient(transport=transport, base_url=request.param) as client:
            yield client

    async def test_the_address_of_the_server_is_allowed(self, container: httpx.AsyncClient) -> None:
        assert (await container.get("/metrics")).status_code == 200

    @pytest.mark.parametrize(
        "host", ["10.0.0.6:7860", "10.0.0.5.evil.example", "10.0.0.5:80.evil.example", "evil.example:7860"]
    )
    async def test_other_addresses_are_refused(self, container: httpx.AsyncClient, host: str) -> None:
        assert_problem(await container.get("/metrics", headers={"host": host}), 400, "host_not_allowed")


async def status(settings: Settings, host: str) -> int:
    """Return the status of an endpoint that needs no key."""
    app = create_app(settings)
    async with LifespanManager(app), calling(app) as client:
        return (await client.get("/health/live", headers={"host": host})).status_code


@pytest.mark.parametrize("host", ["faces.example", "a.internal.example:7860", "localhost"])
async def test_listed_hosts_are_allowed(settings: Settings, host: str) -> None:
    named = settings.model_copy(update={"allowed_hosts": ["faces.example", "*.internal.example"]})
    assert await status(named, host) == 200
    assert await status(named, "evil.example") == 400


async def test_a_star_allows_all_hosts(settings: Settings) -> None:
    assert await status(settings.model_copy(update={"allowed_hosts": ["*"]}), "anything.example") == 200


async def test_with_keys_all_hosts_are_allowed_unless_some_are_listed(settings: Settings) -> None:
    keyed = settings.model_copy(update={"api_keys_file": write_key_file(settings.data_dir.parent)[0]})
    assert await status(keyed, "faces.example") == 200
    named = keyed.model_copy(update={"allowed_hosts": ["faces.example"]})
    assert [await status(named, host) for host in ("faces.example", "evil.example")] == [200, 400]

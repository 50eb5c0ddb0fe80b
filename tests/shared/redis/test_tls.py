"""TLS to Redis, Sentinels and the object store: connections need a valid certificate."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import trustme
from kombu import pools
from kombu.exceptions import OperationalError
from moto.server import ThreadedMotoServer
from obstore.exceptions import BaseError
from pydantic import ValidationError
from redis import Redis
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError, RedisError

from shared.blobs import BlobStore
from shared.queue import BULK, celery_app, publish
from shared.redis import connections
from shared.redis.connections import api_redis, heartbeat_redis, worker_redis
from shared.redis.sentinel import SentinelUrl
from shared.settings import Settings
from tests.support.eventually import eventually
from tests.support.servers import free_port
from tests.support.services.sentinels import serve
from tests.support.services.tls_proxy import behind_tls

REFUSED = (RedisConnectionError, OperationalError)


@dataclass(frozen=True)
class Authorities:
    """Files with CA certificates: of the CA of the servers, and of another CA."""

    authority: trustme.CA
    ours: Path
    strangers: Path

    def certificates(self) -> dict[str, trustme.LeafCert]:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        return {
            "good": self.authority.issue_cert("localhost", "127.0.0.1"),
            "of another name": self.authority.issue_cert("redis.example.org"),
            "expired": self.authority.issue_cert("localhost", "127.0.0.1", not_after=yesterday),
        }


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authorities]:
    logging.getLogger("anyio").setLevel(logging.CRITICAL)  # servers log each client that refuses their certificate
    folder, authority = tmp_path_factory.mktemp("authorities"), trustme.CA()
    made = Authorities(authority, folder / "ours.pem", folder / "strangers.pem")
    authority.cert_pem.write_to_path(str(made.ours))
    trustme.CA().cert_pem.write_to_path(str(made.strangers))
    yield made
    logging.getLogger("anyio").setLevel(logging.NOTSET)


Ports = dict[str, int]
"""Ports of one server, by the certificate that it shows there."""


@contextmanager
def shown(port: int, authorities: Authorities) -> Iterator[Ports]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(behind_tls(port, leaf)) for name, leaf in authorities.certificates().items()}


@pytest.fixture(scope="module")
def redis(valkey_url: str, authorities: Authorities) -> Iterator[Ports]:
    port = urlsplit(valkey_url).port
    assert port is not None
    with shown(port, authorities) as ports:
        yield ports


@pytest.fixture(scope="module")
def sentinel(redis: Ports, authorities: Authorities, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    """Run a Sentinel that monitors all ports of the server. It does not use TLS, so it never connects to them."""
    port = free_port()
    groups = [
        line
        for name, own in redis.items()
        for line in (
            f"sentinel monitor {group(name)} 127.0.0.1 {own} 1",
            f"sentinel down-after-milliseconds {group(name)} 3600000",
        )
    ]
    process = serve(
        tmp_path_factory.mktemp("sentinel") / "one", ["bind 127.0.0.1", f"port {port}", *groups], "--sentinel"
    )

    def answers() -> bool:
        with suppress(RedisError), Redis(port=port) as client:
            return bool(client.ping())
        return False

    try:
        eventually(answers, waiting_for="the Sentinel to answer")
        with shown(port, authorities) as ports:
            yield ports
    finally:
        process.kill()
        process.wait()


def group(certificate: str) -> str:
    return certificate.replace(" ", "-")


async def _ping(url: str) -> None:
    async with api_redis(url) as client, AsyncExitStack() as stack:
        if isinstance(client.connection_pool, SentinelConnectionPool):  # it does not close the connections to Sentinels
            for sentinel in client.connection_pool.sentinel_manager.sentinels:
                await stack.enter_async_context(sentinel)
        await client.ping()


def _publish(url: str) -> None:
    app = celery_app(url, "tls")
    app.conf.broker_transport_options.update(max_retries=1, interval_start=0)
    try:
        publish(app, "a-job", BULK)
    finally:
        pools.reset()  # pools ignore TLS options when they compare connections


CLIENTS: dict[str, Callable[[str], object]] = {
    "worker": lambda url: worker_redis(url).ping(),
    "heartbeat": lambda url: heartbeat_redis(url).ping(),
    "api": lambda url: asyncio.run(_ping(url)),
    "celery": _publish,
}


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], object]:
    monkeypatch.setattr(connections, "_WORKER_RETRIES", 0)
    return CLIENTS[request.param]


def test_redis_over_tls_needs_a_valid_certificate(
    client: Callable[[str], object], redis: Ports, authorities: Authorities
) -> None:
    client(f"rediss://localhost:{redis['good']}/0?ssl_ca_certs={authorities.ours}")
    for certificate in ("of another name", "expired"):
        with pytest.raises(REFUSED, match="certificate verify failed"):
            client(f"rediss://localhost:{redis[certificate]}/0?ssl_ca_certs={authorities.ours}")
    for trusted in ("", f"?ssl_ca_certs={authorities.strangers}"):
        with pytest.raises(REFUSED, match="certificate verify failed"):
            client(f"rediss://localhost:{redis['good']}/0{trusted}")


def test_sentinels_and_primary_over_tls_need_valid_certificates(
    client: Callable[[str], object], sentinel: Ports, authorities: Authorities
) -> None:
    def url(shown_by_sentinel: str, shown_by_redis: str, trusted: Path) -> str:
        port = sentinel[shown_by_sentinel]
        return f"rediss+sentinel://localhost:{port}/{group(shown_by_redis)}?ssl_ca_certs={trusted}"

    client(url("good", "good", authorities.ours))
    with pytest.raises(REFUSED, match="certificate verify failed"):
        client(url("good", "of another name", authorities.ours))
    for certificate, trusted in (("of another name", authorities.ours), ("good", authorities.strangers)):
        with pytest.raises(REFUSED, match="No master found"):  # the message of redis-py if no Sentinel can be reached
            client(url(certificate, "good", trusted))


def test_tls_parameters_without_tls_are_refused() -> None:
    with pytest.raises(ValueError, match=r"use rediss\+sentinel://"):
        SentinelUrl.parse("redis+sentinel://one/documents?ssl_ca_certs=/etc/ca.pem")
    with pytest.raises(ValueError, match="only TLS parameters are allowed: timeout"):
        SentinelUrl.parse("rediss+sentinel://one/documents?timeout=3")


@pytest.fixture(scope="module")
def s3(authorities: Authorities) -> Iterator[Ports]:
    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    # A separate bucket, because all servers of moto in one process share their state.
    httpx.put(f"http://127.0.0.1:{port}/tls", timeout=60).raise_for_status()
    try:
        with shown(port, authorities) as ports:
            yield ports
    finally:
        server.stop()


KEYS = {"access_key_id": "key", "secret_access_key": "secret", "region": "us-east-1"}  # pragma: allowlist secret


def configured(port: int, trusted: Path | None) -> BlobStore:
    options = json.dumps({**KEYS, "endpoint": f"https://localhost:{port}"})
    return BlobStore.from_settings(Settings(storage_url="s3://tls", storage_options=options, storage_ca=trusted))


@pytest.mark.long
def test_an_object_store_over_tls_needs_a_valid_certificate(s3: Ports, authorities: Authorities) -> None:
    store = configured(s3["good"], authorities.ours)
    ref = store.put_now("documents/one", b"a document")
    assert store.get_now(ref) == b"a document"
    for certificate, trusted in (
        ("of another name", authorities.ours),
        ("expired", authorities.ours),
        ("good", authorities.strangers),
        ("good", None),
    ):
        with pytest.raises(BaseError, match="InvalidCertificate"):
            configured(s3[certificate], trusted).get_now(ref)


def test_settings_refuse_a_file_without_certificates(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    for path in (empty, tmp_path / "missing.pem"):
        with pytest.raises(ValidationError, match="no certificates"):
            Settings(storage_ca=path)

"""A TLS proxy in front of a server on this machine, with certificates from a test authority."""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import anyio
import trustme
from anyio.abc import ByteStream
from anyio.from_thread import start_blocking_portal
from anyio.streams.tls import TLSListener

from tests.support.servers import free_port

_LOCAL = "127.0.0.1"
_BROKEN = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


@contextmanager
def behind_tls(port: int, certificate: trustme.LeafCert) -> Iterator[int]:
    """Terminate TLS in front of the server at this port, inside the context. Yields the port of the proxy."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    own = free_port()
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_bridge(own, port, context)):
        yield own


@asynccontextmanager
async def _bridge(port: int, backend: int, context: ssl.SSLContext) -> AsyncIterator[None]:
    async def handle(client: ByteStream) -> None:
        async with client:
            with suppress(OSError):  # the server has been stopped
                async with await anyio.connect_tcp(_LOCAL, backend) as server, anyio.create_task_group() as group:
                    group.start_soon(_copy, client, server)
                    group.start_soon(_copy, server, client)

    listener = TLSListener(
        await anyio.create_tcp_listener(local_host=_LOCAL, local_port=port), context, standard_compatible=False
    )
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handle)
        yield
        group.cancel_scope.cancel()


async def _copy(source: ByteStream, sink: ByteStream) -> None:
    """Copy one direction until either side closes, then close the other side."""
    with suppress(*_BROKEN):
        async for chunk in source:
            await sink.send(chunk)
    await sink.aclose()

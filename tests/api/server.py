"""Serves the API on a real port, in a thread of this process, so that tests can patch its code."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from api.app import create_app
from api.server import Server
from shared.settings import Settings
from tests.support.eventually import eventually
from tests.support.servers import free_port


@contextmanager
def serving(settings: Settings, **changes: object) -> Iterator[str]:
    """Serve as long as the context lasts; yields the URL."""
    changed = settings.model_copy(update={"port": free_port(), **changes})
    server = Server(create_app(changed), changed)
    thread = threading.Thread(target=server.run, name="api")
    thread.start()
    try:
        eventually(lambda: server.started or not thread.is_alive(), waiting_for="the API to listen")
        assert server.started, "the API did not start"
        yield f"http://{changed.host}:{changed.port}"
    finally:
        server.should_exit = True
        thread.join()

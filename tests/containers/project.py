"""A compose project: the services of docker-compose.yml on a separate port."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx

from tests.containers.engine import attempt, docker, health
from tests.containers.images import Images
from tests.support.compose import card, jpeg
from tests.support.eventually import eventually
from tests.support.servers import free_port

RESPONSE_TIMEOUT = 60.0  # seconds
HEALTH_TIMEOUT = 600.0  # seconds

_TLS = ssl.create_default_context()


@dataclass(frozen=True)
class Project:
    """A compose project in a copy of the checkout."""

    name: str
    directory: Path
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def attempt(self, *arguments: str) -> CompletedProcess[str]:
        """Run ``docker compose``; the caller checks the exit code."""
        return attempt(*self._command(arguments), directory=self.directory, PORT=str(self.port))

    def compose(self, *arguments: str) -> str:
        """Run ``docker compose``, which must succeed; return its standard output."""
        return docker(*self._command(arguments), directory=self.directory, PORT=str(self.port))

    def _command(self, arguments: tuple[str, ...]) -> tuple[str, ...]:
        return ("compose", "--project-name", self.name, *arguments)

    def up(self, workers: int = 1) -> float:
        """Start the services that do not run, and wait until every service is healthy. Return the seconds.

        On a busy machine a health check can exceed its timeout: then the engine reports the container as unhealthy,
        Compose stops waiting, and this method waits again.
        """
        started = time.monotonic()
        while (done := self.attempt("up", "--detach", "--wait", "--scale", f"worker={workers}")).returncode != 0:
            if "is unhealthy" not in done.stderr or time.monotonic() > started + HEALTH_TIMEOUT:
                raise AssertionError(f"{done.stderr[-2000:]}\n{self._diagnosis()}")
        return time.monotonic() - started

    def _diagnosis(self) -> str:
        return self.attempt("ps", "--all").stdout + self.attempt("logs", "--no-color", "--tail", "20").stdout

    @contextmanager
    def paused(self, service: str) -> Iterator[None]:
        """Pause the only container of a service inside the context.

        The engine reports a paused container as unhealthy until the next health check passes, so wait for that.
        """
        (container,) = self.containers(service)
        self.compose("pause", service)
        try:
            yield
        finally:
            self.compose("unpause", service)
            eventually(lambda: health(container) == "healthy", HEALTH_TIMEOUT, waiting_for=f"{service} to be healthy")

    def containers(self, service: str) -> list[str]:
        """Return the ids of a service's containers, stopped ones included."""
        return self.compose("ps", "--all", "--quiet", service).split()

    def execute(self, service: str, *command: str) -> str:
        """Run a command in a running container of a service; return its standard output."""
        return self.compose("exec", "-T", service, *command)

    def get(self, path: str) -> dict[str, Any]:
        """Return the API's JSON response; an empty object if there is no response, or an error."""
        try:
            # With a new context for each request, most of the processor time would go into reading certificates.
            response = httpx.get(f"{self.url}{path}", timeout=RESPONSE_TIMEOUT, verify=_TLS)
        except httpx.TransportError:
            return {}
        found: dict[str, Any] = response.json() if response.is_success else {}
        return found


@contextmanager
def project(images: Images, name: str, directory: Path) -> Iterator[Project]:
    """Yield a compose project that uses these images; remove its containers, networks and volumes at the end."""
    for service in ("api", "worker"):
        assert images[service].tag == f"{name}-{service}"  # the tag that Compose looks for
    made = Project(name, directory)
    try:
        yield made
    finally:
        made.compose("down", "--volumes", "--remove-orphans")


def extract(url: str) -> httpx.Response:
    """Send an identity card to ``POST /extract-face``."""
    return httpx.post(f"{url}/extract-face", files={"file": jpeg(card())}, timeout=RESPONSE_TIMEOUT)


def assert_extracts(url: str) -> None:
    response = extract(url)
    assert response.status_code == 200, response.text
    assert response.json()["metadata"]["total_faces"] == 1

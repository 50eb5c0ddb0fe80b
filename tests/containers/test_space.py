"""The whole system in one container, like in a Hugging Face Space: user 1000, no volume, one published port."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.containers.engine import attempt, docker, exit_code, health
from tests.containers.images import Images
from tests.containers.project import HEALTH_TIMEOUT, RESPONSE_TIMEOUT, assert_extracts
from tests.support.eventually import eventually
from tests.support.servers import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

# Seconds. An idle system stops in 4; Docker's own 10 can be too few for it on a busy machine.
GRACE_PERIOD = 60

# The variables of a Space: anonymous access with the host name of its URL.
HOST = "owner-space.hf.space"
VARIABLES = ("--env", "ALLOW_ANONYMOUS=true", "--env", f"ALLOWED_HOSTS={HOST}")

# In the container. /dev/shm is a file system in memory, which ``docker diff`` does not list.
WRITABLE = ("/data/", "/tmp/")  # noqa: S108


@dataclass(frozen=True)
class Space:
    """A container of the whole system."""

    container: str
    url: str

    def start(self) -> float:
        """Start the container if it is not running, wait until it is healthy, and return the seconds that it took."""
        started = time.monotonic()
        docker("start", self.container)
        eventually(
            lambda: health(self.container) == "healthy", HEALTH_TIMEOUT, waiting_for="the container to be healthy"
        )
        return time.monotonic() - started


@pytest.fixture(scope="module")
def made(images: Images, project_name: str) -> Iterator[Space]:
    port, container = free_port(), f"{project_name}-space"
    options = ("--name", container, "--publish", f"127.0.0.1:{port}:7860", "--stop-timeout", str(GRACE_PERIOD))
    docker("run", "--detach", *options, *VARIABLES, images["whole"].tag)
    try:
        yield Space(container, f"http://127.0.0.1:{port}")
    finally:
        attempt("rm", "--force", "--volumes", container)


@pytest.fixture
def space(made: Space) -> Space:
    print(f"\nwhole system: healthy after {made.start():.0f} s")
    return made


def test_the_whole_system_extracts_a_document_in_one_container(space: Space) -> None:
    assert docker("exec", space.container, "id", "-u") == "1000"
    assert_extracts(space.url)
    docker("exec", space.container, "python", "-m", "api.healthcheck")


def test_a_space_accepts_only_its_own_host_name(space: Space) -> None:
    statuses = {
        host: httpx.get(f"{space.url}/health/live", headers={"host": host}, timeout=RESPONSE_TIMEOUT).status_code
        for host in (HOST, "localhost", "evil.example")
    }
    assert statuses == {HOST: 200, "localhost": 200, "evil.example": 400}


def test_the_image_does_not_start_without_keys_by_default(images: Images) -> None:
    done = attempt("run", "--rm", images["whole"].tag)
    assert done.returncode == 1
    line = done.stderr.strip().splitlines()[-1]
    assert "no API keys" in line
    assert "ALLOW_ANONYMOUS=true" in line


def test_the_whole_system_writes_only_to_its_data_and_temporary_directories(space: Space) -> None:
    assert_extracts(space.url)
    changes = [line.split(maxsplit=1)[1] for line in docker("diff", space.container).splitlines()]
    assert "/data/valkey" in changes
    assert [path for path in changes if not f"{path}/".startswith(WRITABLE)] == []


def test_docker_stop_ends_the_whole_system_within_its_grace_period(space: Space) -> None:
    assert_extracts(space.url)
    started = time.monotonic()
    docker("stop", space.container)
    print(f"\nwhole system: docker stop took {time.monotonic() - started:.1f} s")
    assert exit_code(space.container) == 0

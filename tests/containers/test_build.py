"""The three images: their contents, their sizes, and what their user can change."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.containers.engine import attempt, docker
from tests.containers.images import Image, Images

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

USER = "1000"

# Megabytes that an image may add to its base. The images of API and worker may have 250 and 900, of which the official
# base image takes 125.
LIMITS = {"api": 125, "worker": 775, "whole": 800}

SERVER = {"fastapi", "uvicorn"}
VISION = {"cv2", "dlib", "numpy", "onnxruntime"}
PACKAGES = {"api": SERVER, "worker": VISION, "whole": SERVER | VISION}


@dataclass(frozen=True)
class Idle:
    """A container of an image that runs no program of the service."""

    name: str
    image: Image
    container: str

    def run(self, *command: str) -> str:
        """Run a command as the image's own user; return its standard output."""
        return docker("exec", self.container, *command)


@pytest.fixture(scope="module", params=["api", "worker", "whole"])
def idle(request: pytest.FixtureRequest, images: Images) -> Iterator[Idle]:
    image = images[request.param]
    container = docker("run", "--detach", "--no-healthcheck", image.tag, "sleep", "infinity")
    try:
        yield Idle(request.param, image, container)
    finally:
        attempt("rm", "--force", "--volumes", container)


def test_an_image_adds_at_most_its_limit_to_its_base(idle: Idle) -> None:
    sizes = idle.run("du", "-sk", "/opt", "/app").splitlines()
    added = sum(int(line.split()[0]) for line in sizes) * 1024 / 1_000_000
    image = idle.image
    print(f"\n{idle.name}: built in {image.build_seconds:.0f} s, {image.size}, adds {added:.0f} MB to its base")
    assert 0 < added < LIMITS[idle.name]


def test_the_user_of_an_image_cannot_change_its_code_or_models(idle: Idle) -> None:
    search = "id -u; test -d /app/shared && find /app /opt ! -type l -writable"
    assert idle.run("sh", "-c", search).split() == [USER]


def test_an_image_contains_only_the_packages_of_its_programs(idle: Idle) -> None:
    program = "import sys, importlib.util as i; print(*(name for name in sys.argv[1:] if i.find_spec(name)))"
    found = idle.run("python", "-c", program, *SERVER, *VISION)
    assert set(found.split()) == PACKAGES[idle.name]


def test_an_image_has_a_title_and_a_version(idle: Idle) -> None:
    labels = json.loads(docker("image", "inspect", "--format", "{{json .Config.Labels}}", idle.image.tag))
    title = {"whole": "nsfas"}.get(idle.name, f"nsfas-{idle.name}")
    assert labels["org.opencontainers.image.title"] == title
    assert labels["org.opencontainers.image.version"]


def test_the_bytecode_in_an_image_contains_no_times(idle: Idle) -> None:
    """PEP 552: the second word of the file is 1 if the file is validated by an unchecked hash."""
    program = "import pathlib; print({path.read_bytes()[4] for path in pathlib.Path('/opt/venv').rglob('*.pyc')} or '')"
    assert idle.run("python", "-c", program) == ("" if idle.name == "api" else "{1}")

"""The three images, each built when the first test needs it."""

import time
from dataclasses import dataclass
from pathlib import Path

from tests.containers.engine import attempt, docker


@dataclass(frozen=True)
class Image:
    """An image that was built in this session, and how many seconds its build took."""

    tag: str
    build_seconds: float

    @property
    def size(self) -> str:
        """Size of the image and its base, as ``docker image ls`` prints it."""
        return docker("image", "ls", "--format", "{{.Size}}", self.tag)


class Images(dict[str, Image]):
    """Images by name: ``api`` and ``worker``, built with ``docker compose``, and ``whole``, built with ``docker``.

    Parameters
    ----------
    project
        Name of the compose project; each image's tag is this name, a hyphen and the image's name.
    directory
        The checkout they are built from.

    """

    def __init__(self, project: str, directory: Path) -> None:
        super().__init__()
        self._directory = directory
        self._commands = {
            "api": ("compose", "--project-name", project, "build", "api"),
            "worker": ("compose", "--project-name", project, "build", "worker"),
            "whole": ("build", "--tag", f"{project}-whole", "."),
        }
        self._project = project

    def __missing__(self, name: str) -> Image:
        started = time.monotonic()
        docker(*self._commands[name], directory=self._directory)
        image = self[name] = Image(f"{self._project}-{name}", time.monotonic() - started)
        return image

    def remove(self) -> None:
        """Remove the images; the engine keeps its build cache, which makes the next build faster."""
        attempt("image", "rm", "--force", *(f"{self._project}-{name}" for name in self._commands))

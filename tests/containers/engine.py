"""Runs Docker by its command line, like users and operators."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.support.servers import ROOT

DOCKER = shutil.which("docker") or "docker"
TIMEOUT = 540.0  # seconds for one command, which a build without a cache on a busy machine may need

# Variables that docker-compose.yml or Compose itself reads: a developer's values must not change a test.
_COMPOSE_VARIABLES = ("COMPOSE_", "PUBLISH", "PORT", "WORKER_PROCESSES", "WORKER_MEMORY")


def attempt(*arguments: str, directory: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run docker with these arguments and environment variables; the caller checks the exit code."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_COMPOSE_VARIABLES)}
    return subprocess.run(
        [DOCKER, *arguments],
        cwd=directory,
        env=inherited | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def docker(*arguments: str, directory: Path = ROOT, **variables: str) -> str:
    """Run docker, which must succeed; return its standard output."""
    done = attempt(*arguments, directory=directory, **variables)
    assert done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout.strip()


def unavailable() -> str | None:
    """Return the requirement of these tests that this machine lacks; None if it lacks none."""
    if shutil.which("docker") is None:
        return "the docker command is not installed"
    if attempt("info", "--format", "{{.ServerVersion}}").returncode != 0:
        return "no Docker engine responds at DOCKER_HOST or at the default address (docker info)"
    if attempt("compose", "version").returncode != 0:
        return "Docker Compose v2 is not installed (docker compose version)"
    return None


def health(container: str) -> str:
    """Return the result of a container's health checks: ``starting``, ``healthy`` or ``unhealthy``."""
    return docker("container", "inspect", "--format", "{{.State.Health.Status}}", container)


def exit_code(container: str) -> int:
    """Return the exit code of a container that has stopped."""
    state = docker("container", "inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", container)
    status, code = state.split()
    assert status == "exited"
    return int(code)

"""``docker compose up`` in a fresh checkout, without settings or secrets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.images import Images
from tests.containers.project import Project, assert_extracts, project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def fresh(images: Images, project_name: str, checkout: Path) -> Iterator[Project]:
    with project(images, project_name, checkout) as fresh:
        print(f"\ndocker compose up: healthy after {fresh.up():.0f} s")
        yield fresh


def test_a_document_goes_through_api_and_worker(fresh: Project) -> None:
    assert_extracts(fresh.url)
    assert fresh.get("/stats")["workers"] == 2  # worker and worker-bulk


def test_the_health_checks_of_running_services_pass(fresh: Project) -> None:
    fresh.execute("api", "python", "-m", "api.healthcheck")
    fresh.execute("worker", "python", "-m", "worker.healthcheck")
    assert fresh.execute("redis", "valkey-cli", "ping") == "PONG"


def test_the_health_check_fails_in_a_container_whose_worker_does_not_consume(fresh: Project) -> None:
    idle = fresh.attempt("run", "--rm", "--no-deps", "-T", "worker", "python", "-m", "worker.healthcheck")
    assert idle.returncode == 1
    assert idle.stderr.strip().endswith("healthcheck: the worker does not consume messages")

"""A deployment with ``docker compose`` and secrets: several workers, and stops and faults during work."""

import csv
import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.documents import write_folder
from tests.client.command import COMMAND
from tests.containers.checkout import copy_checkout
from tests.containers.engine import docker, exit_code
from tests.containers.images import Images
from tests.containers.project import Project, extract, project
from tests.containers.secret_files import write_secrets
from tests.support.eventually import eventually
from tests.system.job_batch import SCAN, Jobs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

JOBS = 40
DOCUMENTS = 150
SCANS = 30  # among the documents
REQUESTS = 4
WORK_TIMEOUT = 300.0  # seconds


@pytest.fixture(scope="module")
def made(images: Images, project_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    directory = copy_checkout(tmp_path_factory.mktemp("deployment"))
    write_secrets(directory / "secrets")
    with project(images, project_name, directory) as made:
        yield made


@pytest.fixture
def deployment(made: Project) -> Project:
    """Return the deployment with one worker and all services healthy, even after a test that stopped services."""
    made.up()
    return made


def write_documents(folder: Path) -> int:
    """Fill a folder with documents. Return the number without a face. The scans have the first names."""
    failures = write_folder(folder, DOCUMENTS - SCANS)
    for number in range(SCANS):
        (folder / f"a4-{number:04}.pdf").write_bytes(SCAN)
    return failures


def results(deployment: Project, batch: str) -> list[dict[str, Any]]:
    """Return the ended jobs of a batch."""
    text = httpx.get(f"{deployment.url}/batches/{batch}/results", timeout=WORK_TIMEOUT).raise_for_status().text
    return [json.loads(line) for line in text.splitlines()]


def ended(deployment: Project, batch: str) -> int:
    """Return the number of ended jobs of a batch; 0 if the batch does not exist yet."""
    known = deployment.get(f"/batches/{batch}")
    return sum(known.get(state, 0) for state in ("succeeded", "failed", "cancelled"))


def test_a_service_sees_only_its_own_secrets(deployment: Project) -> None:
    for service in ("api", "worker", "housekeeping", "redis"):
        own = {path.name for path in (deployment.directory / "secrets" / service).iterdir()}
        assert set(deployment.execute(service, "ls", "/run/secrets").split()) == own


def test_redis_requires_the_password_and_api_and_worker_use_the_secrets(deployment: Project) -> None:
    output = deployment.execute("redis", "valkey-cli", "ping")  # the exit code is 0, which the health check needs
    assert output.startswith("NOAUTH")
    count = "from shared.settings import get_settings; print(len(get_settings().wrapping_keys))"
    for service in ("api", "worker"):
        assert deployment.execute(service, "python", "-c", count) == "1"
    assert extract(deployment.url).status_code == 200


def test_stats_counts_every_worker_of_a_scaled_service(deployment: Project) -> None:
    seconds = deployment.up(workers=3)
    print(f"\n--scale worker=3: healthy after {seconds:.0f} s")
    eventually(lambda: deployment.get("/stats").get("workers") == 4, waiting_for="three workers, and worker-bulk")
    assert len(deployment.containers("worker")) == 3


def test_a_stopping_worker_finishes_its_job_and_another_worker_does_the_rest(deployment: Project) -> None:
    jobs = Jobs(deployment.url, "stopped-worker")
    jobs.submit(JOBS, SCAN)
    eventually(lambda: ended(deployment, jobs.name), waiting_for="the first job to end")
    (worker,) = deployment.containers("worker")
    deployment.compose("stop", "worker-bulk", "worker")
    assert exit_code(worker) == 0
    left = deployment.get(f"/batches/{jobs.name}")
    assert left["running"] == 0
    assert 0 < left["queued"] < left["total"] == JOBS
    deployment.compose("rm", "--force", "worker")
    deployment.up()
    assert deployment.containers("worker") != [worker]
    jobs.wait(WORK_TIMEOUT)
    assert jobs.ends() == {"succeeded": JOBS}
    assert {each["attempts"] for each in results(deployment, jobs.name)} == {1}


def test_a_stopping_api_responds_to_its_waiting_requests(deployment: Project) -> None:
    (api,) = deployment.containers("api")
    with ThreadPoolExecutor(REQUESTS + 1) as threads:
        with deployment.paused("worker"):
            waiting = [threads.submit(extract, deployment.url) for _ in range(REQUESTS)]
            eventually(
                lambda: deployment.get("/stats").get("requests_waiting") == REQUESTS, waiting_for="requests to wait"
            )
            stop = threads.submit(deployment.compose, "stop", "api")
            eventually(lambda: not deployment.get("/health/live"), waiting_for="the API to accept no more requests")
        assert {each.result().status_code for each in waiting} <= {200, 504}
        stop.result()
    assert exit_code(api) == 0


def test_jobs_that_are_open_at_compose_down_succeed_after_compose_up(deployment: Project) -> None:
    jobs = Jobs(deployment.url, "down")
    jobs.submit(JOBS, SCAN)
    assert len(jobs.accepted) == JOBS
    eventually(lambda: ended(deployment, jobs.name), waiting_for="the first job to end")
    deployment.compose("down")
    down = datetime.now(UTC)
    seconds = deployment.up()
    print(f"\ndown and up: healthy after {seconds:.0f} s, all jobs ended {jobs.wait(WORK_TIMEOUT):.0f} s later")
    assert jobs.ends() == {"succeeded": JOBS}
    late = [each for each in results(deployment, jobs.name) if datetime.fromisoformat(each["finished_at"]) > down]
    assert 0 < len(late) < JOBS


def test_intake_processes_each_document_once_even_if_a_worker_is_killed_and_redis_restarts(
    deployment: Project, tmp_path: Path
) -> None:
    deployment.up(workers=2)
    failures = write_documents(tmp_path / "documents")
    started = time.monotonic()
    with subprocess.Popen(
        [COMMAND, "intake", "documents", "--out", "out.csv", "--batch", "intake"],
        cwd=tmp_path,
        env=os.environ | {"FACE_INTAKE_URL": deployment.url, "COLUMNS": "200", "NO_COLOR": "1"},
        stderr=subprocess.PIPE,
        text=True,
    ) as intake:
        try:
            before_kill = eventually(lambda: ended(deployment, "intake"), waiting_for="the first document to end")
            docker("kill", deployment.containers("worker")[0])
            before_restart = ended(deployment, "intake")
            deployment.compose("restart", "redis")
            _, errors = intake.communicate(timeout=WORK_TIMEOUT)
        finally:
            intake.kill()
    assert intake.returncode == 1, errors  # some documents have no face
    seconds = time.monotonic() - started
    lines = results(deployment, "intake")
    again = sum(each["attempts"] > 1 for each in lines)
    print(
        f"\nintake: a worker killed after {before_kill} documents, Redis restarted after {before_restart}; "
        f"all {len(lines)} ended within {seconds:.0f} s, {again} at the second attempt"
    )
    assert before_restart < DOCUMENTS
    with (tmp_path / "out.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == len({row["file"] for row in table}) == DOCUMENTS
    batch = deployment.get("/batches/intake")
    assert (batch["total"], batch["queued"], batch["running"]) == (DOCUMENTS, 0, 0)
    assert len(lines) == len({each["id"] for each in lines}) == batch["cursor"] == DOCUMENTS
    expected = {"succeeded": DOCUMENTS - failures, "failed": failures}
    assert Counter(row["status"] for row in table) == Counter(each["status"] for each in lines) == expected

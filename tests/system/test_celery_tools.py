"""Celery's own tools work on the running system."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.queue import celery_app
from tests.compose import card, jpeg
from tests.eventually import eventually
from tests.servers import ROOT, STOP_TIMEOUT, System, free_port


def environment(system: System) -> dict[str, str]:
    return os.environ | {"REDIS_URL": f"unix://{Path(system.environment['DATA_DIR']).resolve() / 'valkey.sock'}"}


def test_inspect_reaches_the_worker(system: System) -> None:
    command = [sys.executable, "-m", "celery", "-A", "worker.app", "inspect", "ping", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment(system), capture_output=True, text=True, check=True)
    assert list(json.loads(done.stdout).values()) == [{"ok": "pong"}]


def test_inspect_finds_tasks_and_queues_with_useful_names(system: System) -> None:
    inspect: Any = celery_app(environment(system)["REDIS_URL"]).control.inspect(timeout=10, limit=1)
    (registered,), (queues,) = (answer.values() for answer in (inspect.registered(), inspect.active_queues()))
    assert {"jobs.run", "storage.clean"} <= set(registered)
    assert {queue["name"] for queue in queues} == {"cleaning", "interactive", "bulk"}


@pytest.fixture
def flower(system: System) -> Iterator[httpx.Client]:
    port = free_port()
    own = environment(system) | {"FLOWER_UNAUTHENTICATED_API": "true"}
    command = [sys.executable, "-m", "celery", "-A", "worker.app", "flower", "--address=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen(command, cwd=ROOT, env=own, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT)


def ask(flower: httpx.Client, path: str) -> Any:
    try:
        return flower.get(path).raise_for_status().json()
    except httpx.HTTPError:
        return {}


def test_flower_shows_the_worker_and_what_it_does(flower: httpx.Client, client: httpx.Client) -> None:
    workers = eventually(lambda: ask(flower, "/api/workers?refresh=1"))
    (worker,) = workers.values()
    assert "jobs.run" in worker["registered"]

    def tasks_seen() -> Any:
        client.post("/extract-face", files={"file": jpeg(card())})
        return ask(flower, "/api/tasks?taskname=jobs.run")

    tasks = eventually(tasks_seen)
    assert {task["name"] for task in tasks.values()} == {"jobs.run"}

"""A short run of each fuzzer; the long ones are `make fuzz`."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz import documents, requests
from tests.fuzz.corpus import mutated, seeds
from tests.support.eventually import eventually
from tests.support.keys import write_key_file
from tests.support.servers import System, running

pytestmark = pytest.mark.slow

SEED = 1

PATIENT = 120
"""Seconds that a job may take here: one that takes them does not end, however busy the machine is."""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    home = tmp_path_factory.mktemp("fuzz")
    settings = {"data_dir": home / "data", "job_time_limit": PATIENT, "wait_timeout": 2 * PATIENT}
    with running(["app.py"], home / "log", log_level="WARNING", **settings) as system:
        yield system


def test_mutated_documents_are_answered_and_leave_nothing(system: System) -> None:
    outcome = asyncio.run(documents.fuzz(system.url, documents.mutations(150, SEED), slow=2 * PATIENT))
    print(f"slowest {outcome.slowest:.1f} s: {dict(outcome.answers)}")
    assert [name for name, _ in outcome.findings] == []
    assert {"200 ok", "404 no_face", "400 unreadable_image", "400 unreadable_pdf"} <= outcome.answers.keys()
    # The last answer may come before the worker has removed its document.
    documents_left = Path(system.environment["DATA_DIR"]) / "blobs" / "documents"
    eventually(lambda: not list(documents_left.glob("*")), waiting_for="documents to be removed")
    assert "job broke" not in system.log.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="atheris has wheels for Linux alone")
def test_guided_fuzzing_finds_nothing_in_a_short_run() -> None:
    command = [sys.executable, "-m", "tests.fuzz.guided", "-runs=300", f"-seed={SEED}"]
    # Atheris traces the code by itself; measured for coverage as well, each run takes three times as long.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done 300 runs" in done.stderr


@pytest.mark.parametrize("with_keys", [False, True], ids=["without keys", "with keys"])
def test_requests_made_from_the_description_find_no_undocumented_answer(
    system: System, tmp_path: Path, *, with_keys: bool
) -> None:
    if with_keys:
        file, key = write_key_file(tmp_path)
        settings = {"data_dir": tmp_path / "data", "api_keys_file": file}
        with running(["app.py"], tmp_path / "log", **settings) as keyed:
            cases, failures, report = requests.fuzz(keyed.url, SEED, key, examples=3)
    else:
        cases, failures, report = requests.fuzz(system.url, SEED, examples=10)
    print(f"{cases} requests")
    assert cases > 300
    assert failures == 0, report


def test_the_same_seed_makes_the_same_documents_and_another_makes_others() -> None:
    first, again, other = ([mutated(random.Random(f"{seed}-{n}")) for n in range(20)] for seed in (1, 1, 2))  # noqa: S311 - repeatable, not secret
    assert first == again
    assert first != other
    assert not set(first) & set(seeds())

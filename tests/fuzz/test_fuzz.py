"""Short runs of the fuzzers. `make fuzz` starts the long runs."""

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz import documents, requests
from tests.fuzz.corpus import mutate_seed, seeds
from tests.support.api_keys import write_key_file
from tests.support.eventually import eventually
from tests.support.servers import System, running, without_coverage

pytestmark = pytest.mark.slow

SEED = 1

PATIENT = 120
"""Job time limit in seconds. A job that reaches it hangs, even on a busy machine."""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    home = tmp_path_factory.mktemp("fuzz")
    settings = {"data_dir": home / "data", "job_time_limit": PATIENT, "wait_timeout": 2 * PATIENT}
    with running(["app.py"], home / "log", coverage=False, log_level="WARNING", **settings) as system:
        yield system


def test_mutated_documents_get_valid_responses_and_leave_nothing(system: System) -> None:
    outcome = asyncio.run(documents.fuzz(system.url, documents.mutations(70, SEED), slow=2 * PATIENT))
    print(f"slowest {outcome.slowest:.1f} s: {dict(outcome.responses)}")
    assert [name for name, _ in outcome.findings] == []
    assert {"200 ok", "404 no_face", "400 unreadable_image", "400 unreadable_pdf"} <= outcome.responses.keys()
    # The last response may arrive before the worker has deleted its document.
    documents_left = Path(system.environment["DATA_DIR"]) / "blobs" / "documents"
    eventually(lambda: not list(documents_left.glob("*")), waiting_for="documents to be deleted")
    assert "job broke" not in system.log.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="atheris has wheels for Linux only")
def test_guided_fuzzing_finds_nothing_in_a_short_run() -> None:
    command = [sys.executable, "-m", "tests.fuzz.guided", "-runs=120", f"-seed={SEED}"]
    # Atheris traces the code itself. With coverage measurement, each run takes three times as long.
    done = subprocess.run(command, env=without_coverage(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done 120 runs" in done.stderr


@pytest.mark.parametrize("with_keys", [False, True], ids=["without keys", "with keys"])
def test_requests_from_the_description_get_only_documented_responses(
    system: System, tmp_path: Path, *, with_keys: bool
) -> None:
    if with_keys:
        file, key = write_key_file(tmp_path)
        settings = {"data_dir": tmp_path / "data", "api_keys_file": file}
        with running(["app.py"], tmp_path / "log", coverage=False, **settings) as keyed:
            cases, failures, report = requests.fuzz(keyed.url, SEED, key, examples=2)
    else:
        cases, failures, report = requests.fuzz(system.url, SEED, examples=5)
    print(f"{cases} requests")
    assert cases > 300
    assert failures == 0, report


def test_documents_depend_only_on_the_seed() -> None:
    first, again, other = ([mutate_seed(random.Random(f"{seed}-{n}")) for n in range(20)] for seed in (1, 1, 2))  # noqa: S311 - not for security
    assert first == again
    assert first != other
    assert not set(first) & set(seeds())

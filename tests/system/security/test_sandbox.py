"""The sandbox of a real worker: it denies what a compromised process tries, and documents can still be read.

The same attempts succeed without the sandbox.
"""

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image

from shared.settings import Settings
from tests.api.server import serving
from tests.support.compose import card, pdf
from tests.support.encoding import PICTURES, encoded
from tests.support.eventually import eventually
from tests.support.faults.breakout import ATTEMPTS, CONFINES, DONE, FORGE, REPORT, Targets
from tests.support.servers import ROOT, START_TIMEOUT, System, client_of, start, valkey
from tests.system.job_batch import DOCUMENT, Jobs
from worker.sandbox import landlock

pytestmark = pytest.mark.skipif(not CONFINES, reason="the kernel lacks seccomp, or Landlock as of Linux 6.7")

MASTER_KEY = base64.b64encode(bytes(32)).decode()

DENIALS = {"EPERM", "EACCES"}


@dataclass
class Sandboxed:
    """A sandboxed worker, its API, and the targets of the attempts."""

    url: str
    worker: System
    targets: Targets


@pytest.fixture(scope="module")
def sandboxed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandboxed]:
    home = tmp_path_factory.mktemp("sandboxed")
    data = home / "data"
    with ExitStack() as stack:
        redis_url = stack.enter_context(valkey(home))
        settings = {"redis_url": redis_url, "data_dir": str(data), "master_key": MASTER_KEY}
        own = {"worker_processes": 1, "decoder_sandbox": True}
        worker = start(
            ["-m", "tests.support.faults.injection", "worker-that-breaks-out"], home / "log", **settings, **own
        )
        stack.callback(worker.interrupt)
        url = stack.enter_context(serving(Settings.model_validate(settings)))
        client = stack.enter_context(client_of(url))
        eventually(lambda: client.get("/health/ready").is_success, START_TIMEOUT, waiting_for="a worker")
        targets = stack.enter_context(create_targets(home, data / "blobs"))
        yield Sandboxed(url, worker, targets)


@contextmanager
def create_targets(home: Path, store: Path) -> Iterator[Targets]:
    """Create the targets of the attempts, and listen."""
    secret, folder, unix, abstract = home / "keys.toml", home / "folder", home / "socket", f"nsfas-{os.getpid()}"
    secret.write_text("secret = true\n")
    folder.mkdir()
    store.mkdir(parents=True, exist_ok=True)
    with (
        socket.create_server(("127.0.0.1", 0), backlog=100) as tcp,
        socket.socket(socket.AF_UNIX) as file,
        socket.socket(socket.AF_UNIX) as name,
    ):
        for listener, address in ((file, str(unix)), (name, f"\0{abstract}")):
            listener.bind(address)
            listener.listen(100)
        port = tcp.getsockname()[1]
        yield Targets(str(secret), str(folder), str(store), os.getpid(), port, str(unix), abstract)


def attempt_breakout(sandboxed: Sandboxed, targets: Targets) -> dict[str, str]:
    """Make the worker's pool process try to escape, and return the outcome of each attempt."""
    jobs = Jobs(sandboxed.url, "breakout")
    jobs.submit(document=DOCUMENT + targets.dump())
    jobs.wait()
    assert jobs.ends()["succeeded"] == len(jobs.accepted), sandboxed.worker.log.read_text()
    (line,) = [line for line in sandboxed.worker.log.read_text().splitlines() if line.startswith(REPORT)]
    outcomes: dict[str, str] = json.loads(line.removeprefix(REPORT))
    return outcomes


def test_a_compromised_process_is_denied_everything_that_documents_do_not_need(sandboxed: Sandboxed) -> None:
    outcomes = attempt_breakout(sandboxed, sandboxed.targets)
    assert outcomes.keys() == ATTEMPTS.keys()
    assert {name: outcome for name, outcome in outcomes.items() if outcome not in DENIALS} == {}


def test_without_the_sandbox_the_same_attempts_succeed(sandboxed: Sandboxed) -> None:
    command = [sys.executable, "-m", "tests.support.faults.breakout", json.dumps(asdict(sandboxed.targets))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    outcomes = json.loads(done.stdout)
    for name, others in {
        "replace the process by a program": {"ENOENT"},  # the program does not exist
        "type into a terminal": {"ENOTTY"},  # the file is not a terminal
        "use io_uring": {"EFAULT", "ENOSYS", "EPERM"},  # the test passes no structure; many systems disable io_uring
        "connect by Multipath TCP": {DONE, "EPROTONOSUPPORT", "ENOPROTOOPT"},  # not every kernel supports it
        "connect by sending": {DONE, "EOPNOTSUPP"},  # not every kernel supports it
    }.items():
        assert outcomes.pop(name) in others
    assert {name: outcome for name, outcome in outcomes.items() if outcome != DONE} == {}


def test_the_main_process_runs_no_code_that_a_pool_process_sends(sandboxed: Sandboxed, tmp_path: Path) -> None:
    jobs = Jobs(sandboxed.url, "forged")
    jobs.submit(document=DOCUMENT + FORGE + os.fsencode(tmp_path / "made"))
    jobs.submit()
    jobs.wait()
    assert jobs.ends() == {"failed": 1, "succeeded": 1}
    assert jobs.codes() == {"worker_crashed": 1}
    assert not (tmp_path / "made").exists()
    assert sandboxed.worker.log.read_text().count("message of a pool process rejected") == 3  # attempts


def test_no_pool_process_has_the_audit_log_open(sandboxed: Sandboxed) -> None:
    main = psutil.Process(sandboxed.worker.process.pid)
    log = str(Path(sandboxed.worker.environment["DATA_DIR"]) / "audit.log")
    assert log in {file.path for file in main.open_files()}

    def closed() -> bool:
        """Return whether all processes have closed the inherited log. A new process needs a moment to close it."""
        processes = main.children()
        return bool(processes) and not any(log == file.path for each in processes for file in each.open_files())

    eventually(closed)


@pytest.mark.parametrize("form", [*PICTURES, "pdf"])
def test_documents_of_every_format_are_read_in_the_sandbox(sandboxed: Sandboxed, form: str) -> None:
    picture = np.asarray(Image.fromarray(card("astronaut")).resize((500, 316), Image.Resampling.BOX))
    document = pdf(picture) if form == "pdf" else encoded(picture, form)
    answer = httpx.post(f"{sandboxed.url}/extract-face", files={"file": document}, timeout=60)
    assert answer.status_code == httpx.codes.OK, answer.text


def test_a_replaced_storage_directory_is_used_by_a_new_process(sandboxed: Sandboxed) -> None:
    jobs = Jobs(sandboxed.url, "replaced")
    jobs.submit()
    jobs.wait()  # now the pool process has applied its sandbox to the present directory
    store = Path(sandboxed.targets.store)
    shutil.copytree(store, store.with_name("copy"))
    store.rename(store.with_name("former"))
    store.with_name("copy").rename(store)
    jobs.submit()
    jobs.wait()
    assert jobs.ends() == {"succeeded": 2}
    assert "was replaced, process exits" in sandboxed.worker.log.read_text()


def test_faces_are_compared_in_the_sandbox(sandboxed: Sandboxed) -> None:
    files = {"selfie": DOCUMENT, "id_photo": DOCUMENT}
    answer = httpx.post(f"{sandboxed.url}/compare-faces", files=files, timeout=60)
    assert answer.json()["match"] is True


def test_a_worker_logs_its_sandbox(sandboxed: Sandboxed) -> None:
    assert f"landlock={landlock.abi()}" in sandboxed.worker.log.read_text()

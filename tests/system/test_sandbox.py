"""The wall around the decoders: what a process that was taken over tries is refused, and documents are read behind it.

One real worker, and an API for it. What is refused is what the same attempts achieve without the wall.
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
from tests.support.breakout import ATTEMPTS, CONFINES, DONE, FORGE, SAID, Aims
from tests.support.compose import card, pdf
from tests.support.eventually import eventually
from tests.support.servers import ROOT, System, start, valkey
from tests.system.faults import DOCUMENT, Jobs
from tests.vision.documents.test_formats import PICTURES, encoded
from worker.sandbox import landlock

pytestmark = pytest.mark.skipif(not CONFINES, reason="the kernel lacks seccomp, or Landlock as of Linux 6.7")

MASTER_KEY = base64.b64encode(bytes(32)).decode()

REFUSALS = {"EPERM", "EACCES"}


@dataclass
class Walled:
    """A worker, an API for it, and what a process of the worker tries to reach."""

    url: str
    worker: System
    aims: Aims


@pytest.fixture(scope="module")
def walled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walled]:
    home = tmp_path_factory.mktemp("walled")
    data = home / "data"
    with ExitStack() as stack:
        redis_url = stack.enter_context(valkey(home))
        settings = {"redis_url": redis_url, "data_dir": str(data), "master_key": MASTER_KEY}
        own = {"worker_processes": 1, "decoder_sandbox": True}
        worker = start(["-m", "tests.support.sabotage", "worker-that-breaks-out"], home / "log", **settings, **own)
        stack.callback(worker.interrupt)
        url = stack.enter_context(serving(Settings.model_validate(settings)))
        eventually(lambda: httpx.get(f"{url}/health/ready").is_success, waiting_for="a worker")
        aims = stack.enter_context(targets(home, data / "blobs"))
        yield Walled(url, worker, aims)


@contextmanager
def targets(home: Path, store: Path) -> Iterator[Aims]:
    """Make what the attempts are made on, and listen."""
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
        yield Aims(str(secret), str(folder), str(store), os.getpid(), port, str(unix), abstract)


def broken_out(walled: Walled, aims: Aims) -> dict[str, str]:
    """Have the worker's process try to break out; return what came of each attempt."""
    jobs = Jobs(walled.url, "breakout")
    jobs.submit(document=DOCUMENT + aims.dump())
    jobs.wait()
    assert jobs.ends()["succeeded"] == len(jobs.accepted), walled.worker.log.read_text()
    (line,) = [line for line in walled.worker.log.read_text().splitlines() if line.startswith(SAID)]
    outcomes: dict[str, str] = json.loads(line.removeprefix(SAID))
    return outcomes


def test_a_process_that_was_taken_over_is_refused_whatever_documents_do_not_need(walled: Walled) -> None:
    outcomes = broken_out(walled, walled.aims)
    assert outcomes.keys() == ATTEMPTS.keys()
    assert {name: outcome for name, outcome in outcomes.items() if outcome not in REFUSALS} == {}


def test_without_the_wall_the_same_attempts_succeed(walled: Walled) -> None:
    command = [sys.executable, "-m", "tests.support.breakout", json.dumps(asdict(walled.aims))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    outcomes = json.loads(done.stdout)
    for name, others in {
        "become a program": {"ENOENT"},  # there is none of this name
        "type into a terminal": {"ENOTTY"},  # it is none
        "use io_uring": {"EFAULT", "ENOSYS", "EPERM"},  # it is given nothing to fill in; many systems have it off
        "connect by Multipath TCP": {DONE, "EPROTONOSUPPORT", "ENOPROTOOPT"},  # not every kernel has it
        "connect by sending": {DONE, "EOPNOTSUPP"},  # likewise
    }.items():
        assert outcomes.pop(name) in others
    assert {name: outcome for name, outcome in outcomes.items() if outcome != DONE} == {}


def test_the_main_process_runs_nothing_that_a_process_of_its_pool_sends(walled: Walled, tmp_path: Path) -> None:
    jobs = Jobs(walled.url, "forged")
    jobs.submit(document=DOCUMENT + FORGE + os.fsencode(tmp_path / "made"))
    jobs.submit()
    jobs.wait()
    assert jobs.ends() == {"failed": 1, "succeeded": 1}
    assert jobs.codes() == {"worker_crashed": 1}
    assert not (tmp_path / "made").exists()
    assert walled.worker.log.read_text().count("message of a pool process rejected") == 3  # attempts


def test_no_process_of_the_pool_has_the_audit_log_open(walled: Walled) -> None:
    main = psutil.Process(walled.worker.process.pid)
    log = str(Path(walled.worker.environment["DATA_DIR"]) / "audit.log")
    assert log in {file.path for file in main.open_files()}

    def closed() -> bool:
        """Tell whether all have closed what a fork inherits; another process may have just been forked."""
        processes = main.children()
        return bool(processes) and not any(log == file.path for each in processes for file in each.open_files())

    eventually(closed)


@pytest.mark.parametrize("form", [*PICTURES, "pdf"])
def test_documents_of_every_format_are_read_behind_the_wall(walled: Walled, form: str) -> None:
    picture = np.asarray(Image.fromarray(card("astronaut")).resize((500, 316), Image.Resampling.BOX))
    document = pdf(picture) if form == "pdf" else encoded(picture, form)
    answer = httpx.post(f"{walled.url}/extract-face", files={"file": document}, timeout=60)
    assert answer.status_code == httpx.codes.OK, answer.text


def test_a_store_that_was_replaced_is_reached_by_another_process(walled: Walled) -> None:
    store = Path(walled.aims.store)
    shutil.copytree(store, store.with_name("copy"))
    store.rename(store.with_name("former"))
    store.with_name("copy").rename(store)
    jobs = Jobs(walled.url, "replaced")
    jobs.submit()
    jobs.wait()
    assert jobs.ends() == {"succeeded": 1}
    assert "was replaced, process ends" in walled.worker.log.read_text()


def test_faces_are_compared_behind_the_wall(walled: Walled) -> None:
    files = {"selfie": DOCUMENT, "id_photo": DOCUMENT}
    answer = httpx.post(f"{walled.url}/compare-faces", files=files, timeout=60)
    assert answer.json()["match"] is True


def test_a_worker_that_confines_its_processes_says_so(walled: Walled) -> None:
    assert f"landlock={landlock.abi()}" in walled.worker.log.read_text()

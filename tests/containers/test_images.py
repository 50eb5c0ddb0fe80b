"""The images: built from their Dockerfiles, run as their user without a right to write, and a document put through.

With buildah, which needs no engine; the containers share the host's network.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from tests.compose import card, jpeg
from tests.servers import ROOT, START_TIMEOUT, System, free_port, valkey
from tests.system.faults import Jobs

BUILDAH = shutil.which("buildah") or ""
ENVIRONMENT = os.environ | {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
BASE = "docker.io/library/python:3.13-slim-trixie"
BUILD_TIMEOUT = 600
STOP_TIMEOUT = 60
MANY = 400  # more than a worker does between the word to stop and its end
USER = "1000"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(BUILD_TIMEOUT)]


def buildah(*arguments: str) -> str:
    """Run buildah; return what it prints."""
    done = subprocess.run([BUILDAH, *arguments], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@pytest.fixture(scope="module", autouse=True)
def base() -> None:
    if not BUILDAH:
        pytest.skip("buildah is not installed here")
    if BASE not in buildah("images", "--format", "{{.Name}}:{{.Tag}}"):
        pytest.skip(f"the base image is not here: {BASE}")


@pytest.fixture(scope="module")
def images(base: None) -> dict[str, str]:  # noqa: ARG001 - it skips
    """Build the images; return their ids by name."""
    certificates = "/etc/ssl/certs:/etc/ssl/certs:ro"  # the machine's, for the registries; not part of the image
    bud = ("bud", "--quiet", "--pull-never", "--volume", certificates)
    files = {"api": "Dockerfile.api", "worker": "Dockerfile.worker", "whole": "Dockerfile"}
    return {name: buildah(*bud, "-f", file, ".") for name, file in files.items()}


@dataclass
class Container:
    """A container that runs one of the programs."""

    name: str
    options: list[str]
    system: System

    def run(self, module: str) -> str:
        """Run another program in it, as its health check does."""
        return buildah("run", *self.options, self.name, "--", "python", "-m", module)


@contextmanager
def container(image: str, module: str, log: Path, data: Path, **settings: str) -> Iterator[Container]:
    """Run a program in a container for as long as the context lasts."""
    name = buildah("from", "--pull-never", image)
    options = ["--user", USER, "--volume", f"{data}:/data"]
    options += [part for key, value in settings.items() for part in ("--env", f"{key.upper()}={value}")]
    log.with_suffix(".began").touch()
    try:
        with log.open("w") as output:
            process = subprocess.Popen(
                [BUILDAH, "run", *options, name, "--", "python", "-m", module],
                env=ENVIRONMENT,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        try:
            yield Container(name, options, System(process, f"http://127.0.0.1:{settings['port']}", log))
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(STOP_TIMEOUT)
    finally:
        buildah("rm", name)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Make a directory that the containers' user may write."""
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, int(USER), int(USER))
    return folder


def assert_extracts(system: System) -> None:
    system.wait_until_ready()
    answer = httpx.post(f"{system.url}/extract-face", files={"file": jpeg(card())}, timeout=START_TIMEOUT)
    assert answer.status_code == 200
    assert answer.json()["metadata"]["total_faces"] == 1


def test_a_document_goes_through_the_containers(images: dict[str, str], data: Path, tmp_path: Path) -> None:
    (tmp_path / "valkey").mkdir()
    with valkey(tmp_path / "valkey") as url:
        settings = {"redis_url": url, "port": str(free_port()), "host": "127.0.0.1", "worker_processes": "1"}
        with (
            container(images["worker"], "worker", tmp_path / "worker.log", data, **settings) as worker,
            container(images["api"], "api", tmp_path / "api.log", data, **settings) as api,
        ):
            assert_extracts(api.system)
            api.run("api.healthcheck")
            worker.run("worker.healthcheck")
        with container(images["worker"], "worker.healthcheck", tmp_path / "idle.log", data, **settings) as idle:
            assert idle.system.process.wait(STOP_TIMEOUT) != 0


def main_process(container: Container, module: str) -> psutil.Process:
    """Return the process that a container engine would send its signals to: the first one inside."""
    tree = psutil.Process(container.system.process.pid).children(recursive=True)
    inside = [process for process in tree if process.cmdline() == ["/opt/venv/bin/python", "-m", module]]
    return min(inside, key=psutil.Process.create_time)


def test_containers_that_are_told_to_stop_finish_what_they_are_at(
    images: dict[str, str], data: Path, tmp_path: Path
) -> None:
    (tmp_path / "valkey").mkdir()
    with valkey(tmp_path / "valkey") as url:
        settings = {"redis_url": url, "port": str(free_port()), "host": "127.0.0.1", "worker_processes": "1"}
        with container(images["api"], "api", tmp_path / "api.log", data, **settings) as api:
            with container(images["worker"], "worker", tmp_path / "worker.log", data, **settings) as worker:
                api.system.wait_until_ready()
                jobs = Jobs(api.system.url)
                jobs.submit(MANY)
                main_process(worker, "worker").terminate()
                assert worker.system.process.wait(STOP_TIMEOUT) == 0
            left = httpx.get(f"{api.system.url}/batches/{jobs.name}").json()
            assert left["running"] == 0
            assert 0 < left["queued"] < left["total"] == MANY
            with container(images["worker"], "worker", tmp_path / "second.log", data, **settings):
                jobs.wait(STOP_TIMEOUT)
                assert jobs.ends() == {"succeeded": MANY}
                text = jobs.client.get(f"/batches/{jobs.name}/results").text
                assert '"attempts": 2' not in text  # each was finished by who had begun it
                with ThreadPoolExecutor(8) as threads:
                    upload = {"file": jpeg(card())}
                    waiting = [
                        threads.submit(httpx.post, f"{api.system.url}/extract-face", files=upload, timeout=60)
                        for _ in range(8)
                    ]
                    while httpx.get(f"{api.system.url}/stats").json()["requests_waiting"] < 4:
                        time.sleep(0.01)
                    main_process(api, "api").terminate()
                    assert {each.result().status_code for each in waiting} <= {200, 504}
                api.system.process.wait(STOP_TIMEOUT)  # by the signal, which uvicorn raises again once it is done


def test_nothing_is_written_beside_the_data_and_temporary_files(
    images: dict[str, str], data: Path, tmp_path: Path
) -> None:
    settings = {"port": str(free_port()), "host": "127.0.0.1", "worker_processes": "1"}
    with container(images["whole"], "app", tmp_path / "log", data, **settings) as whole:
        assert_extracts(whole.system)
        root = Path(buildah("mount", whole.name))
        allowed = ("data", "tmp", "dev", "proc", "sys", "run")
        folders = [str(path) for path in root.iterdir() if path.name not in allowed and not path.is_symlink()]
        find = ["/usr/bin/find", *folders, "-xdev", "-type", "f", "-newer", str(tmp_path / "log.began")]
        found = subprocess.run(find, capture_output=True, text=True, check=True)
        assert found.stdout.split() == []


def test_the_whole_system_runs_in_one_container(images: dict[str, str], data: Path, tmp_path: Path) -> None:
    settings = {"port": str(free_port()), "host": "127.0.0.1", "worker_processes": "1"}
    with container(images["whole"], "app", tmp_path / "log", data, **settings) as whole:
        assert_extracts(whole.system)
        whole.run("api.healthcheck")


@pytest.mark.parametrize(("name", "limit"), [("api", 125), ("worker", 775)])
def test_an_image_adds_no_more_than_it_needs_to_its_base(images: dict[str, str], name: str, limit: int) -> None:
    """250 and 900 MB are the bounds, of which the official base image takes 125."""
    made = buildah("from", "--pull-never", images[name])
    try:
        lines = buildah("run", made, "--", "du", "-sk", "/opt", "/app").splitlines()
    finally:
        buildah("rm", made)
    added = sum(int(line.split()[0]) for line in lines) * 1024 / 1_000_000
    print(f"{name}: {added:.0f} MB on its base")
    assert 0 < added < limit


@pytest.mark.parametrize("name", ["api", "worker", "whole"])
def test_the_user_of_an_image_may_not_change_its_code_nor_its_models(images: dict[str, str], name: str) -> None:
    made = buildah("from", "--pull-never", images[name])
    try:
        found = buildah("run", "--user", USER, made, "--", "find", "/app", "/opt", "!", "-type", "l", "-writable")
    finally:
        buildah("rm", made)
    assert not found


def test_the_api_image_carries_no_vision_and_the_worker_image_no_http_server(images: dict[str, str]) -> None:
    for name, absent in (("api", ["cv2", "dlib", "onnxruntime", "numpy"]), ("worker", ["fastapi", "uvicorn"])):
        made = buildah("from", "--pull-never", images[name])
        check = f"import importlib.util as i; assert not [m for m in {absent} if i.find_spec(m)]"
        try:
            buildah("run", made, "--", "python", "-c", check)
        finally:
            buildah("rm", made)

"""Compares ``face-intake intake`` with the engine alone on the same folder of documents."""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import click
import cv2

from tests.browser.documents import write_folder
from tests.support.servers import running
from worker.vision import NoFaceError, extract_face

_WARM_UP = 20  # documents


def run(count: int) -> None:
    """Print documents per second of both, with one process per core."""
    processes = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        write_folder(home / "documents", count)
        write_folder(home / "warm", _WARM_UP)
        engine = _engine(sorted((home / "documents").iterdir()), processes)
        settings = {"data_dir": home / "data", "worker_processes": processes, "log_level": "WARNING"}
        with running(["app.py"], home / "log", **settings) as system:
            _run_command(system.url, home, "warm")
            rate = _run_command(system.url, home, "documents")
    click.echo(
        f"{count} documents, {processes} processes on as many cores: engine {engine:.1f}/s, "
        f"face-intake intake {rate:.1f}/s, ratio {rate / engine:.2f}"
    )


def _engine(files: list[Path], processes: int) -> float:
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        list(pool.map(_extract, files[:_WARM_UP]))  # loads the models
        started = time.perf_counter()
        list(pool.map(_extract, files, chunksize=4))
        return len(files) / (time.perf_counter() - started)


def _extract(file: Path) -> None:
    cv2.setNumThreads(1)
    with suppress(NoFaceError):
        extract_face(file.read_bytes())


def _run_command(url: str, home: Path, folder: str) -> float:
    command = [str(Path(sys.executable).parent / "face-intake"), "--url", url, "intake", folder, "--json"]
    command += ["--out", f"{folder}.csv", "--portraits", f"portraits-{folder}"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)  # noqa: S603
    per_second: float = json.loads(done.stdout)["per_second"]
    return per_second

"""Our engine beside the reference, in one run on one pinned core."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import click
import cv2

from bench import naive
from bench.documents import Case, cases
from worker.vision import Engine, compare_faces, extract_face, load_engine, service
from worker.vision.detector import CenterFaceDetector
from worker.vision.encoder import DlibEncoder
from worker.vision.raster import RasterPage

_THROUGHPUT_SECONDS = 4.0

# What each stage is, as the function that does it.
_STAGES: tuple[tuple[str, object, str], ...] = (
    ("decode", RasterPage, "_decode"),
    ("detect", CenterFaceDetector, "detect"),
    ("align", DlibEncoder, "align"),
    ("embed", DlibEncoder, "embed"),
    ("crop", service, "crop_portrait"),
    ("quality", service, "assess"),
    ("encode", service, "encode_jpeg"),
)


def run(repeat: int) -> None:
    """Print the tables."""
    _pin(0)
    started = time.perf_counter()
    engine = load_engine()
    click.echo(f"engine loaded in {time.perf_counter() - started:.2f} s\n")
    click.echo(f"{'document':30s} {'ours':>9s} {'reference':>11s} {'ratio':>7s}   stages, ms")
    rows = cases()
    for case in rows:
        ours = _median(_ours(case, engine), repeat)
        reference = _median(_reference(case), 1)
        stages = "  ".join(f"{name} {value:.1f}" for name, value in _stages(case, engine).items())
        click.echo(f"{case.name:30s} {ours:6.1f} ms {reference:8.1f} ms {reference / ours:6.1f}x   {stages}")
    click.echo()
    _throughput(rows)
    _memory(rows)


def _ours(case: Case, engine: Engine) -> Callable[[], object]:
    if len(case.files) == 1:
        return lambda: extract_face(case.files[0], engine=engine)
    return lambda: compare_faces(*case.files, engine=engine)


def _reference(case: Case) -> Callable[[], object]:
    return (lambda: naive.extract(case.files[0])) if len(case.files) == 1 else (lambda: naive.compare(*case.files))


def _median(work: Callable[[], object], repeat: int) -> float:
    """Return the median of so many runs in milliseconds, after one that does not count."""
    if repeat > 1:
        work()
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def _stages(case: Case, engine: Engine) -> dict[str, float]:
    """Run once with a clock around each stage; milliseconds by stage."""
    spent: defaultdict[str, float] = defaultdict(float)
    with _clocked(spent):
        _ours(case, engine)()
    return {name: 1000 * spent[name] for name, _, _ in _STAGES if name in spent}


@contextmanager
def _clocked(spent: defaultdict[str, float]) -> Iterator[None]:
    originals = [(owner, attribute, getattr(owner, attribute)) for _, owner, attribute in _STAGES]
    for (name, _, _), (owner, attribute, original) in zip(_STAGES, originals, strict=True):
        setattr(owner, attribute, _timed(name, original, spent))
    try:
        yield
    finally:
        for owner, attribute, original in originals:
            setattr(owner, attribute, original)


def _timed(name: str, work: Callable[..., object], spent: defaultdict[str, float]) -> Callable[..., object]:
    def timed(*args: object, **kwargs: object) -> object:
        started = time.perf_counter()
        try:
            return work(*args, **kwargs)
        finally:
            spent[name] += time.perf_counter() - started

    return timed


def _throughput(rows: list[Case]) -> None:
    """Print cards a second with one and with two processes, each on a core of its own."""
    card = rows[0]
    rates = {}
    for processes in (1, 2):
        if processes > (os.cpu_count() or 1):
            break
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            rates[processes] = sum(pool.map(_work, range(processes), [card] * processes))
        click.echo(f"throughput, {card.name}, {processes} process(es): {rates[processes]:.1f} a second")
    if 2 in rates:  # noqa: PLR2004
        click.echo(f"two processes do {rates[2] / rates[1]:.2f} times the work of one")


def _work(core: int, card: Case) -> float:
    """Extract for some seconds on this core; return extractions a second."""
    _pin(core)
    engine = load_engine()
    work = _ours(card, engine)
    work()
    return per_second(work, _THROUGHPUT_SECONDS)


def per_second(work: Callable[[], object], seconds: float) -> float:
    """Do it for so many seconds; return how often a second."""
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        work()
        done += 1
    return done / (time.perf_counter() - started)


def _memory(rows: list[Case]) -> None:
    """Print resident memory of a process with the engine alone: loaded, and at its peak over all rows."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, data in enumerate(data for case in rows for data in case.files):
            paths.append(Path(folder) / str(number))
            paths[-1].write_bytes(data)
        subprocess.run([sys.executable, "-m", "bench.memory", *map(str, paths)], check=True)  # noqa: S603


def _pin(core: int) -> None:
    cv2.setNumThreads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})

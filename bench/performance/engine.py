"""Compares our engine with the reference, in one run on one pinned core."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click
import cv2

from bench.performance.documents import Case, cases
from worker.vision import (
    EncoderChoice,
    EncoderName,
    Engine,
    compare_faces,
    extract_face,
    load_engine,
    timed_stages,
)

_THROUGHPUT_SECONDS = 4.0
_ENCODERS: tuple[EncoderName, ...] = ("sface", "dlib")  # the default first


def run(repeat: int) -> None:
    """Print the tables."""
    _pin(0)
    engines = {name: _loaded(name) for name in _ENCODERS}
    default = engines[_ENCODERS[0]]
    click.echo(f"\n{'document':36s} {'ours':>9s} {'reference':>11s} {'ratio':>7s}   stages, ms")
    rows = cases()
    for case in rows:
        reference = _median(_reference(case), 1)
        if len(case.files) == 1:
            _print(case.name, case, default, reference, repeat)
            continue
        for name, engine in engines.items():
            _print(f"{case.name}, {name}", case, engine, reference, repeat)
    click.echo()
    _throughput(rows)
    for name in _ENCODERS:
        _memory(rows, name)


def _loaded(name: EncoderName) -> Engine:
    started = time.perf_counter()
    engine = load_engine(encoder=EncoderChoice(name))
    click.echo(f"engine with {name} loaded in {time.perf_counter() - started:.2f} s")
    return engine


def _print(title: str, case: Case, engine: Engine, reference: float, repeat: int) -> None:
    """Print one row. The time of the reference is in milliseconds."""
    ours = _median(_ours(case, engine), repeat)
    stages = "  ".join(f"{name} {value:.1f}" for name, value in _stages(case, engine).items())
    click.echo(f"{title:36s} {ours:6.1f} ms {reference:8.1f} ms {reference / ours:6.1f}x   {stages}")


def _ours(case: Case, engine: Engine) -> Callable[[], object]:
    if len(case.files) == 1:
        return lambda: extract_face(case.files[0], engine=engine)
    return lambda: compare_faces(*case.files, engine=engine)


def _reference(case: Case) -> Callable[[], object]:
    from bench.performance import reference  # noqa: PLC0415 - loads 130 MB of models that no other command needs

    return (
        (lambda: reference.extract(case.files[0])) if len(case.files) == 1 else (lambda: reference.compare(*case.files))
    )


def _median(work: Callable[[], object], repeat: int) -> float:
    """Return the median time in milliseconds. A warm-up run is not counted."""
    if repeat > 1:
        work()
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def _stages(case: Case, engine: Engine) -> dict[str, float]:
    """Run once and return the milliseconds of each stage."""
    with timed_stages() as seconds:
        _ours(case, engine)()
    return {name: 1000 * spent for name, spent in seconds.items()}


def _throughput(rows: list[Case]) -> None:
    """Print cards per second with one and with two processes, each on its own core."""
    card = rows[0]
    rates = {}
    for processes in (1, 2):
        if processes > (os.cpu_count() or 1):
            break
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            rates[processes] = sum(pool.map(_work, range(processes), [card] * processes))
        click.echo(f"throughput, {card.name}, {processes} process(es): {rates[processes]:.1f} per second")
    if 2 in rates:  # noqa: PLR2004
        click.echo(f"two processes do {rates[2] / rates[1]:.2f} times the work of one")


def _work(core: int, card: Case) -> float:
    """Extract for some seconds on this core. Return extractions per second."""
    _pin(core)
    engine = load_engine()
    work = _ours(card, engine)
    work()
    return per_second(work, _THROUGHPUT_SECONDS)


def per_second(work: Callable[[], object], seconds: float) -> float:
    """Repeat the work for this time. Return the rate per second."""
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        work()
        done += 1
    return done / (time.perf_counter() - started)


def _memory(rows: list[Case], encoder: EncoderName) -> None:
    """Print the resident memory of a worker process with this encoder: after loading, and at its peak over all rows."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, data in enumerate(data for case in rows for data in case.files):
            paths.append(Path(folder) / str(number))
            paths[-1].write_bytes(data)
        subprocess.run([sys.executable, "-m", "bench.performance.memory", encoder, *map(str, paths)], check=True)  # noqa: S603


def _pin(core: int) -> None:
    cv2.setNumThreads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})

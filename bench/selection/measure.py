"""Runs the engine on labelled documents, in one process or several."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context

import cv2

from bench.selection.labels import Label, Outcome, judge
from bench.selection.sources import Source
from worker.vision import Engine, Limits, NoFaceError, extract_face, load_engine
from worker.vision.geometry import Box

_LIMITS = Limits()


@dataclass(frozen=True)
class Result:
    """The outcome for one document.

    Attributes
    ----------
    index, name, label
        Index, name and label of the document.
    outcome, chosen
        Outcome, and box of the selected face; None if no face was found.
    seconds, preparing
        Time of the engine, and time to compose or read the document.

    """

    index: int
    name: str
    label: Label
    outcome: Outcome
    chosen: Box | None
    seconds: float
    preparing: float


def measure(source: Source, engine: Engine, processes: int) -> Iterator[Result]:
    """Measure every document. The results are in order.

    Parameters
    ----------
    source
        The documents.
    engine
        Engine for a single process. Several processes load their own engines.
    processes
        Number of processes.

    """
    cv2.setNumThreads(1)
    if processes == 1:
        for index in range(len(source)):
            yield measure_one(source, index, engine)
        return
    with get_context("spawn").Pool(processes, _start, (source,)) as pool:
        yield from pool.imap(_work, range(len(source)))


def measure_one(source: Source, index: int, engine: Engine) -> Result:
    """Compose or read a document, and extract its portrait."""
    started = time.perf_counter()
    document = source[index]
    prepared = time.perf_counter()
    chosen, rotation = None, 0.0
    try:
        extraction = extract_face(document.data, limits=_LIMITS, engine=engine)
    except NoFaceError:
        pass
    else:
        face = extraction.faces[extraction.selected]
        chosen, rotation = face.box, face.rotation
    seconds = time.perf_counter() - prepared
    outcome = judge(document.label, chosen, rotation)
    return Result(index, document.name, document.label, outcome, chosen, seconds, prepared - started)


_worker: list[tuple[Source, Engine]] = []  # in a pool process: one item after its start


def _start(source: Source) -> None:
    cv2.setNumThreads(1)
    _worker.append((source, load_engine()))


def _work(index: int) -> Result:
    source, engine = _worker[0]
    return measure_one(source, index, engine)

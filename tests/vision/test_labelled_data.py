"""Accuracy on labelled documents and pairs of faces: composed, and real if ``../shared/data`` exists."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Pair, Specimen
from tests.labelled.documents import Document, documents
from tests.support.encoding import saved
from worker.vision import Engine, Extraction, Limits, NoFaceError, extract_face
from worker.vision.documents import open_document
from worker.vision.documents.pdf.mupdf import pymupdf
from worker.vision.geometry import Box, DetectedFace, Image as Picture, turn_face
from worker.vision.recognition.verdict import compare_embeddings
from worker.vision.selection.portrait_selection import select_portrait

pytestmark = pytest.mark.accuracy


def turned(path: Path, quarters: int) -> bytes:
    if quarters == 0:
        return path.read_bytes()
    if path.suffix == ".pdf":
        return turned_pdf(path, quarters)
    picture = np.rot90(np.asarray(Image.open(path).convert("RGB")), quarters)
    return saved(Image.fromarray(picture), "PNG", compress_level=0)


def turned_pdf(path: Path, quarters: int) -> bytes:
    with pymupdf.open(path) as document:
        for page in document:
            page.set_rotation((page.rotation - 90 * quarters) % 360)  # PDF rotation is clockwise
        data: bytes = document.tobytes()
    return data


def is_right(specimen: Specimen, quarters: int, engine: Engine) -> bool:
    try:
        result = extract_face(turned(specimen.path, quarters), engine=engine)
    except NoFaceError:
        return specimen.portrait is None
    if specimen.portrait is None:
        return False
    face = result.faces[result.selected]
    truth = turn_face(DetectedFace(specimen.portrait, np.zeros((5, 2), np.float32), 1.0), specimen.size, quarters).box
    upright = abs((face.rotation - specimen.rotation - 90 * quarters + 180) % 360 - 180) < 45
    return upright and face.page == specimen.page and face.box.iou(truth) > 0.4


@pytest.mark.parametrize("quarters", [0, 1, *(pytest.param(turns, marks=pytest.mark.slow) for turns in (2, 3))])
def test_every_specimen_has_the_labelled_portrait_or_no_face(
    specimens: list[Specimen], quarters: int, engine: Engine
) -> None:
    wrong = [specimen.path.name for specimen in specimens if not is_right(specimen, quarters, engine)]
    assert wrong == []


def rival_boxes(result: Extraction, document: Document) -> list[Box]:
    """Return the boxes of detected faces that compete with the portrait."""
    return [face.box for face in result.faces if any(face.box.iou(rival) > 0.3 for rival in document.rivals)]


@pytest.mark.parametrize("kind", ["ghost", "stamp", "crowd", "bystander"])
def test_the_portrait_wins_over_other_faces_that_are_found(kind: str, engine: Engine) -> None:
    competing = [document for document in documents() if document.kind == kind]
    results = [extract_face(document.data, engine=engine) for document in competing]
    chosen = [result.faces[result.selected].box for result in results]
    wrong = [
        document.name
        for document, box in zip(competing, chosen, strict=True)
        if document.portrait is None or box.iou(document.portrait) <= 0.4
    ]
    assert wrong == []
    found = [rival_boxes(result, document) for result, document in zip(results, competing, strict=True)]
    assert any(found), f"the detector finds no {kind} face in these documents, so they do not test the selection"


def aligned_portrait(path: Path, engine: Engine) -> Picture:
    with open_document(path.read_bytes(), Limits()) as document:
        return engine.align(select_portrait(document, engine, portrait_only=True).portrait)


def wrong_pairs(pairs: list[Pair], engine: Engine) -> list[str]:
    paths = sorted({path for pair in pairs for path in (pair.first, pair.second)})
    chips = [aligned_portrait(path, engine) for path in paths]
    embeddings = dict(zip(paths, engine.embed(chips), strict=True))
    return [
        f"{pair.first.name} and {pair.second.name}"
        for pair in pairs
        if compare_embeddings(embeddings[pair.first], embeddings[pair.second], engine.calibration).match != pair.same
    ]


@pytest.mark.parametrize(
    ("pairs", "share"), [("composed", 1.0), pytest.param("real", 0.985, marks=pytest.mark.slow)], indirect=["pairs"]
)
def test_pairs_of_faces_are_classified(pairs: list[Pair], share: float, engine: Engine) -> None:
    wrong = wrong_pairs(pairs, engine)
    assert 1 - len(wrong) / len(pairs) >= share, wrong

"""Accuracy on labelled specimen documents and pairs of faces."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Pair, Specimen
from worker.vision import Engine, Limits, NoFaceError, extract_face
from worker.vision.comparison import compare
from worker.vision.geometry import Face, turn_face
from worker.vision.service import aligned_face


def turned(specimen: Specimen, quarters: int) -> bytes:
    if quarters == 0:
        return specimen.path.read_bytes()
    picture = np.rot90(np.asarray(Image.open(specimen.path).convert("RGB")), quarters)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def is_right(specimen: Specimen, quarters: int, engine: Engine) -> bool:
    try:
        result = extract_face(turned(specimen, quarters), engine=engine)
    except NoFaceError:
        return specimen.portrait is None
    if specimen.portrait is None:
        return False
    face = result.faces[result.selected]
    truth = turn_face(Face(specimen.portrait, np.zeros((5, 2), np.float32), 1.0), specimen.size, quarters).box
    upright = abs((face.rotation - 90 * quarters + 180) % 360 - 180) < 45
    return upright and face.box.iou(truth) > 0.4


@pytest.mark.parametrize("quarters", range(4))
def test_every_specimen_gives_its_portrait_or_no_face(specimens: list[Specimen], quarters: int, engine: Engine) -> None:
    wrong = [specimen.path.name for specimen in specimens if not is_right(specimen, quarters, engine)]
    assert wrong == []


def test_pairs_of_faces_are_told_apart(pairs: list[Pair], engine: Engine) -> None:
    paths = sorted({path for pair in pairs for path in (pair.first, pair.second)})
    chips = [aligned_face(path.read_bytes(), "selfie", Limits(), engine) for path in paths]
    embeddings = dict(zip(paths, engine.embed(chips), strict=True))
    right = [
        compare(embeddings[pair.first], embeddings[pair.second], engine.calibration).match == pair.same
        for pair in pairs
    ]
    assert sum(right) / len(right) >= 0.985

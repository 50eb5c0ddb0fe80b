"""Comparisons: the verdict, the compared faces, and the warnings of an unreliable verdict."""

import cv2
import numpy as np
import pytest
import skimage.data

from tests.support.compose import PORTRAIT, a4, card, head, jpeg, pdf, png
from tests.support.photos import Picture, photo
from worker.vision import EncoderChoice, Engine, NoFaceError, compare_faces, extract_face, load_engine


@pytest.mark.long
def test_two_photographs_of_one_person_match_and_of_two_do_not(engine: Engine) -> None:
    same = compare_faces(png(photo("obama")), jpeg(card("obama2")), engine=engine)
    assert same.match
    assert same.distance < same.threshold == 0.6
    assert same.confidence == pytest.approx((1 - same.distance) * 100)
    assert not compare_faces(png(photo("obama")), jpeg(card("biden")), engine=engine).match


def test_a_picture_compared_with_itself_has_distance_0(engine: Engine) -> None:
    data = jpeg(card())
    assert compare_faces(data, data, engine=engine).distance == 0


def test_a_match_depends_on_the_threshold(engine: Engine) -> None:
    strict = compare_faces(png(photo("obama")), jpeg(card("obama2")), threshold=0.1, engine=engine)
    assert not strict.match
    assert strict.threshold == 0.1


@pytest.mark.long
def test_with_dlib_the_distance_is_the_distance_of_dlib() -> None:
    engine = load_engine(encoder=EncoderChoice("dlib"))
    same = compare_faces(png(photo("obama")), jpeg(card("obama2")), engine=engine)
    assert same.match
    assert 0.2 < same.distance < same.threshold == 0.6
    assert not compare_faces(png(photo("obama")), jpeg(card("biden")), engine=engine).match


@pytest.mark.long
def test_the_error_of_a_missing_face_names_the_document(engine: Engine) -> None:
    page = png(np.asarray(skimage.data.page(), np.uint8))
    for arguments, role in (((page, jpeg(card())), "selfie"), ((jpeg(card()), page), "id_photo")):
        with pytest.raises(NoFaceError) as caught:
            compare_faces(*arguments, engine=engine)
        assert caught.value.role == role


@pytest.mark.long
def test_a_comparison_reports_the_compared_faces(engine: Engine) -> None:
    document = pdf("A covering letter.", a4(card("obama2"), dpi=200))
    comparison = compare_faces(png(photo("obama")), document, engine=engine)
    extraction = extract_face(document, engine=engine)
    chosen = extraction.faces[extraction.selected]
    assert comparison.id_photo.page == 2
    assert comparison.id_photo.page_size == chosen.page_size
    assert comparison.id_photo.box.iou(chosen.box) > 0.9
    assert comparison.id_photo.rotation == chosen.rotation
    assert comparison.id_photo.quality == extraction.quality
    assert comparison.selfie.page == 1
    assert comparison.selfie.total_faces == 1
    assert comparison.selfie.portrait is None


def test_a_comparison_returns_the_portrait_of_an_extraction(engine: Engine) -> None:
    selfie, document = png(photo("obama")), jpeg(card("obama2"))
    comparison = compare_faces(selfie, document, portraits=True, engine=engine)
    assert comparison.id_photo.portrait == extract_face(document, engine=engine).portrait
    assert comparison.selfie.portrait is not None
    assert comparison.selfie.portrait.startswith(b"\xff\xd8\xff")


def test_portraits_do_not_change_the_verdict(engine: Engine) -> None:
    selfie, document = png(photo("obama")), jpeg(card("obama2"))
    with_portraits = compare_faces(selfie, document, portraits=True, engine=engine)
    assert with_portraits.distance == compare_faces(selfie, document, engine=engine).distance


def card_with_second_face(name: str, fraction: float) -> Picture:
    """Return a card with a second face, whose side is this fraction of the portrait's side."""
    scene = card("obama")
    size = int(fraction * PORTRAIT.width), int(fraction * PORTRAIT.height)
    scene[200 : 200 + size[1], 640 : 640 + size[0]] = cv2.resize(head(name), size, interpolation=cv2.INTER_AREA)
    return scene


@pytest.mark.parametrize(("fraction", "several"), [(0.9, True), (0.7, True), (0.5, False)])
def test_another_person_of_comparable_size_is_reported(fraction: float, engine: Engine, *, several: bool) -> None:
    comparison = compare_faces(png(photo("obama")), jpeg(card_with_second_face("biden", fraction)), engine=engine)
    assert comparison.id_photo.total_faces == 2
    assert comparison.id_photo.several_people is several
    assert not comparison.selfie.several_people


@pytest.mark.parametrize("fraction", [0.7, 0.9])
def test_a_ghost_of_the_holder_is_not_another_person(fraction: float, engine: Engine) -> None:
    comparison = compare_faces(png(photo("obama2")), jpeg(card_with_second_face("obama", fraction)), engine=engine)
    assert comparison.id_photo.total_faces == 2
    assert not comparison.id_photo.several_people


def test_the_same_card_on_two_pages_shows_one_person(engine: Engine) -> None:
    twice = pdf(card("obama"), card("obama"))
    comparison = compare_faces(png(photo("obama2")), twice, engine=engine)
    assert comparison.id_photo.total_faces == 2
    assert not comparison.id_photo.several_people


def shrunk(picture: Picture, factor: float) -> Picture:
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize(
    ("poor", "reason"),
    [
        (png(shrunk(card("obama2"), 0.16)), "too_small"),
        (jpeg(np.asarray(cv2.GaussianBlur(card("obama2"), (0, 0), 9), np.uint8)), "blurred"),
    ],
    ids=["a face of few pixels", "a blurred face"],
)
def test_a_poor_face_gives_a_warning_and_a_verdict(poor: bytes, reason: str, engine: Engine) -> None:
    comparison = compare_faces(png(photo("obama")), poor, engine=engine)
    assert ("id_photo", reason) in {(warning.role, warning.reason) for warning in comparison.reliability_warnings}
    assert comparison.match == (comparison.distance <= comparison.threshold)


def test_two_clear_faces_give_no_warning(engine: Engine) -> None:
    assert compare_faces(png(photo("obama")), jpeg(card("biden")), engine=engine).reliability_warnings == ()

"""The formats of phones, messengers and scanners are read: upright, within limits, with all pages."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared import formats
from tests.support.compose import card, jpeg, pdf, png
from tests.support.encoding import PICTURES, encoded, saved, tiff
from tests.support.pages import as_stored, page_of, whole
from worker.vision import FORMATS, Limits, extract_face
from worker.vision.documents import open_document
from worker.vision.documents.formats import detect_format
from worker.vision.errors import (
    ImageTooLargeError,
    NoFaceError,
    PortraitBeyondPageLimitError,
    UnreadableImageError,
    UnsupportedFormatError,
)

Picture = NDArray[np.uint8]


SMALL = (250, 158)  # pixels; encoding AVIF and HEIC is slow


@pytest.fixture(scope="module")
def scene() -> Picture:
    return np.asarray(Image.fromarray(card("astronaut")).resize(SMALL, Image.Resampling.BOX))


def test_the_table_of_formats_and_the_decoders_agree() -> None:
    assert {each.name for each in formats.FORMATS} == FORMATS


@pytest.mark.parametrize("name", [*PICTURES, "pdf"])
def test_a_format_is_detected_as_in_the_table_of_formats(scene: Picture, name: str) -> None:
    data = pdf(scene) if name == "pdf" else encoded(scene, name)
    found = formats.recognise(data)
    assert found is not None
    assert found.name == detect_format(data, FORMATS) == name


@pytest.mark.parametrize("name", PICTURES)
def test_the_holder_is_found_in_every_format(name: str) -> None:
    extraction = extract_face(encoded(card(), name))
    assert len(extraction.faces) == 1
    assert extraction.faces[0].page_size == (1000, 630)


@pytest.mark.parametrize("name", PICTURES)
def test_a_format_that_is_not_accepted_is_refused(scene: Picture, name: str) -> None:
    narrow = Limits(formats=FORMATS - {name})
    with pytest.raises(UnsupportedFormatError), open_document(encoded(scene, name), narrow):
        pass


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", PICTURES)
def test_orientation_is_undone_in_every_format(scene: Picture, name: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    page = page_of(encoded(as_stored(scene, orientation), name, exif=exif.tobytes()))
    assert page.size == (scene.shape[1], scene.shape[0])
    assert np.abs(whole(page).astype(int) - scene).mean() < 8


@pytest.mark.parametrize("name", PICTURES)
def test_too_many_pixels_are_refused_before_they_are_decoded(scene: Picture, name: str) -> None:
    with pytest.raises(ImageTooLargeError):
        page_of(encoded(scene, name), max_pixels=SMALL[0] * SMALL[1] - 1)


@pytest.mark.parametrize("part", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("name", PICTURES)
def test_a_truncated_file_is_refused(scene: Picture, name: str, part: float) -> None:
    data = encoded(scene, name)
    with pytest.raises(UnreadableImageError):
        whole(page_of(data[: int(len(data) * part)]))


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("1", {"compression": "group4"}),
        ("L", {"compression": "tiff_lzw"}),
        ("RGB", {"compression": "jpeg", "quality": 95}),
        ("RGB", {"compression": "tiff_adobe_deflate"}),
        ("CMYK", {"compression": "tiff_lzw"}),
        ("I;16", {}),
    ],
    ids=["G4", "LZW grey", "JPEG", "Deflate", "LZW CMYK", "16 bits"],
)
def test_tiffs_of_scanners_are_read(scene: Picture, mode: str, options: dict[str, Any]) -> None:
    if mode == "I;16":
        grey = np.asarray(Image.fromarray(scene).convert("L"))
        picture, shown = Image.fromarray(grey.astype(np.uint16) * 257), Image.fromarray(grey)
    else:
        picture = shown = Image.fromarray(scene).convert(mode)
    expected = np.asarray(shown.convert("RGB")).astype(int)
    assert np.abs(whole(page_of(tiff(picture, **options))) - expected).mean() < 3


def test_every_page_of_a_tiff_is_searched() -> None:
    blank = Image.new("RGB", (1000, 630), "white")
    extraction = extract_face(tiff(blank, blank, Image.fromarray(card())))
    assert extraction.faces[extraction.selected].page == 3


@pytest.mark.long
def test_a_portrait_beyond_the_page_limit_has_its_own_error() -> None:
    blank = Image.new("L", (300, 200), 255)
    with pytest.raises(PortraitBeyondPageLimitError):
        extract_face(tiff(blank, Image.fromarray(card())), limits=Limits(max_pages=1))
    with pytest.raises(NoFaceError) as raised:
        extract_face(tiff(blank), limits=Limits(max_pages=1))
    assert raised.value.code == "no_face"


def test_the_thumbnail_of_a_tiff_is_not_a_page() -> None:
    thumbnail = Image.fromarray(card("biden")).resize((200, 126))
    thumbnail.encoderinfo = {"tiffinfo": {254: 1}}
    with open_document(tiff(Image.fromarray(card()), thumbnail), Limits()) as document:
        assert [page.size for page in document.pages] == [(1000, 630)]


def test_a_damaged_page_of_a_tiff_does_not_affect_the_others() -> None:
    data = bytearray(tiff(Image.fromarray(card()), Image.fromarray(card("biden")), compression="tiff_adobe_deflate"))
    second = _offset_of_second_strip(bytes(data))
    data[second : second + 2000] = bytes(2000)
    extraction = extract_face(bytes(data))
    assert extraction.unreadable_pages == (2,)
    assert extraction.faces[extraction.selected].page == 1


def _offset_of_second_strip(data: bytes) -> int:
    with Image.open(io.BytesIO(data)) as picture:
        picture.seek(1)
        offsets = picture.tag_v2[273]  # type: ignore[attr-defined] # StripOffsets
        return int(offsets[0])


def test_an_avif_that_declares_only_heif_is_read(scene: Picture) -> None:
    data = bytearray(encoded(scene, "avif"))
    data[8:12] = b"mif1"
    assert page_of(bytes(data)).size == SMALL


def test_other_formats_are_refused(scene: Picture) -> None:
    gif = saved(Image.fromarray(scene), "GIF")
    for data in (gif, b"BM" + bytes(100), b"plain text", struct.pack(">I4s4s", 24, b"ftyp", b"isom")):
        with pytest.raises(UnsupportedFormatError):
            detect_format(data, FORMATS)


def test_the_first_picture_of_an_animation_is_read(scene: Picture) -> None:
    still = Image.fromarray(scene)
    others = [Image.new("RGB", still.size)]
    data = saved(still, "WEBP", save_all=True, append_images=others, duration=100, quality=90)
    assert np.abs(whole(page_of(data)).astype(int) - scene).mean() < 8


def test_bytes_after_a_picture_are_ignored(scene: Picture) -> None:
    video = struct.pack(">I4s4s", 24, b"ftyp", b"isom") + bytes(1000)
    for make in (jpeg, png):
        assert page_of(make(scene) + video).size == SMALL

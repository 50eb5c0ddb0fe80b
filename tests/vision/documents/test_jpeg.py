"""JPEGs that browsers show are read: with irregular metadata, with a late height, or with a video at the end."""

import struct
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.support.compose import card, jpeg
from tests.support.pages import MAX_PIXELS, page_of, whole
from worker.vision.documents.pictures.exif import orientation
from worker.vision.documents.pictures.jpeg import read_jpeg
from worker.vision.errors import TooComplexError, UnreadableImageError

Picture = NDArray[np.uint8]

START, END = b"\xff\xd8", b"\xff\xd9"
SOS = b"\xff\xda"


@pytest.fixture(scope="module")
def plain() -> bytes:
    return jpeg(card("astronaut"))


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def short_app0(data: bytes) -> bytes:
    """Replace the JFIF segment with one that ends after its version."""
    length = int.from_bytes(data[4:6])
    return START + segment(0xE0, b"JFIF\0\x01") + data[4 + length :]


def two_starts(data: bytes) -> bytes:
    return START + data


def late_height(data: bytes) -> bytes:
    """Write the height after the first scan (DNL), and 0 at its usual position."""
    at = data.index(b"\xff\xc0") + 5
    height = data[at : at + 2]
    return data[:at] + b"\0\0" + data[at + 2 : -2] + segment(0xDC, height) + END


def repeated_height(data: bytes) -> bytes:
    at = data.index(b"\xff\xc0") + 5
    return data[:-2] + segment(0xDC, data[at : at + 2]) + END


def broken_metadata(data: bytes) -> bytes:
    """Add an EXIF block, an index of further pictures, and Photoshop resources; all are invalid."""
    odd = segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff") + segment(0xE2, b"MPF\0rubbish") + segment(0xED, b"8BIM" * 3)
    return START + odd + data[2:]


def padded(data: bytes) -> bytes:
    return START + b"\xff\xff\xff" + data[2:]


def stuffed(data: bytes) -> bytes:
    return START + b"\xff\0" + data[2:]


@pytest.mark.parametrize(
    "change", [stuffed, short_app0, two_starts, late_height, repeated_height, broken_metadata, padded]
)
def test_an_irregular_but_intact_jpeg_shows_the_same_picture(plain: bytes, change: Callable[[bytes], bytes]) -> None:
    np.testing.assert_array_equal(whole(page_of(change(plain))), whole(page_of(plain)))


def test_a_jpeg_without_a_height_is_refused(plain: bytes) -> None:
    at = plain.index(b"\xff\xc0") + 5
    with pytest.raises(UnreadableImageError):
        page_of(plain[:at] + b"\0\0" + plain[at + 2 :])


def test_a_jpeg_with_two_frames_is_refused(plain: bytes) -> None:
    at = plain.index(b"\xff\xc0")
    length = 2 + int.from_bytes(plain[at + 2 : at + 4])
    large = plain[at : at + 5] + struct.pack(">HH", 40_000, 30_000) + plain[at + 9 : at + length]
    with pytest.raises(UnreadableImageError):
        page_of(plain[:at] + large + plain[at:])


@pytest.mark.parametrize("metadata", [b"", b"\xff\xe1", SOS * 3, bytes(range(256))])
def test_only_scans_inside_the_picture_count(plain: bytes, metadata: bytes) -> None:
    behind = START + SOS * 100_000 + END  # as bytes of a video may be
    file = read_jpeg(START + segment(0xE5, metadata) + plain[2:] + behind)
    assert file.scans == 1
    np.testing.assert_array_equal(whole(page_of(plain + behind)), whole(page_of(plain)))


def test_scans_after_a_comment_that_contains_an_end_marker_count() -> None:
    whole_picture = jpeg(np.zeros((64, 64, 3), np.uint8))
    scan = whole_picture[whole_picture.rindex(SOS) : -2]
    file = read_jpeg(whole_picture[:-2] + segment(0xFE, END) + scan * 99 + END)
    assert file.scans == 100


def test_scans_count_if_the_last_marker_is_missing() -> None:
    cut = jpeg(np.zeros((4000, 4000, 3), np.uint8))[:-2]
    with pytest.raises(TooComplexError):
        page_of(cut + b"\xff\x02" + SOS * 200)


@pytest.mark.parametrize("value", [0, 9, 255, 65535])
def test_an_unknown_exif_orientation_is_ignored(value: int) -> None:
    scene = card("astronaut")
    exif = Image.Exif()
    exif[0x0112] = value
    assert page_of(jpeg(scene, exif=exif)).size == (scene.shape[1], scene.shape[0])
    assert orientation(exif.tobytes()) == 1


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0), 6),
        (struct.pack("<HHII", 0x0112, 4, 1, 6), 1),  # a LONG
        (struct.pack("<HHIHH", 0x0112, 3, 2, 6, 6), 1),  # two values
        (struct.pack("<HHIHH", 0x0112, 3, 1, 9, 0), 1),
        (b"", 1),
    ],
)
def test_orientation_must_be_one_short_in_the_first_directory(entry: bytes, expected: int) -> None:
    tiff = b"II*\0" + struct.pack("<IH", 8, 1) + entry
    assert orientation(tiff) == orientation(b"Exif\0\0" + tiff) == expected


def test_orientation_in_xmp_is_ignored() -> None:
    scene = card("astronaut")
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    data = jpeg(scene)
    page = page_of(START + segment(0xE1, xmp) + data[2:], MAX_PIXELS)
    assert page.size == (scene.shape[1], scene.shape[0])

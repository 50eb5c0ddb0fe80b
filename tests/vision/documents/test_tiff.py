"""TIFF: each page is read separately, and values of every type are read correctly or refused."""

import struct
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.support.compose import card
from tests.support.encoding import saved
from tests.support.pages import page_of, whole
from worker.vision import Limits, extract_face
from worker.vision.documents import open_document
from worker.vision.documents.pictures.tiff import pages
from worker.vision.errors import PortraitBeyondPageLimitError, UnreadableImageError

Picture = NDArray[np.uint8]
Directory = dict[int, int | tuple[int, ...]]

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
OFFSETS, SAMPLES, ROWS, COUNTS, PLANAR, FORMAT, SUBFILE = 273, 277, 278, 279, 284, 339, 254
BLACK_IS_ZERO, WHITE_IS_ZERO, RGB = 1, 0, 2


def directory(values: NDArray[Any], photometric: int, **more: int) -> tuple[Directory, bytes]:
    """Return the directory and the data of a picture with uncompressed values."""
    by_planes = more.get("planar") == 2
    samples = 1 if values.ndim == 2 else values.shape[0 if by_planes else 2]
    height, width = values.shape[1:] if by_planes else values.shape[:2]
    data = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes()
    entries: Directory = {
        SUBFILE: more.get("subfile", 0),
        WIDTH: width,
        HEIGHT: height,
        BITS: (8 * values.itemsize,) * samples,
        COMPRESSION: 1,
        PHOTOMETRIC: photometric,
        OFFSETS: tuple(range(samples)) if by_planes else 0,  # of each strip, in strips, until it is written
        SAMPLES: samples,
        ROWS: height,
        COUNTS: (len(data) // samples,) * samples if by_planes else len(data),
        PLANAR: more.get("planar", 1),
        FORMAT: (more.get("kind", 1),) * samples,
    }
    return entries, data


def written(directories: Iterable[tuple[Directory, bytes]]) -> bytes:
    """Write a little-endian TIFF with its pages in order."""
    out = bytearray(struct.pack("<2sHI", b"II", 42, 0))
    pointer = 4
    for entries, data in directories:
        start = len(out)
        out += data
        table, further = bytearray(struct.pack("<H", len(entries))), bytearray()
        at = start + len(data)
        end = at + 2 + 12 * len(entries) + 4
        for tag, value in sorted(entries.items()):
            values = value if isinstance(value, tuple) else (value,)
            if tag == OFFSETS:
                values = tuple(start + number * len(data) // len(values) for number in values)
            inline = struct.pack("<I", values[0])
            if len(values) > 1:
                inline = struct.pack("<I", end + len(further))
                further += struct.pack(f"<{len(values)}I", *values)
            table += struct.pack("<HHI", tag, 4, len(values)) + inline
        struct.pack_into("<I", out, pointer, at)
        pointer = at + len(table)
        out += table + bytes(4) + further
    return bytes(out)


@pytest.fixture(scope="module")
def scene() -> Picture:
    return np.asarray(Image.fromarray(card("astronaut")).resize((250, 158)))


@pytest.fixture(scope="module")
def grey(scene: Picture) -> Picture:
    return np.asarray(Image.fromarray(scene).convert("L"))


def as_rgb(grey: Picture) -> NDArray[Any]:
    return np.repeat(grey[..., None], 3, axis=2).astype(int)


def test_uncompressed_colours_are_read_unchanged(scene: Picture) -> None:
    np.testing.assert_array_equal(whole(page_of(written([directory(scene, RGB)]))), scene)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("white_is_zero", [False, True])
def test_grey_of_every_depth_is_not_inverted(grey: Picture, depth: type, *, white_is_zero: bool) -> None:
    values: NDArray[Any] = (255 - grey if white_is_zero else grey).astype(depth) * (257 if depth is np.uint16 else 1)
    data = written([directory(values, WHITE_IS_ZERO if white_is_zero else BLACK_IS_ZERO)])
    assert np.abs(whole(page_of(data)) - as_rgb(grey)).max() <= 1


@pytest.mark.parametrize(
    ("depth", "more"),
    [(np.uint16, {"planar": 2}), (np.uint32, {}), (np.float32, {"kind": 3}), (np.int16, {"kind": 2})],
    ids=["16 bits by planes", "32 bits", "floating point", "signed"],
)
def test_values_that_pillow_decodes_wrongly_are_refused(
    scene: Picture, grey: Picture, depth: type, more: dict[str, int]
) -> None:
    values = np.moveaxis(scene, 2, 0) if more.get("planar") else grey
    with pytest.raises(UnreadableImageError):
        page_of(written([directory(values.astype(depth), RGB if more.get("planar") else BLACK_IS_ZERO, **more)]))


@pytest.mark.parametrize("orientation", [2, 6])
def test_an_orientation_in_xmp_is_ignored(scene: Picture, orientation: int) -> None:
    xmp = f'<x:xmpmeta><rdf:Description tiff:Orientation="{orientation}"/></x:xmpmeta>'.encode()
    page = page_of(saved(Image.fromarray(scene), "TIFF", tiffinfo={700: xmp}))
    assert page.size == (scene.shape[1], scene.shape[0])
    np.testing.assert_array_equal(whole(page), scene)


def test_an_unreadable_page_at_any_position_does_not_affect_the_others() -> None:
    good = directory(card(), RGB)
    bad = directory(np.zeros((20, 20, 7), np.uint8), RGB)
    for order in ([bad, good], [good, bad], [bad, bad, good]):
        found = extract_face(written(order))
        assert found.unreadable_pages == tuple(1 + index for index, each in enumerate(order) if each is bad)
        assert found.faces[found.selected].page == 1 + order.index(good)


def test_thumbnails_are_not_pages() -> None:
    thumbnail = directory(np.zeros((8, 8, 3), np.uint8), RGB, subfile=1)
    data = written([thumbnail] * 30 + [directory(card(), RGB)])
    with open_document(data, Limits()) as document:
        assert [page.size for page in document.pages] == [(1000, 630)]


@pytest.mark.long
def test_pages_beyond_the_limit_are_reported() -> None:
    blank = directory(np.full((20, 20), 255, np.uint8), BLACK_IS_ZERO)
    with pytest.raises(PortraitBeyondPageLimitError):
        extract_face(written([blank, blank]), limits=Limits(max_pages=1))


def test_a_circular_chain_of_directories_ends() -> None:
    data = bytearray(written([directory(np.zeros((8, 8), np.uint8), BLACK_IS_ZERO)]))
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * count, first)
    assert pages(bytes(data), 10) == ([first], False)


def test_a_directory_with_tens_of_thousands_of_entries_is_ignored() -> None:
    assert pages(struct.pack("<2sHIH", b"II", 42, 8, 65_535) + bytes(12 * 65_535 + 4), 10) == ([], False)

"""Metadata of a PNG cannot make it unreadable."""

import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.colour_profiles import in_space
from tests.support.compose import card, png
from tests.support.pages import page_of, whole
from worker.vision.documents.pictures.png import read_png
from worker.vision.errors import UnreadableImageError

Picture = NDArray[np.uint8]

HEADER_ENDS = 33  # bytes: the signature, and the first chunk


def chunk(kind: bytes, content: bytes, *, sound: bool = True) -> bytes:
    checksum = zlib.crc32(kind + content) ^ (0 if sound else 1)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def with_chunk(data: bytes, added: bytes) -> bytes:
    return data[:HEADER_ENDS] + added + data[HEADER_ENDS:]


@pytest.mark.parametrize(
    "added",
    [
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000), 9)),
        chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(bytes(50_000_000), 9)),
        chunk(b"tEXt", b"Comment\0a wrong checksum", sound=False),
        chunk(b"iCCP", b"name\0\0" + zlib.compress(b"a wrong checksum"), sound=False),
        chunk(b"iCCP", b"name\0\0not compressed at all"),
        chunk(b"gAMA", b"", sound=False),
        chunk(b"acTL", struct.pack(">II", 3, 0)) + chunk(b"fcTL", b"rubbish"),
        chunk(b"eXIf", b"rubbish"),
        chunk(b"prVt", b"of some program"),
    ],
    ids=["long zTXt", "long iTXt", "tEXt", "iCCP checksum", "iCCP", "gAMA", "animation", "EXIF", "private"],
)
def test_a_chunk_of_metadata_does_not_affect_the_picture(added: bytes) -> None:
    scene = card("astronaut")
    np.testing.assert_array_equal(whole(page_of(with_chunk(png(scene), added))), scene)


def test_a_profile_with_a_wrong_checksum_is_ignored() -> None:
    stored, icc = in_space(card("astronaut"), "ProPhoto")
    content = b"name\0\0" + zlib.compress(icc)
    sound = read_png(with_chunk(png(stored), chunk(b"iCCP", content)))
    damaged = read_png(with_chunk(png(stored), chunk(b"iCCP", content, sound=False)))
    assert (sound.icc, damaged.icc) == (icc, None)


def test_a_wrong_checksum_in_the_header_is_refused() -> None:
    data = bytearray(png(card("astronaut")))
    data[HEADER_ENDS - 1] ^= 1
    with pytest.raises(UnreadableImageError):
        whole(page_of(bytes(data)))

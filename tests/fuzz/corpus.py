"""Seed documents, and the mutations that the fuzzers apply."""

import io
import random
from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
import pillow_heif
from PIL import Image

from tests.support.bombs import BOMBS, flat_jpeg, flat_png, object_streams, script, stream
from tests.support.colour_profiles import SPACES, matrix_profile
from tests.support.compose import card, jpeg, pdf, png
from tests.support.encoding import saved
from tests.support.examples import extraction_file
from tests.support.pdf_drawing import Drawing, image
from tests.support.photos import Picture

Random: TypeAlias = random.Random

_TOKENS = [
    *(b"\xff" + bytes([marker]) for marker in (0xC0, 0xC2, 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xE1, 0xEE, 0xFE)),
    *(b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf", b"iCCP", b"zTXt", b"acTL", b"fdAT", b"Exif\0\0II*\0"),
    *(
        b"obj",
        b"endobj",
        b"stream",
        b"endstream",
        b"xref",
        b"trailer",
        b"startxref",
        b"%%EOF",
        b"<<",
        b">>",
        b"[",
        b"]",
    ),
    *(
        b"/Kids[1 0 R]",
        b"/Count -1",
        b"/Length 99999999",
        b"/Filter/FlateDecode",
        b"/Filter/DCTDecode",
        b"/JBIG2Decode",
    ),
    *(b"/JPXDecode", b"/CCITTFaxDecode", b"/LZWDecode", b"/ASCII85Decode", b"/Rotate 37", b"/MediaBox[0 0 0 0]"),
    *(b"/Encrypt 1 0 R", b"/XObject<</I 1 0 R>>", b"/SMask 1 0 R", b"0 0 0 0 0 0 cm", b"/I Do", b"/UserUnit 1e9"),
    *(
        b"ftypheic",
        b"ftypavif",
        b"ftypmif1",
        b"colrnclx",
        b"irot",
        b"ispe",
        b"iloc",
        b"mdat",
        b"RIFF",
        b"VP8 ",
        b"VP8X",
    ),
    *(b"II*\0", b"MM\0*", b"\x12\x01\x03\0", b"\x11\x01\x04\0", b"\x17\x01\x04\0", b"ICC_PROFILE\0\1\1", b"acsp"),
    *(b"/ICCBased 1 0 R", b"/OC/L BDC", b"BI /W 9 /H 9 ID", b"/Subtype/Form", b"/BM/Multiply", b"/ca 0.5", b"W n"),
    *(b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"65536", b"-1", b"4294967296", b"1e308"),
]


@cache
def seeds() -> list[bytes]:
    """Return small documents of every supported format, with and without a face."""
    small = np.asarray(cv2.resize(card(), (250, 158), interpolation=cv2.INTER_AREA), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    made = [
        *(extraction_file(), jpeg(small), jpeg(small, exif=exif), jpeg(grey), flat_jpeg(64, 64, progressive=True)),
        *(png(small), png(grey), png(np.dstack([small, grey])), flat_png(32, 32, 16, 0), flat_png(32, 32, 16, 6)),
        *(pdf(small), pdf(small, "Text.", rotation=90), pdf("Text."), pdf(small, deflate=True, use_objstms=1)),
        *(object_streams(3), script(), *_of_other_formats(small), *_in_other_colours(small)),
    ]
    return made + [data for make, _ in list(BOMBS.values())[-12:] if len(data := make()) < 2000]


def _of_other_formats(small: Picture) -> list[bytes]:
    picture = Image.fromarray(small)
    several: dict[str, object] = {"save_all": True, "append_images": [picture, picture], "compression": "tiff_lzw"}
    options: list[tuple[str, dict[str, object]]] = [
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {"speed": 10}),
        ("TIFF", several),
    ]
    options += [("TIFF", {"compression": name}) for name in ("raw", "tiff_adobe_deflate", "jpeg", "packbits")]
    heic = io.BytesIO()
    pillow_heif.from_pillow(picture).save(heic, quality=60)
    fax = saved(picture.convert("1"), "TIFF", compression="group4")
    return [*(saved(picture, form, **each) for form, each in options), heic.getvalue(), fax]


def _in_other_colours(small: Picture) -> list[bytes]:
    picture = Image.fromarray(small)
    icc = matrix_profile(SPACES["Display P3"])
    scan = Drawing(
        b"q 500 0 0 315 0 0 cm /A Do Q",
        {"A": image(jpeg(small), (250, 158), space=b"[/ICCBased {I}]"), "I": stream(icc, b"/N 3")},
        xobjects=("A",),
    )
    return [
        *(saved(picture, form, icc_profile=icc) for form in ("JPEG", "PNG")),
        *(saved(picture.convert("CMYK"), form) for form in ("JPEG", "TIFF")),
        scan.pdf(),
    ]


def flip(data: bytearray, chance: Random) -> None:
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def overwrite(data: bytearray, chance: Random) -> None:
    at = chance.randrange(len(data))
    data[at : at + chance.choice((1, 2, 4, 16))] = chance.randbytes(chance.choice((1, 2, 4, 16)))


def cut(data: bytearray, chance: Random) -> None:
    del data[chance.randrange(1, len(data) + 1) :]


def remove(data: bytearray, chance: Random) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.randrange(1, 200)]


def repeat(data: bytearray, chance: Random) -> None:
    at, size = chance.randrange(len(data)), chance.randrange(1, 200)
    data[at:at] = data[at : at + size] * chance.choice((1, 2, 50))


def token(data: bytearray, chance: Random) -> None:
    at, text = chance.randrange(len(data)), chance.choice(_TOKENS)
    data[at : at + chance.choice((0, len(text)))] = text


def number(data: bytearray, chance: Random) -> None:
    """Change a number in decimal digits, as in a PDF."""
    digits = [at for at, byte in enumerate(data[:20_000]) if 48 <= byte <= 57]
    if digits:
        data[(at := chance.choice(digits)) : at + 1] = chance.choice(
            (b"0", b"9", b"-1", b"99999999", b"1e9", b"0.0001")
        )


def splice(data: bytearray, chance: Random) -> None:
    other = chance.choice(seeds())
    data[chance.randrange(len(data)) :] = other[chance.randrange(len(other)) :]


MUTATIONS: tuple[Callable[[bytearray, Random], None], ...] = (
    *(flip, overwrite, cut, remove, repeat, token, number, splice),
    *(flip, token, number),
)


def mutate_seed(chance: Random) -> bytes:
    """Return a seed with one to four mutations."""
    data = bytearray(chance.choice(seeds()))
    for _ in range(chance.randrange(1, 5)):
        if data:
            chance.choice(MUTATIONS)(data, chance)
    return bytes(data)

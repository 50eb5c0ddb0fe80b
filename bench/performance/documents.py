"""The documents of the speed table, composed from real photographs."""

from dataclasses import dataclass

import cv2
import numpy as np

from tests.support.compose import a4, card, jpeg, pdf
from tests.support.photos import Picture, photo_bytes

_SEED = 7
_NOISE = 4.0  # grey levels; makes the JPEG as large as a phone's


@dataclass(frozen=True)
class Case:
    """A row of the table: one file for an extraction, or two files for a comparison."""

    name: str
    files: tuple[bytes, ...]


def cases() -> list[Case]:
    """Return the rows of the table."""
    scan = _noisy(a4(card("obama"), dpi=300))
    return [
        Case("card, JPEG 1000x700", (jpeg(_noisy(_resized(card("obama"), 1000, 700))),)),
        Case("phone photo, JPEG 4000x3000", (jpeg(_phone_photo()),)),
        Case("A4 300 dpi, JPEG", (jpeg(scan),)),
        Case("A4 300 dpi, PDF", (pdf(scan),)),
        Case(
            "5-page PDF, ID on page 4", (pdf("Letter. " * 400, "Terms. " * 400, "More. " * 400, scan, "End. " * 400),)
        ),
        Case("comparison of two portraits", (photo_bytes("obama.jpg"), photo_bytes("obama2.jpg"))),
    ]


def _phone_photo() -> Picture:
    """Return a slightly rotated card on a table, which fills most of a 12-megapixel frame."""
    table = np.full((3000, 4000, 3), (120, 96, 74), np.uint8)
    table[:, ::9] = (112, 90, 70)
    large = _resized(card("obama"), 3200, 2016)
    table[492:2508, 400:3600] = large
    matrix = cv2.getRotationMatrix2D((2000, 1500), 2.0, 1.0)
    return _noisy(np.asarray(cv2.warpAffine(table, matrix, (4000, 3000), borderMode=cv2.BORDER_REPLICATE), np.uint8))


def _resized(picture: Picture, width: int, height: int) -> Picture:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _noisy(picture: Picture) -> Picture:
    noise = np.random.default_rng(_SEED).normal(0.0, _NOISE, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)

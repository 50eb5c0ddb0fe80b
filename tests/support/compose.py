"""Documents composed from real photographs: cards, scans, PDFs."""

import cv2
import numpy as np
from PIL import Image

from tests.support.encoding import saved
from tests.support.photos import Picture, photo
from worker.vision.documents.pdf.mupdf import pymupdf
from worker.vision.geometry import Box

CARD = (1000, 630)  # pixels, the proportions of an ID-1 card (ISO/IEC 7810)
PORTRAIT = Box(60, 150, 340, 510)  # on a card
FILE_STARTS = (b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\xff\xd8\xff\xdb\x00\x43\x00", b"\x89PNG\r\n", b"%PDF-1")
"""How JPEG, PNG and PDF files begin. Encrypted bytes can contain any four bytes, but hardly six or more given ones."""


# Head and shoulders in each photograph, 35:45: left, top, right, bottom.
_HEADS = {
    "astronaut": (142, 0, 311, 217),
    "obama": (222, 0, 762, 694),
    "obama2": (39, 32, 645, 811),
    "obama3": (493, 80, 1053, 800),
    "biden": (280, 0, 852, 736),
}


def head(name: str) -> Picture:
    """Return head and shoulders of a person, upright, like a passport photo."""
    left, top, right, bottom = _HEADS[name]
    return photo(name)[top:bottom, left:right]


def head_box(name: str) -> Box:
    """Return the box of ``head(name)`` in pixels of the photograph."""
    return Box(*_HEADS[name])


def card(name: str = "obama", *, ghost: Box | None = None, contrast: float = 0.3, printed: bool = True) -> Picture:
    """Return an ID card with the portrait at the left, lines of text, and optionally a ghost portrait in a box."""
    canvas = np.full((CARD[1], CARD[0], 3), (214, 226, 232), np.uint8)
    canvas[::7] = (206, 219, 228)  # a simple guilloche
    paste(canvas, head(name), PORTRAIT)
    if printed:
        for row in range(6):
            cv2.putText(
                canvas, "NAMES 8001015009087 RSA", (400, 190 + 50 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (40, 40, 60), 2
            )
        cv2.putText(canvas, "NATIONAL IDENTITY CARD", (260, 70), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (30, 60, 30), 3)
    if ghost is not None:
        blend(canvas, head(name), ghost, contrast)
    return canvas


def crowd() -> Picture:
    """Return a picture of ten people in two rows."""
    picture = np.full((600, 1000, 3), 90, np.uint8)
    for name, box in crowd_people():
        paste(picture, head(name), box)
    return picture


def crowd_people() -> list[tuple[str, Box]]:
    """Return the people in ``crowd()``, each with the box of head and shoulders."""
    people = ["obama", "obama2", "biden", "astronaut"]
    corners = [(column, row, 30 + 195 * column, 60 + 260 * row) for column in range(5) for row in range(2)]
    return [(people[(column + row) % 4], Box(left, top, left + 140, top + 180)) for column, row, left, top in corners]


def a4(content: Picture, *, dpi: int = 150, width_mm: float = 86, at_mm: tuple[float, float] = (60, 110)) -> Picture:
    """Return an A4 scan with a picture of this width and position."""
    dot = dpi / 25.4
    page = np.full((round(297 * dot), round(210 * dot), 3), 248, np.uint8)
    width = width_mm * dot
    height = width * content.shape[0] / content.shape[1]
    left, top = at_mm[0] * dot, at_mm[1] * dot
    paste(page, content, Box(left, top, left + width, top + height))
    return page


def jpeg(picture: Picture, quality: int = 90, exif: Image.Exif | None = None) -> bytes:
    """Encode a picture as JPEG."""
    return saved(Image.fromarray(picture), "JPEG", quality=quality, **({"exif": exif} if exif else {}))


def png(picture: Picture) -> bytes:
    """Encode a picture as PNG."""
    return saved(Image.fromarray(picture), "PNG")


def pdf(*pages: Picture | str, rotation: int = 0, **save: object) -> bytes:
    """Return a PDF with A4 pages. A picture fills its page like a scan; a text is printed.

    The same content has the same bytes each time.
    """
    document = pymupdf.open()
    for content in pages:
        if isinstance(content, str):
            page = document.new_page()
            page.insert_textbox(pymupdf.Rect(72, 72, 520, 770), content)
        else:
            page = document.new_page(width=595, height=595 * content.shape[0] / content.shape[1])
            page.insert_image(page.rect, stream=jpeg(content))
        page.set_rotation(rotation)
    data: bytes = document.tobytes(no_new_id=True, **save)
    return data


def paste(canvas: Picture, content: Picture, box: Box) -> None:
    """Paste a picture into a box of another."""
    left, top, right, bottom = (round(edge) for edge in (box.left, box.top, box.right, box.bottom))
    shrinks = content.shape[1] > right - left
    canvas[top:bottom, left:right] = cv2.resize(
        content, (right - left, bottom - top), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    )


def blend(canvas: Picture, content: Picture, box: Box, contrast: float) -> None:
    """Print a faint grey picture over the canvas, like a laser-engraved ghost portrait."""
    left, top, right, bottom = (round(edge) for edge in (box.left, box.top, box.right, box.bottom))
    grey = cv2.cvtColor(cv2.resize(content, (right - left, bottom - top)), cv2.COLOR_RGB2GRAY).astype(np.float32)
    under = canvas[top:bottom, left:right].astype(np.float32)
    printed = under + contrast * (grey[:, :, None] - grey.mean())
    canvas[top:bottom, left:right] = np.clip(printed, 0, 255).astype(np.uint8)

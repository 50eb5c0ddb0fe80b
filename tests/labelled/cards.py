"""ID-1 cards with several layouts, and with ghost images and stamps."""

import cv2
import numpy as np

from tests.labelled.faces import face_in
from tests.labelled.scene import Effect, Scene
from tests.support.compose import CARD, PORTRAIT, blend, card, head, paste
from tests.support.photos import Picture
from worker.vision.geometry import Box

INK = (45, 45, 60)


def paper(size: tuple[int, int], colour: tuple[int, int, int]) -> Picture:
    """Return paper with this (width, height) in pixels, this colour, and the fine waves of security printing."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    waves = np.sin((y + 8 * np.sin(x / 37)) / 1.9) > 0.6
    return np.asarray(np.clip(np.array(colour) - 12 * waves[..., None], 0, 255), np.uint8)


def lines(page: Picture, texts: list[str], at: tuple[int, int], *, scale: float = 0.8, step: int = 46) -> None:
    """Print lines of text. ``at`` is the left end of the first baseline; ``step`` is the distance between baselines."""
    for row, text in enumerate(texts):
        cv2.putText(page, text, (at[0], at[1] + row * step), cv2.FONT_HERSHEY_SIMPLEX, scale, INK, 2)


def portrait_left(name: str) -> Scene:
    return Scene(card(name), face_in(name, PORTRAIT))


def portrait_right(name: str) -> Scene:
    page, portrait = paper(CARD, (233, 226, 205)), Box(690, 140, 950, 474)
    lines(page, ["REPUBLIC", "Surname", "SPECIMEN", "Date of birth", "01 JAN 1980", "Sex", "X"], (50, 90), step=70)
    paste(page, head(name), portrait)
    return Scene(page, face_in(name, portrait))


def portrait_top(name: str) -> Scene:
    """Return a staff card in portrait format, with the portrait in the middle of the upper half."""
    page, portrait = paper((CARD[1], CARD[0]), (225, 235, 245)), Box(185, 130, 445, 464)
    page[:90] = (20, 60, 120)
    paste(page, head(name), portrait)
    lines(page, ["SPECIMEN", "Student 20150042", "Faculty of Science"], (150, 580), step=80)
    return Scene(page, face_in(name, portrait))


def driving_licence(name: str) -> Scene:
    """Return a driving licence with a small portrait in the lower left corner."""
    page, portrait = paper(CARD, (240, 210, 215)), Box(40, 320, 250, 590)
    lines(page, ["DRIVING LICENCE", "SPECIMEN A", "8001015009087", "Code B  Restrictions 0"], (300, 90), step=90)
    paste(page, head(name), portrait)
    return Scene(page, face_in(name, portrait))


def smart_id(name: str) -> Scene:
    """Return a card like South Africa's smart ID: the portrait on the left, and a small ghost image on the right."""
    page, portrait, ghost = paper(CARD, (216, 228, 214)), Box(40, 160, 300, 494), Box(800, 330, 940, 510)
    page[:70] = (40, 110, 70)
    lines(page, ["Surname", "SPECIMEN", "Identity number", "8001015009087", "Nationality", "RSA"], (350, 170), step=62)
    paste(page, head(name), portrait)
    blend(page, head(name), ghost, 0.3)
    return Scene(page, face_in(name, portrait), (face_in(name, ghost),))


def with_ghost(name: str, size: float, at: tuple[float, float], contrast: float, *, printed: bool = True) -> Scene:
    """Return a card with a grey ghost image.

    Parameters
    ----------
    name
        Name of the photograph.
    size
        Side of the ghost, relative to the portrait's side.
    at
        Top left corner of the ghost, in pixels of the card.
    contrast
        Contrast of the ghost, relative to the photograph's contrast.
    printed
        Whether the card has text.

    """
    ghost = Box(at[0], at[1], at[0] + size * PORTRAIT.width, at[1] + size * PORTRAIT.height)
    page = card(name, ghost=ghost, contrast=contrast, printed=printed)
    return Scene(page, face_in(name, PORTRAIT), (face_in(name, ghost),))


def with_tinted_copy(name: str) -> Scene:
    """Return a card with a second, smaller print of the portrait in one colour."""
    page, second = card(name), Box(800, 380, 940, 560)
    paste(page, tinted(head(name)), second)
    return Scene(page, face_in(name, PORTRAIT), (face_in(name, second),))


def with_stamp(name: str, stamped: str, box: Box) -> Scene:
    """Return a card with a stamp that shows another person's face, in this box in pixels of the card."""
    page = card(name)
    paste(page, stamp(stamped), box)
    return Scene(page, face_in(name, PORTRAIT), (face_in(stamped, box),))


def covered(name: str) -> Picture:
    """Return a card with a white label over the face."""
    return _without_face(name, lambda face: np.full_like(face, 255))


def pixelated(name: str) -> Picture:
    """Return a card whose face is pixelated to 4 x 5 tiles."""
    return _without_face(
        name, lambda face: np.asarray(cv2.resize(face, (4, 5), interpolation=cv2.INTER_AREA), np.uint8)
    )


def _without_face(name: str, redact: Effect) -> Picture:
    """Return a card whose face is replaced by the result of ``redact``, enlarged to tiles."""
    page, face = card(name), face_in(name, PORTRAIT).box
    left, top = round(face.left) - 10, round(face.top) - 10
    right, bottom = round(face.right) + 10, round(face.bottom) + 10
    tiles = redact(page[top:bottom, left:right])
    page[top:bottom, left:right] = cv2.resize(tiles, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
    return page


def tinted(picture: Picture) -> Picture:
    """Return a dark print in one colour: without red, and with half of the green."""
    return np.asarray(picture * np.array([0, 0.5, 1]), np.uint8)


def stamp(name: str) -> Picture:
    """Return head and shoulders as red lines on white, 160 x 205 pixels, like a rubber stamp."""
    small = cv2.resize(cv2.cvtColor(head(name), cv2.COLOR_RGB2GRAY), (160, 205))
    drawn = cv2.adaptiveThreshold(small, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 15, 4)
    return np.dstack([np.full_like(drawn, 200), drawn, drawn]).astype(np.uint8)

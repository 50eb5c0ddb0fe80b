"""What the tests drop on the console. The people are an astronaut and two presidents, in their official pictures."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from tests.support.compose import a4, card, jpeg, pdf
from tests.support.photos import Picture, photo
from worker.vision.geometry import Box

GHOST = Box(700, 300, 900, 560)


def id_card() -> bytes:
    """Return a card with a portrait and, at the right, its ghost."""
    return jpeg(card("astronaut", ghost=GHOST, contrast=0.7))


def turned_card() -> bytes:
    """Return the card as a phone has it that was held sideways, and does not say so."""
    return jpeg(np.ascontiguousarray(np.rot90(card("astronaut"))))


def application() -> bytes:
    """Return a form of three pages: words, a card on the scanner's glass, words."""
    return pdf("Application for financial aid", a4(card("astronaut"), dpi=150), "Signed, and dated")


def selfie() -> bytes:
    return jpeg(photo("astronaut"))


def small_selfie() -> bytes:
    """Return one of which a service would ask for another: small and blurred."""
    small = cv2.resize(photo("astronaut"), (128, 128), interpolation=cv2.INTER_AREA)
    return jpeg(np.asarray(cv2.GaussianBlur(small, (0, 0), 1.2), np.uint8))


def friends() -> bytes:
    """Return a picture of two people of the same size."""
    faces = [cv2.resize(photo(name), (512, 512), interpolation=cv2.INTER_AREA) for name in ("astronaut", "obama")]
    return jpeg(np.hstack(faces))


def stranger() -> bytes:
    return jpeg(card("biden"))


def faceless() -> bytes:
    return pdf("A letter without a picture")


def write_folder(folder: Path, count: int) -> int:
    """Fill a folder with so many documents, no two alike; return how many show no face: every tenth."""
    folder.mkdir(parents=True)
    for number, content in enumerate(_documents(count)):
        kind = "pdf" if content.startswith(b"%PDF") else "jpg"
        (folder / f"applicant-{number:04}.{kind}").write_bytes(content)
    return -(-count // 10)


def _documents(count: int) -> Iterator[bytes]:
    cards = [card(name) for name in ("astronaut", "obama", "biden")]
    for number in range(count):
        if number % 10 == 0:
            yield pdf(f"Letter {number}")
        else:
            yield jpeg(_marked(cards[number % 3], number))


def _marked(picture: Picture, number: int) -> Picture:
    """Return the picture with its number in the corner, in smaller format: quick to send and to read."""
    small = np.asarray(cv2.resize(picture, (500, 315), interpolation=cv2.INTER_AREA), np.uint8)
    cv2.putText(small, str(number), (420, 300), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (90, 90, 90), 2)
    return small

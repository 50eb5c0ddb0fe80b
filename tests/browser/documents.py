"""Test documents for the console, with official pictures of an astronaut and two presidents."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from tests.support.compose import a4, card, jpeg, pdf
from tests.support.photos import Picture, photo
from worker.vision.geometry import Box

GHOST = Box(700, 300, 900, 560)


def id_card() -> bytes:
    """Return a card with a portrait and, on the right, its ghost image."""
    return jpeg(card("astronaut", ghost=GHOST, contrast=0.7))


def turned_card() -> bytes:
    """Return a card photographed with a phone held sideways, without an orientation tag."""
    return jpeg(np.ascontiguousarray(np.rot90(card("astronaut"))))


def application() -> bytes:
    """Return a form of three pages: text, a scanned card, text."""
    return pdf("Application for financial aid", a4(card("astronaut"), dpi=150), "Signed, and dated")


def selfie() -> bytes:
    return jpeg(photo("astronaut"))


def small_selfie() -> bytes:
    """Return a selfie of poor quality: small and blurred."""
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
    """Write `count` documents, all different, to a folder; every tenth has no face. Returns how many have none."""
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
    """Return the picture at a smaller size, with its number in the corner."""
    small = np.asarray(cv2.resize(picture, (500, 315), interpolation=cv2.INTER_AREA), np.uint8)
    cv2.putText(small, str(number), (420, 300), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (90, 90, 90), 2)
    return small

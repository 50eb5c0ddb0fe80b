"""Blank documents of our own designs: the paper, its print, and the positions of portrait and ghosts.

Sizes are in pixels of the blank. A card of 86 mm (ID-1, ISO/IEC 7810) is 1000 pixels wide.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from bench.selection.documents import sample_text as sample
from bench.selection.documents.drawing import Colour, Random, Text, barcode, paper, scribble, write
from worker.vision.geometry import Box, Image

CARD = 1000, 631
_PAGE = 1000, 704  # a passport page, ID-3, or a large identity card, ID-2
_BOOKLET = 704, 1000

_PALETTES: tuple[tuple[Colour, Colour], ...] = (
    ((214, 228, 238), (236, 226, 214)),
    ((196, 222, 240), (220, 236, 246)),
    ((246, 222, 176), (250, 238, 206)),
    ((226, 214, 240), (246, 226, 236)),
    ((208, 234, 214), (238, 242, 220)),
    ((236, 214, 208), (222, 226, 240)),
    ((232, 234, 236), (244, 244, 240)),
)
_INKS: tuple[Colour, ...] = ((30, 60, 110), (20, 90, 60), (120, 30, 40), (60, 40, 100), (40, 40, 40))


@dataclass(frozen=True)
class Blank:
    """A document without its holder.

    Attributes
    ----------
    paper
        uint8 RGB, with everything under a ghost portrait.
    portrait
        Box of the portrait, 35:45.
    free
        Area for ghost portraits.
    texts
        Texts over a ghost portrait.
    grey
        Whether the portrait is printed in grey.

    """

    paper: Image
    portrait: Box
    free: Box
    texts: tuple[Text, ...]
    grey: bool = False


Design = Callable[[Random], Blank]


def identity_card(random: Random) -> Blank:
    """Return a card with the portrait at the left."""
    blank, ink = _background(random, CARD), _ink(random)
    band = int(random.integers(50, 95))
    header = (255, 255, 255) if random.random() < 0.5 else ink  # noqa: PLR2004 - probability
    if header != ink:
        blank[:band] = ink
    _emblem(random, blank, (930, band // 2 + 6), 28, ink if header == ink else header)
    portrait = _portrait(random, 45, 150, 355)
    left = portrait.right + 40
    texts = [Text((60, band / 2 - 18), sample.state(random), 34, header, bold=True)]
    texts += [Text((60, band + 8), "IDENTITY CARD / CARTE D'IDENTITE", 24, ink)]
    texts += _fields(random, (left, 150), 6, 74)
    scribble(random, blank, (640, 560), 210)
    return Blank(blank, portrait, Box(left, 110, 985, 620), tuple(texts), _grey(random))


def mirrored_card(random: Random) -> Blank:
    """Return a card with the portrait at the right."""
    blank, ink = _background(random, CARD), _ink(random)
    cv2.rectangle(blank, (0, 0), (1000, 84), ink, -1)
    portrait = _portrait(random, 690, 135, 350)
    texts = [Text((40, 22), sample.state(random), 36, (250, 250, 250), bold=True)]
    texts += [Text((40, 96), "RESIDENCE PERMIT", 28, ink)]
    texts += _fields(random, (45, 145), 6, 74)
    cv2.rectangle(blank, (430, 180), (540, 262), (206, 184, 110), -1)
    cv2.rectangle(blank, (430, 180), (540, 262), (130, 110, 60), 2)
    return Blank(blank, portrait, Box(30, 120, portrait.left - 20, 620), tuple(texts), _grey(random))


def smart_card(random: Random) -> Blank:
    """Return a card in the style of South Africa's: green band, portrait at the left, text in the middle."""
    blank = paper(random, CARD, (222, 232, 214), (238, 230, 208), 26)
    cv2.rectangle(blank, (0, 0), (1000, 70), (38, 106, 70), -1)
    cv2.rectangle(blank, (0, 70), (1000, 78), (220, 170, 60), -1)
    _emblem(random, blank, (80, 115), 30, (120, 90, 40))
    portrait = _portrait(random, 40, 175, 350)
    left = portrait.right + 45
    texts = [Text((330, 16), "NATIONAL IDENTITY CARD", 36, (250, 250, 250), bold=True)]
    texts += _fields(random, (left, 100), 7, 66)
    scribble(random, blank, (60, 580), 200)
    return Blank(blank, portrait, Box(left, 90, 985, 620), tuple(texts), grey=random.random() < 0.7)  # noqa: PLR2004


def large_card(random: Random) -> Blank:
    """Return a card in the style of the older French one: portrait at the left, a wide field for a large ghost."""
    blank, ink = _background(random, _PAGE), _ink(random)
    portrait = _portrait(random, 40, 150, 370)
    left = portrait.right + 40
    texts = [Text((300, 18), sample.state(random), 32, ink, bold=True)]
    texts += [Text((45, 92), f"CARTE NATIONALE D'IDENTITE N: {sample.digits(random, 12)}", 24, ink)]
    texts += _fields(random, (left, 135), 6, 62)
    texts += _machine_lines(random, 560, 36, 26.5)
    scribble(random, blank, (620, 500), 220)
    return Blank(blank, portrait, Box(left, 60, 985, 580), tuple(texts), _grey(random))


def green_book(random: Random) -> Blank:
    """Return a page in the style of South Africa's green identity book."""
    blank = paper(random, _BOOKLET, (196, 222, 190), (214, 230, 198), 34)
    barcode(random, blank, (70, 60, 600, 150))
    texts = [
        Text(
            (70, 165),
            f"I.D.No. {sample.digits(random, 6)} {sample.digits(random, 4)} 08 {random.integers(10)}",
            32,
        )
    ]
    lines = ["S.A. BURGER / S.A. CITIZEN", "VAN / SURNAME", f"  {sample.surname(random)}", "VOORNAME / FORENAMES"]
    texts += [
        Text((70, 230 + 40 * row), line, 25) for row, line in enumerate([*lines, f"  {sample.forenames(random)}"])
    ]
    portrait = _portrait(random, 60, 560, 310)
    lines = [
        "GEBOORTEDISTRIK OF -LAND",
        "DISTRICT OR COUNTRY OF BIRTH",
        f" {sample.place(random)}",
        "GEBOORTEDATUM",
    ]
    lines += [f" {sample.date(random)}", "DATE ISSUED", f" {sample.date(random)}"]
    texts += [Text((portrait.right + 25, 560 + 40 * row), line, 21) for row, line in enumerate(lines)]
    return Blank(blank, portrait, Box(portrait.right + 10, 200, 695, 985), tuple(texts), grey=random.random() < 0.8)  # noqa: PLR2004


def passport(random: Random) -> Blank:
    """Return a passport's page with two machine-readable lines."""
    blank, ink = _background(random, _PAGE), _ink(random)
    portrait = _portrait(random, 55, 130, 345)
    left = portrait.right + 45
    texts = [
        Text((left, 25), "PASSPORT / PASSEPORT", 26, ink, bold=True),
        Text((55, 30), sample.state(random), 25, ink),
    ]
    texts += [
        Text(
            (left, 70),
            f"P   {sample.letters(random, 3)}   {sample.letters(random, 1)}{sample.digits(random, 8)}",
            26,
        )
    ]
    texts += _fields(random, (left, 120), 7, 60)
    blank[560:] = np.clip(blank[560:].astype(np.int16) + 14, 0, 255)
    texts += _machine_lines(random, 585, 44, 21.5)
    return Blank(blank, portrait, Box(left, 60, 985, 560), tuple(texts), _grey(random))


def licence(random: Random) -> Blank:
    """Return a driving licence: the portrait low at the left, a barcode."""
    blank, ink = paper(random, CARD, (244, 214, 218), (232, 224, 236), 24), _ink(random)
    portrait = _portrait(random, 40, 280, 310)
    left = portrait.right + 40
    texts = [Text((60, 20), "DRIVING LICENCE", 40, ink, bold=True), Text((60, 75), sample.state(random), 26, ink)]
    texts += _fields(random, (left, 130), 6, 66)
    barcode(random, blank, (940, 120, 985, 600), upright=False)
    return Blank(blank, portrait, Box(left, 110, 930, 620), tuple(texts), _grey(random))


def staff_card(random: Random) -> Blank:
    """Return an upright card with the portrait in the middle."""
    blank, ink = _background(random, CARD[::-1]), _ink(random)
    blank[:110] = ink
    portrait = _portrait(random, 165, 150, 385)
    texts = [Text((60, 35), "LARUNDA UNIVERSITY", 38, (250, 250, 250), bold=True)]
    texts += [
        Text((165, 560), sample.forenames(random), 38, bold=True),
        Text((165, 610), sample.surname(random), 38),
    ]
    texts += [
        Text((165, 670), f"Student {sample.digits(random, 9)}", 28),
        Text((165, 715), "Faculty of Science", 28),
    ]
    barcode(random, blank, (120, 880, 510, 960))
    return Blank(blank, portrait, Box(20, 550, 615, 985), tuple(texts), _grey(random))


DESIGNS: tuple[Design, ...] = (
    identity_card,
    mirrored_card,
    smart_card,
    large_card,
    green_book,
    passport,
    licence,
    staff_card,
)


def blank_card(random: Random, designs: tuple[Design, ...] = DESIGNS) -> Blank:
    """Return a blank of a random design."""
    return designs[int(random.integers(len(designs)))](random)


def back_of_a_card(random: Random) -> Image:
    """Return the back of a card: no portrait, a barcode, machine-readable lines or an address."""
    blank = _background(random, CARD)
    cv2.rectangle(blank, (0, 40), (1000, 120), _ink(random), -1)
    barcode(random, blank, (60, 170, 560, 260))
    scribble(random, blank, (660, 220), 220)
    return write(blank, _fields(random, (70, 290), 1, 0) + _machine_lines(random, 480, 30, 31))


def _background(random: Random, size: tuple[int, int]) -> Image:
    one, other = _PALETTES[int(random.integers(len(_PALETTES)))]
    return paper(random, size, one, other, random.uniform(14, 40))


def _ink(random: Random) -> Colour:
    return _INKS[int(random.integers(len(_INKS)))]


def _grey(random: Random) -> bool:
    return bool(random.random() < 0.25)  # noqa: PLR2004 - a quarter of the cards are laser-engraved


def _portrait(random: Random, left: float, top: float, height: float) -> Box:
    height *= random.uniform(0.88, 1.05)
    return Box(left, top, left + height * 35 / 45, top + height)


def _fields(random: Random, at: tuple[float, float], count: int, step: float) -> list[Text]:
    """Return fields, ``step`` pixels apart: a small label with its value below."""
    texts: list[Text] = []
    for row, (label, value) in enumerate(sample.fields(random)[:count]):
        y = at[1] + row * step
        texts += [Text((at[0], y), label, 16, (80, 80, 100)), Text((at[0], y + 19), value, 28)]
    return texts


def _machine_lines(random: Random, top: float, length: int, pitch: float) -> list[Text]:
    lines = sample.machine_lines(random, length)
    return [Text((30, top + 48 * row), line, 30, (25, 25, 25), pitch=pitch) for row, line in enumerate(lines)]


def _emblem(random: Random, picture: Image, centre: tuple[int, int], radius: int, colour: Colour) -> None:
    """Draw a simple emblem: a ring and a star with a random number of rays."""
    cv2.circle(picture, centre, radius, colour, 3, lineType=cv2.LINE_AA)
    for angle in np.linspace(0, 2 * np.pi, int(random.integers(5, 12)), endpoint=False):
        tip = round(centre[0] + 0.8 * radius * np.cos(angle)), round(centre[1] + 0.8 * radius * np.sin(angle))
        cv2.line(picture, centre, tip, colour, 2, lineType=cv2.LINE_AA)

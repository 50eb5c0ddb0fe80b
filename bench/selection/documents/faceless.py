"""Documents without a face: letters, forms, tables, receipts, backs of cards."""

from collections.abc import Callable

import cv2
import numpy as np

from bench.selection.documents import sample_text as sample
from bench.selection.documents.captures import faxed, photocopied, photographed
from bench.selection.documents.designs import back_of_a_card
from bench.selection.documents.drawing import Random, Text, barcode, scribble, write
from bench.selection.documents.layouts import laid, sheet
from bench.selection.documents.obstructions import stamped
from bench.selection.documents.scene import Scene
from worker.vision.geometry import Image

_INK = (40, 40, 45)


def faceless(random: Random) -> Scene:
    """Return a page without a face, optionally stamped, and unchanged, photocopied, faxed or photographed."""
    picture = _PAGES[int(random.integers(len(_PAGES)))](random)
    if random.random() < 0.3:  # noqa: PLR2004
        at = random.uniform(0.3, 0.8) * picture.shape[1], random.uniform(0.3, 0.8) * picture.shape[0]
        picture = stamped(random, picture, at, random.uniform(0.06, 0.12) * picture.shape[1])
    method = random.random()
    if method < 0.15:  # noqa: PLR2004
        return Scene(photocopied(random, picture))
    if method < 0.3:  # noqa: PLR2004
        return faxed(random, Scene(picture))
    return photographed(random, Scene(picture)) if method < 0.5 else Scene(picture)  # noqa: PLR2004


def letter(random: Random) -> Image:
    """Return a letter: an address, paragraphs, a signature."""
    page = sheet(random)
    height, width = page.shape[:2]
    size = max(9, width // int(random.integers(45, 70)))
    left = 0.1 * width
    texts = [Text((left, 0.06 * height), sample.state(random).title(), 2 * size, bold=True)]
    texts += [Text((left, 0.12 * height + row * 1.4 * size), sample.place(random).title(), size) for row in range(3)]
    y = 0.22 * height
    while y < 0.8 * height:
        if random.random() < 0.85:  # noqa: PLR2004 - other lines are gaps between paragraphs
            texts.append(Text((left, y), sample.sentence(random), size))
        y += 1.5 * size
    page = write(page, texts)
    scribble(random, page, (left, 0.87 * height), 0.2 * width)
    return page


def form(random: Random) -> Image:
    """Return a form with labelled boxes, ticks and values."""
    page = sheet(random)
    height, width = page.shape[:2]
    size = max(9, width // 60)
    texts = [Text((0.08 * width, 0.04 * height), "APPLICATION FORM", 2 * size, bold=True)]
    for row in range(int(random.integers(10, 20))):
        y = round((0.11 + 0.043 * row) * height)
        label, value = sample.fields(random)[int(random.integers(9))]
        texts += [
            Text((0.08 * width, y), label, size),
            Text((0.42 * width, y), value, round(1.3 * size), (30, 40, 120)),
        ]
        right = round(random.uniform(0.7, 0.92) * width)
        cv2.rectangle(page, (round(0.4 * width), y - 4), (right, y + 2 * size), _INK, 1)
        for box in range(int(random.integers(0, 4))):
            corner = round(0.93 * width) - box * 2 * size, y
            cv2.rectangle(page, corner, (corner[0] + size, corner[1] + size), _INK, 1)
    return write(page, texts)


def table(random: Random) -> Image:
    """Return a table with lines and columns of numbers."""
    page = sheet(random)
    height, width = page.shape[:2]
    rows, columns = int(random.integers(15, 40)), int(random.integers(3, 8))
    step, size = 0.8 * height / rows, max(8, min(width // 65, round(0.6 * 0.8 * height / rows)))
    texts = [Text((0.08 * width, 0.03 * height), "STATEMENT OF ACCOUNT", 2 * size, bold=True)]
    for row in range(rows):
        y = 0.1 * height + row * step
        if row % 2 and random.random() < 0.8:  # noqa: PLR2004 - shaded rows
            page[round(y) : round(y + step), round(0.07 * width) : round(0.93 * width)] = 222
        for column in range(columns):
            value = sample.date(random) if column == 0 else f"{random.integers(0, 99999) / 100:.2f}"
            texts.append(Text(((0.08 + 0.85 * column / columns) * width, y + 0.15 * step), value, size))
        cv2.line(page, (round(0.07 * width), round(y)), (round(0.93 * width), round(y)), _INK, 1)
    return write(page, texts)


def card_back(random: Random) -> Image:
    """Return the back of a card, alone or on a page."""
    back = Scene(back_of_a_card(random))
    return back.picture if random.random() < 0.5 else laid(random, back, sheet(random), 0.5).picture  # noqa: PLR2004


def receipt(random: Random) -> Image:
    """Return a long receipt with a barcode and a block like a matrix code."""
    page = np.full((1400, 500, 3), 244, np.uint8)
    texts = [Text((60, 40), sample.state(random), 26, bold=True)]
    for row in range(24):
        texts.append(Text((40, 110 + 34 * row), sample.place(random).title(), 24))
        texts.append(Text((370, 110 + 34 * row), f"{random.integers(0, 9999) / 100:.2f}", 24))
    barcode(random, page, (60, 960, 440, 1060))
    dots = np.repeat(np.repeat(random.integers(0, 2, (25, 25)), 8, axis=0), 8, axis=1)
    page[1100:1300, 150:350] = np.where(dots[..., None] == 1, 25, 244)
    return write(page, texts)


_PAGES: tuple[Callable[[Random], Image], ...] = (letter, form, table, card_back, receipt)

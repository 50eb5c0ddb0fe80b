"""Documents without a face, which a random generator varies."""

import cv2
import numpy as np

from tests.support.photos import Picture


def bank_card(random: np.random.Generator) -> Picture:
    """Return a bank card: a gradient, a chip, a number and two discs."""
    y, x = np.mgrid[0:630, 0:1000]
    slope = x * random.normal(0, 0.1) + y * random.normal(0, 0.1)
    card = np.asarray(np.clip(random.integers(0, 255, 3) + slope[..., None], 0, 255), np.uint8)
    cv2.rectangle(card, (90, 220), (210, 310), (200, 180, 90), -1)
    for row in range(6):
        cv2.line(card, (90, 220 + 15 * row), (210, 220 + 15 * row), (120, 100, 50), 2)
    cv2.putText(card, "5412 7512 3412 3456", (90, 400), cv2.FONT_HERSHEY_SIMPLEX, 1.9, (240, 240, 240), 4)
    cv2.circle(card, (800, 520), 60, (235, 0, 27), -1)
    cv2.circle(card, (870, 520), 60, (247, 158, 27), -1)
    return card


def back_of_a_card(random: np.random.Generator) -> Picture:
    """Return the back of an identity card: a barcode and three machine-readable lines."""
    card = np.full((630, 1000, 3), (226, 232, 228), np.uint8)
    for column in np.flatnonzero(random.integers(0, 2, 300)):
        card[60:200, 50 + 3 * column : 53 + 3 * column] = 20
    for row in range(3):
        letters = "".join(random.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<<<<"), 30))
        cv2.putText(card, letters, (40, 420 + 80 * row), cv2.FONT_HERSHEY_PLAIN, 2.6, (30, 30, 30), 3)
    return card


def page_of_text(random: np.random.Generator) -> Picture:
    """Return an A4 page with 40 lines of text."""
    page = np.full((1754, 1240, 3), 250, np.uint8)
    for row in range(40):
        letters = "".join(random.choice(list("abcdefghij klmno pqrstu vwxyz"), 60))
        cv2.putText(page, letters, (90, 120 + 40 * row), cv2.FONT_HERSHEY_COMPLEX, 0.8, (20, 20, 20), 1)
    return page


def clouds(random: np.random.Generator) -> Picture:
    """Return soft spots of random colours, in which a detector may find false faces."""
    small = random.integers(0, 255, (12, 16, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (800, 600), interpolation=cv2.INTER_CUBIC), np.uint8)

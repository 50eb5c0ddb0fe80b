"""Pages that are larger than a card: passports, identity books, A4 scans and copies, phone photographs."""

import cv2
import numpy as np

from tests.labelled.cards import lines, paper
from tests.labelled.faces import face_in
from tests.labelled.scene import Corners, Scene
from tests.support.compose import blend, crowd, crowd_people, head, paste
from tests.support.photos import Picture
from worker.vision.geometry import Box

DPI = 150
DOT = DPI / 25.4  # pixels of a millimetre on an A4 page
PASSPORT = (1000, 704)  # pixels of the data page, 125 x 88 mm
TABLE = (1280, 960)  # pixels of a phone photograph
HOLDER = ["PASSPORT  P  UTO", "ERIKSSON", "ANNA MARIA", "UTOPIAN", "12 AUG 1974", "L898902C3"]  # ICAO 9303's specimen
CITIZEN = ["I.D.No. 800101 5009 08 7", "S.A.CITIZEN", "SURNAME", "SPECIMEN", "FORENAMES", "A B"]


def passport(name: str, *, ghost: bool = False) -> Scene:
    """Return the data page of a passport: a portrait of 35 x 45 mm on the left, machine-readable lines below."""
    page, portrait, second = paper(PASSPORT, (222, 224, 236)), Box(50, 140, 330, 500), Box(700, 260, 868, 476)
    lines(page, HOLDER, (380, 110), step=68)
    machine = ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"]
    lines(page, machine, (40, 590), scale=1.05, step=62)
    paste(page, head(name), portrait)
    if ghost:
        blend(page, head(name), second, 0.35)
    return Scene(page, face_in(name, portrait), (face_in(name, second),) if ghost else ())


def open_passport(name: str) -> Scene:
    """Return an open passport: a page of text at the top, the data page at the bottom."""
    page = np.vstack([paper(PASSPORT, (226, 226, 234)), paper(PASSPORT, (222, 224, 236))])
    lines(page, ["The bearer of this passport", "shall be given passage", "and assistance."], (120, 200), step=90)
    return passport(name).pasted(page, Box(0, 704, 1000, 1408))


def green_book(name: str) -> Scene:
    """Return the page of South Africa's green identity book: a barcode, text, and the portrait at the lower left."""
    page, portrait = paper((700, 1000), (196, 218, 190)), Box(50, 560, 330, 920)
    for column in np.flatnonzero(np.random.default_rng(3).integers(0, 2, 150)):
        page[40:110, 60 + 4 * column : 64 + 4 * column] = 30
    lines(page, CITIZEN, (60, 190), step=64)
    lines(page, ["DATE ISSUED", "1998-04-02", "ISSUED BY", "HOME AFFAIRS"], (370, 640), step=64)
    paste(page, head(name), portrait)
    return Scene(page, face_in(name, portrait))


def open_green_book(name: str) -> Scene:
    """Return both pages of an open book, with the portrait on the right page."""
    page = np.hstack([paper((700, 1000), (196, 218, 190))] * 2)
    lines(page, ["DRIVING LICENCES", "None", "FIREARM LICENCES", "None"], (60, 200), step=120)
    return green_book(name).pasted(page, Box(700, 0, 1400, 1000))


def scanned(content: Scene, *, width_mm: float = 86, at_mm: tuple[float, float] = (60, 110)) -> Scene:
    """Return an A4 scan at ``DPI`` with the content at this width and top left corner."""
    width, left, top = width_mm * DOT, at_mm[0] * DOT, at_mm[1] * DOT
    return content.pasted(sheet(), Box(left, top, left + width, top + width * content.size[1] / content.size[0]))


def sheet() -> Picture:
    """Return an empty A4 scan at ``DPI``."""
    return np.full((round(297 * DOT), round(210 * DOT), 3), 248, np.uint8)


def certified(copy: Scene) -> Scene:
    """Return an A4 copy with the text, signature and round stamp of a commissioner of oaths at the bottom."""
    page = copy.picture.copy()
    lines(page, ["I certify that this is a true copy of the original.", "Signature", "Date 2015-03-02"], (150, 1350))
    for radius in (120, 84):
        cv2.circle(page, (900, 1420), radius, (40, 40, 150), 4)
    cv2.putText(page, "COMMISSIONER", (815, 1425), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (40, 40, 150), 2)
    return Scene(page, copy.portrait, copy.rivals)


def form(name: str) -> Scene:
    """Return an A4 application form with a photograph of 35 x 45 mm at the top right."""
    page, box = sheet(), Box(930, 100, 1137, 366)
    lines(page, ["APPLICATION FOR FINANCIAL AID", *["Question ............................"] * 15], (120, 180), step=90)
    paste(page, head(name), box)
    return Scene(page, face_in(name, box))


def crowded(content: Scene) -> Scene:
    """Return an A4 page with a picture of ten people above and a passport or book below it."""
    page = scanned(content, width_mm=125, at_mm=(20, 175))
    people = Scene(crowd(), None, tuple(face_in(name, box) for name, box in crowd_people()))
    both = people.pasted(page.picture, Box(150, 110, 1100, 680))
    return Scene(both.picture, page.portrait, (*page.rivals, *both.rivals))


def bystander(name: str, other: str) -> Scene:
    """Return a photograph of two people. The larger and higher one is cut off by the left edge of the picture."""
    wall = np.full((760, 1150, 3), (120, 140, 160), np.uint8)
    person, beside = Box(640, 260, 950, 659), Box(100, 60, 485, 555)
    paste(wall, head(name), person)
    paste(wall, head(other), beside)
    return Scene(wall, face_in(name, person), (face_in(other, beside),)).cut(250)


def photographed(content: Scene, corners: Corners) -> Scene:
    """Return a phone photograph of the content on a wooden table, with its corners at these points."""
    return content.laid_on(table(), corners)


def table() -> Picture:
    """Return brown wood with horizontal grain, ``TABLE`` pixels in size."""
    grain = np.random.default_rng(4).normal(0, 1, (TABLE[1] // 4, 12)).astype(np.float32)
    stretched = cv2.resize(grain, TABLE, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(np.array([126, 88, 58]) + 14 * stretched[..., None], 0, 255), np.uint8)

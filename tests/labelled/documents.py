"""The labelled documents that the tests compose, of many kinds, with the portrait's box, page and rotation."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from tests.labelled import cards, faceless, pages
from tests.labelled.effects import dim, dithered, glare, grey, motion_blur, photocopied, shaded
from tests.labelled.faces import face_in_photo
from tests.labelled.scene import Scene
from tests.support.compose import jpeg, pdf, png
from tests.support.photos import photo
from worker.vision.geometry import Box


@dataclass(frozen=True)
class Document:
    """A document and its labels.

    Attributes
    ----------
    name
        File name.
    kind
        The difficulty that the document tests; several documents share a kind.
    data
        JPEG, PNG or PDF.
    size
        (width, height) of the page with the portrait, in pixels.
    page
        Number of that page, from 1.
    portrait
        Box of the holder's face in pixels of that page; None if no page shows a face.
    rotation
        Counter-clockwise rotation of that face on its page, in degrees, -180..180.
    rivals
        Boxes of other faces on that page.

    """

    name: str
    kind: str
    data: bytes
    size: tuple[int, int]
    page: int = 1
    portrait: Box | None = None
    rotation: float = 0.0
    rivals: tuple[Box, ...] = ()


@cache
def documents() -> tuple[Document, ...]:
    """Return all documents. Their bytes are the same in every process."""
    makers = (_cards, _papers, _scans, _ghosts, _rivals, _captures, _files, _faceless)
    return tuple(document for make in makers for document in make())


def _cards() -> Iterator[Document]:
    yield _jpeg("card", "portrait-left", cards.portrait_left("obama3"))
    yield _jpeg("card", "portrait-right", cards.portrait_right("biden"))
    yield _jpeg("card", "portrait-top", cards.portrait_top("obama2"))
    yield _jpeg("card", "driving-licence", cards.driving_licence("astronaut"))
    yield _jpeg("card", "smart-id", cards.smart_id("obama"))


def _papers() -> Iterator[Document]:
    yield _jpeg("passport", "data-page", pages.passport("astronaut"))
    yield _jpeg("passport", "open", pages.open_passport("obama3"))
    yield _jpeg("green book", "page", pages.green_book("obama"))
    yield _jpeg("green book", "open-grey", pages.open_green_book("biden").changed(grey))


def _scans() -> Iterator[Document]:
    yield _jpeg("scan", "card", pages.scanned(cards.portrait_left("astronaut")))
    yield _jpeg("scan", "passport", pages.scanned(pages.open_passport("biden"), width_mm=125, at_mm=(40, 40)))
    yield _jpeg("scan", "form", pages.form("obama2"))
    yield _jpeg("photocopy", "card", pages.scanned(cards.portrait_right("obama2")).changed(photocopied))
    book = pages.scanned(pages.green_book("obama3"), width_mm=90, at_mm=(60, 40))
    yield _jpeg("photocopy", "certified-book", pages.certified(book.changed(photocopied)))
    yield _png("fax", "card", cards.portrait_left("biden").changed(dithered))
    yield _png("fax", "passport", pages.scanned(pages.passport("obama"), width_mm=125).changed(dithered))


def _ghosts() -> Iterator[Document]:
    yield _jpeg("ghost", "small", cards.with_ghost("biden", 0.5, (760, 330), 0.3))
    yield _jpeg("ghost", "top-centre", cards.with_ghost("obama", 0.75, (390, 5), 0.5, printed=False))
    yield _jpeg("ghost", "top-centre-2", cards.with_ghost("astronaut", 0.75, (390, 5), 0.4))
    yield _jpeg("ghost", "right", cards.with_ghost("obama3", 0.7, (720, 300), 0.5))
    yield _jpeg("ghost", "passport", pages.passport("obama2", ghost=True))
    yield _jpeg("ghost", "tinted", cards.with_tinted_copy("astronaut"))


def _rivals() -> Iterator[Document]:
    yield _jpeg("stamp", "corner", cards.with_stamp("obama", "biden", Box(780, 30, 940, 235)))
    yield _jpeg("stamp", "top-centre", cards.with_stamp("biden", "astronaut", Box(400, 5, 602, 264)))
    yield _jpeg("crowd", "above-a-passport", pages.crowded(pages.passport("astronaut")))
    yield _jpeg("crowd", "above-a-book", pages.crowded(pages.open_green_book("obama3")).changed(grey))
    yield _jpeg("bystander", "cut-off", pages.bystander("biden", "obama"))


def _captures() -> Iterator[Document]:
    yield _jpeg("low light", "card", cards.portrait_left("obama2").changed(dim(0.18)))
    yield _jpeg("low light", "dark-face", cards.smart_id("obama3").changed(dim(0.25)))
    yield _jpeg("glare", "beside", cards.portrait_left("obama").changed(glare((480, 250), (130, 160))))
    yield _jpeg("glare", "below", pages.passport("biden").changed(glare((250, 600), (220, 90))))
    yield _jpeg("compressed", "quality-8", cards.portrait_left("biden"), quality=8)
    yield _jpeg("compressed", "messenger", pages.passport("obama3").shrunk(600), quality=40)
    yield _jpeg("blur", "motion", cards.portrait_right("astronaut").changed(motion_blur(9)))
    yield _jpeg("tilt", "left", cards.portrait_left("obama3").tilted(12))
    yield _jpeg("tilt", "right", pages.passport("astronaut").tilted(-20))
    on_table = pages.photographed(cards.portrait_left("biden"), ((330, 270), (950, 230), (1000, 640), (300, 620)))
    yield _jpeg("phone", "card", on_table.changed(shaded))
    leaning = pages.photographed(pages.passport("obama"), ((210, 340), (950, 140), (1080, 680), (340, 850)))
    yield _jpeg("phone", "passport", leaning.changed(dim(0.7)))
    yield _jpeg("photograph", "astronaut", Scene(photo("astronaut"), face_in_photo("astronaut")))


def _files() -> Iterator[Document]:
    scene = pages.scanned(cards.portrait_left("obama2"))
    yield _document("pdf", "card-on-page-3.pdf", pdf("A letter.", "Terms.", scene.picture), scene, page=3)
    scene = pages.open_green_book("astronaut")
    yield _document("pdf", "book-on-page-2.pdf", pdf("A letter.", scene.picture, "Signed."), scene, page=2)


def _faceless() -> Iterator[Document]:
    yield _jpeg("faceless", "bank-card", Scene(faceless.bank_card(np.random.default_rng(7))))
    yield _jpeg("faceless", "back-of-a-card", Scene(faceless.back_of_a_card(np.random.default_rng(7))))
    yield _jpeg("faceless", "covered-face", Scene(cards.covered("astronaut")))
    yield _jpeg("faceless", "pixelated-face", Scene(cards.pixelated("obama2")))
    yield _png("faceless", "fax-of-text", Scene(faceless.page_of_text(np.random.default_rng(7))).changed(dithered))
    yield _document("faceless", "faceless-letter.pdf", pdf("A letter.", "Signed."), Scene(pages.sheet()))


def _jpeg(kind: str, name: str, scene: Scene, *, quality: int = 90) -> Document:
    return _document(kind, f"{_slug(kind, name)}.jpg", jpeg(scene.picture, quality), scene)


def _png(kind: str, name: str, scene: Scene) -> Document:
    return _document(kind, f"{_slug(kind, name)}.png", png(scene.picture), scene)


def _slug(kind: str, name: str) -> str:
    return f"{kind.replace(' ', '-')}-{name}"


def _document(kind: str, name: str, data: bytes, scene: Scene, *, page: int = 1) -> Document:
    rivals = tuple(rival.box for rival in scene.rivals)
    if scene.portrait is None:
        return Document(name, kind, data, scene.size, page, rivals=rivals)
    return Document(name, kind, data, scene.size, page, scene.portrait.box, scene.portrait.rotation, rivals)

"""Pages with several cards or faces: certified copies, families, pictures of other people, long screenshots."""

from collections.abc import Callable

import numpy as np

from bench.selection.documents import sample_text as sample
from bench.selection.documents.captures import background, photocopied
from bench.selection.documents.cards import card, card_or_ghost, face_in, print_portrait
from bench.selection.documents.designs import CARD, back_of_a_card
from bench.selection.documents.drawing import Random, Text, noisy, scribble, write
from bench.selection.documents.ghosts import RECIPES, print_ghost
from bench.selection.documents.obstructions import stamped
from bench.selection.documents.portraits import Person, Portraits
from bench.selection.documents.scene import Scene
from tests.labelled.scene import outline_of
from worker.vision.geometry import Box, Image
from worker.vision.selection.scores import score

_A4 = ((620, 877), (827, 1169), (1240, 1754))  # (width, height) at 75, 100 and 150 dots per inch
_SCORE_MARGIN = 2.0
"""Minimum difference between the combined score of the holder and of other people, so that the rule of the contract
identifies the holder."""

_MAX_ARRANGEMENTS = 12  # attempts to reach that difference


def sheet(random: Random, *, small: bool = True) -> Image:
    """Return an empty A4 page. With ``small``, the resolution may be low."""
    width, height = _A4[int(random.integers(0 if small else 1, len(_A4)))]
    page = np.full((height, width, 3), int(random.integers(235, 254)), np.uint8)
    return noisy(page, random, random.uniform(0, 2))


def laid(random: Random, scene: Scene, page: Image, share: float) -> Scene:
    """Place a document at random on the page. ``share`` is its share of the page's width."""
    scene = scene.scaled(share * page.shape[1] / scene.size[0])
    fits = min(1.0, 0.95 * page.shape[0] / scene.size[1])
    scene = scene.scaled(fits) if fits < 1 else scene
    room = np.array([page.shape[1] - scene.size[0], page.shape[0] - scene.size[1]])
    left, top = (random.uniform(0.05, 0.95, 2) * room).astype(int).tolist()
    return scene.pasted_on(page, left, top)


def certified_copy(random: Random, portraits: Portraits) -> Scene:
    """Return an A4 copy of a card with a certification and round stamps, one of which contains a small face."""
    holder = portraits.choose_holder(random)
    scene = card_or_ghost(random, holder, 0.3)
    if random.random() < 0.7:  # noqa: PLR2004 - other copies are in colour
        scene = scene.changed(lambda picture: photocopied(random, picture))
    page = sheet(random)
    height, width = page.shape[:2]
    scene = scene.scaled(min(random.uniform(0.4, 0.65) * width / scene.size[0], 0.45 * height / scene.size[1]))
    left, top = round(random.uniform(0.08, 0.3) * width), round(random.uniform(0.05, 0.12) * height)
    scene = scene.pasted_on(page, left, top)
    lines = (
        "I certify that this is a true copy of the original document",
        f"Commissioner of Oaths  {sample.date(random)}",
    )
    size = max(9, width // 56)
    texts = [Text((0.1 * width, (0.66 + 0.03 * row) * height), line, size) for row, line in enumerate(lines)]
    page = write(page, texts)
    scribble(random, page, (0.12 * width, 0.77 * height), 0.2 * width)
    radius = scene.face_height * random.uniform(0.8, 1.2)
    x, y = random.uniform(0.3, 0.8) * width, random.uniform(0.8, 0.88) * height
    page = stamped(random, page, (0.75 * width, 0.66 * height), radius)
    page = stamped(random, page, (x, y), radius)
    (other,) = portraits.choose_others(random, holder, 1)
    inside = _in_stamp(random, page, other, (x, y), radius)
    return scene.joined(page, Scene(page, outline_of(inside)))


def _in_stamp(random: Random, page: Image, person: Person, centre: tuple[float, float], radius: float) -> Box:
    """Print a face in one ink inside a stamp. Return its box."""
    half = radius * random.uniform(0.35, 0.55)
    box = Box(centre[0] - half * 0.78, centre[1] - half, centre[0] + half * 0.78, centre[1] + half)
    print_ghost(random, RECIPES["strong"], person.picture, page, box)
    return face_in(person, box).box


def two_cards(random: Random, portraits: Portraits) -> Scene:
    """Return both sides of a card on one page, in random order. The back may have a ghost portrait."""
    holder, page = portraits.choose_holder(random), sheet(random)
    front = card(random, holder, "grey" if random.random() < 0.6 else None)  # noqa: PLR2004
    back = Scene(back_of_a_card(random))
    if random.random() < 0.4:  # noqa: PLR2004
        box = _ghost_box(random, back)
        print_ghost(random, RECIPES["faded"], holder.picture, back.picture, box)
        back = Scene(back.picture, ghosts=(face_in(holder, box),))
    share, first = random.uniform(0.4, 0.65), int(random.integers(2))
    placed = []
    for slot, scene in zip((first, 1 - first), (front, back), strict=True):
        scaled = scene.scaled(min(share * page.shape[1] / scene.size[0], 0.42 * page.shape[0] / scene.size[1]))
        left = round(random.uniform(0.08, 0.3) * page.shape[1])
        placed.append(scaled.pasted_on(page, left, round((0.05 + 0.48 * slot) * page.shape[0])))
    return placed[0].joined(page, placed[1])


def _ghost_box(random: Random, scene: Scene) -> Box:
    width = random.uniform(0.1, 0.2) * CARD[0]
    left = random.uniform(0.6, 0.75) * scene.size[0]
    return Box(left, 150, left + width, 150 + width * 45 / 35)


def family_page(random: Random, portraits: Portraits) -> Scene:
    """Return a page with the holder's portrait and rows of smaller portraits of the family."""

    def arrange() -> Scene:
        page, holder = sheet(random), portraits.choose_holder(random)
        height, width = page.shape[:2]
        size = random.uniform(0.18, 0.3) * width
        scene = _printed(page, holder, random.uniform(0.08, 0.7) * width, random.uniform(0.06, 0.14) * height, size)
        small = size * random.uniform(0.45, 0.72)
        people = portraits.choose_others(random, holder, int(random.integers(2, 9)))
        family = []
        for index, person in enumerate(people):
            column, row = index % 4, index // 4
            left, top = (0.08 + 0.22 * column) * width, (0.5 + 0.2 * row) * height
            family.append(_printed(page, person, left, top, small))
        text = [
            Text((0.08 * width, (0.4 + 0.02 * row) * height), sample.sentence(random), width // 60) for row in range(3)
        ]
        return scene.joined(write(page, text), *family)

    return _arranged(arrange)


def _printed(page: Image, person: Person, left: float, top: float, width: float) -> Scene:
    box = print_portrait(page, person.picture, Box(left, top, left + width, top + width * 45 / 35))
    return Scene(page, face_in(person, box))


def beside_picture(random: Random, portraits: Portraits) -> Scene:
    """Return a card on a table, next to a newspaper or a smaller card with another person."""

    def arrange() -> Scene:
        holder = portraits.choose_holder(random)
        (other_person,) = portraits.choose_others(random, holder, 1)
        table = background(random, (1000, 1300))
        scene = card_or_ghost(random, holder)
        scene = scene.scaled(min(random.uniform(0.65, 0.85) * 1000 / scene.size[0], 700 / scene.size[1]))
        other = card(random, other_person) if random.random() < 0.4 else _newspaper(random, other_person)  # noqa: PLR2004
        other = other.scaled(random.uniform(0.4, 0.7) * scene.face_height / other.face_height)
        other = other.scaled(min(1.0, 520 / other.size[1], 900 / other.size[0]))
        left = round(random.uniform(0.1, 0.9) * (1000 - scene.size[0]))
        scene = scene.pasted_on(table, left, round(random.uniform(20, 60)))
        left = round(random.uniform(0.1, 0.9) * (1000 - other.size[0]))
        return scene.joined(table, other.pasted_on(table, left, 1290 - other.size[1]))

    return _arranged(arrange)


def _newspaper(random: Random, person: Person) -> Scene:
    page = np.full((700, 800, 3), (226, 222, 210), np.uint8)
    text = [Text((30, 20), "THE LARUNDA COURIER", 52, bold=True)]
    text += [Text((400, 100 + 26 * row), sample.sentence(random)[:38], 18) for row in range(22)]
    return _printed(write(page, text), person, 40, 110, 330)


def large_photo(random: Random, scene: Scene, face: float) -> Scene:
    """Place a card in a photograph of 3 to 12 megapixels, with this height of the face in pixels."""
    frame = ((2048, 1536), (3264, 2448), (4000, 3000))[int(random.integers(3))]
    page = background(random, frame)
    return laid(random, scene, page, face / scene.face_height * scene.size[0] / page.shape[1])


def screenshot(random: Random, scene: Scene) -> Scene:
    """Return a long screenshot of a conversation that contains a picture of the card."""
    height = int(random.integers(3000, 9000))
    page = np.full((height, 1080, 3), (236, 229, 221), np.uint8)
    scene = scene.scaled(random.uniform(0.5, 0.8) * 1080 / scene.size[0])
    top = int(random.integers(200, height - scene.size[1] - 200))
    for y in range(60, height - 150, 150):
        if top - 150 < y < top + scene.size[1] + 20:
            continue
        left = 40 if random.random() < 0.5 else 300  # noqa: PLR2004 - probability
        bubble = page[y : y + 110, left : left + 700]
        bubble[:] = (255, 255, 255) if left == 40 else (220, 248, 198)  # noqa: PLR2004
        bubble[:] = write(bubble, [Text((20, 30), sample.sentence(random)[:52], 28)])
    return scene.pasted_on(page, 1080 - 40 - scene.size[0] if random.random() < 0.5 else 40, top)  # noqa: PLR2004


def _arranged(arrange: Callable[[], Scene]) -> Scene:
    """Repeat the arrangement until the score of the contract identifies the holder."""
    scene = arrange()
    for _ in range(_MAX_ARRANGEMENTS):
        own = score(scene.face, scene.size).combined
        if all(score(other.box, scene.size).combined + _SCORE_MARGIN < own for other in scene.others):
            return scene
        scene = arrange()
    return scene

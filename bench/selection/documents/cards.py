"""Composes cards: a blank card, the holder's portrait, and ghost portraits."""

import cv2
import numpy as np

from bench.selection.documents import sample_text as sample
from bench.selection.documents.designs import DESIGNS, Design, blank_card
from bench.selection.documents.drawing import Random, Text, write
from bench.selection.documents.ghosts import RECIPES, Recipe, place, print_ghost
from bench.selection.documents.portraits import Person
from bench.selection.documents.scene import Scene, resized
from tests.labelled.scene import Outline, outline_of
from worker.vision.geometry import Box, Image

_SECOND_GHOST = 0.15  # share of cards with a ghost that have a second, small ghost
_SECOND_SIZES = 0.25, 0.4
_ANY = tuple(RECIPES)


def card(random: Random, holder: Person, recipe: str | None = None, designs: tuple[Design, ...] = DESIGNS) -> Scene:
    """Print a card.

    Parameters
    ----------
    random
        Random generator for design, positions and strengths.
    holder
        The holder of the card.
    recipe
        Name of the ghost's recipe in :data:`RECIPES`; None for no ghost.
    designs
        Designs to choose from.

    """
    blank = blank_card(random, designs)
    portrait = _toned(random, holder.picture, grey=blank.grey)
    picture, ghosts, texts = blank.paper, [], list(blank.texts)
    if recipe is not None:
        sizes = [RECIPES[recipe].size(random)]
        if random.random() < _SECOND_GHOST:
            sizes.append(random.uniform(*_SECOND_SIZES))
        for size in sizes:
            box = place(random, blank, size)
            print_ghost(random, RECIPES[recipe], portrait, picture, box)
            ghosts.append(face_in(holder, box))
            texts += _text_across(random, RECIPES[recipe], box)
    picture = write(picture, texts)
    whole = print_portrait(picture, portrait, blank.portrait)
    return Scene(picture, face_in(holder, whole), tuple(ghosts))


def card_or_ghost(random: Random, holder: Person, share: float = 0.5) -> Scene:
    """Print a card that has a ghost portrait with this probability, with any recipe."""
    return card(random, holder, any_recipe(random) if random.random() < share else None)


def any_recipe(random: Random) -> str:
    """Choose the name of a recipe at random."""
    return _ANY[int(random.integers(len(_ANY)))]


def print_portrait(picture: Image, portrait: Image, box: Box) -> Box:
    """Print a portrait into a box of the picture in place. Return the box in whole pixels."""
    left, top, right, bottom = (round(edge) for edge in (box.left, box.top, box.right, box.bottom))
    picture[top:bottom, left:right] = resized(portrait, (right - left, bottom - top))
    return Box(left, top, right, bottom)


def face_in(person: Person, box: Box) -> Outline:
    """Return the face of a person whose portrait fills this box."""
    height, width = person.picture.shape[:2]
    x, y = box.width / width, box.height / height
    face = Box(person.face.left * x, person.face.top * y, person.face.right * x, person.face.bottom * y)
    return outline_of(face.moved(box.left, box.top))


def _toned(random: Random, picture: Image, *, grey: bool) -> Image:
    """Return a portrait with a random tone as in print, optionally grey."""
    if grey:
        picture = np.asarray(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)
    gain, shift = random.uniform(0.85, 1.15), random.uniform(-12, 18)
    return np.asarray(cv2.convertScaleAbs(picture, alpha=gain, beta=max(0.0, shift)), np.uint8)


def _text_across(random: Random, recipe: Recipe, box: Box) -> list[Text]:
    """Return lines of text that cross a ghost."""
    count = int(random.integers(0, recipe.text + 1)) if recipe.text else 0
    texts = []
    for _ in range(count):
        line = f"{sample.surname(random)} {sample.digits(random, 6)} {sample.place(random)}"
        height = int(random.integers(16, 34))
        left, top = box.left - random.uniform(0, 60), box.top + random.random() * box.height
        texts.append(Text((max(left, box.left - 20), top), line[: int(box.width / height * 2.2)], height))
    return texts

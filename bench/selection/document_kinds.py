"""Kinds of documents, by their names in the report."""

from collections.abc import Callable
from functools import partial

from bench.selection.documents import captures, layouts, obstructions
from bench.selection.documents.cards import any_recipe, card, card_or_ghost
from bench.selection.documents.drawing import Random, noisy
from bench.selection.documents.faceless import faceless
from bench.selection.documents.ghosts import RECIPES
from bench.selection.documents.portraits import Portraits
from bench.selection.documents.scene import Scene

Kind = Callable[[Random, Portraits], Scene]

FACELESS = "faceless"


def _portrait(random: Random, portraits: Portraits) -> Scene:
    return captures.scanned(random, card(random, portraits.choose_holder(random)))


def _ghost(recipe: str, random: Random, portraits: Portraits) -> Scene:
    scene = card(random, portraits.choose_holder(random), recipe)
    take = captures.scanned if random.random() < 0.6 else captures.photographed  # noqa: PLR2004
    return take(random, scene)


def _obstructed(obstruction: obstructions.Obstruction, random: Random, portraits: Portraits) -> Scene:
    scene = card_or_ghost(random, portraits.choose_holder(random), 0.7)
    return captures.scanned(random, obstructions.obstruct(random, scene, obstruction))


def _slanted(random: Random, portraits: Portraits) -> Scene:
    return captures.photographed(random, card_or_ghost(random, portraits.choose_holder(random)), slant=0.12)


def _rotated(random: Random, portraits: Portraits) -> Scene:
    return captures.photographed(random, card_or_ghost(random, portraits.choose_holder(random)), lean=15)


def _motion_blur(random: Random, portraits: Portraits) -> Scene:
    scene = captures.photographed(random, card_or_ghost(random, portraits.choose_holder(random)))
    return scene.changed(captures.motion_blurred(random, random.uniform(0.06, 0.16) * scene.face_height))


def _low_light(random: Random, portraits: Portraits) -> Scene:
    scene = captures.photographed(random, card_or_ghost(random, portraits.choose_holder(random)))
    return scene.changed(captures.dim(random, random.uniform(0.12, 0.35)))


def _dark_face(random: Random, portraits: Portraits) -> Scene:
    scene = captures.photographed(random, card_or_ghost(random, portraits.choose_holder(random, dark=True)))
    return scene.changed(captures.dim(random, random.uniform(0.25, 0.5)))


def _recompressed(random: Random, portraits: Portraits) -> Scene:
    scene = captures.photographed(random, card_or_ghost(random, portraits.choose_holder(random)))
    scene = scene.scaled(random.uniform(480, 900) / max(scene.size))
    return scene.changed(partial(captures.recompressed, random))


def _photocopy(random: Random, portraits: Portraits) -> Scene:
    scene = captures.scanned(random, card_or_ghost(random, portraits.choose_holder(random)))
    return scene.changed(partial(captures.photocopied, random))


def _fax(random: Random, portraits: Portraits) -> Scene:
    scene = card(random, portraits.choose_holder(random), any_recipe(random) if random.random() < 0.3 else None)  # noqa: PLR2004
    return captures.faxed(random, scene.scaled(random.uniform(0.8, 1.2)))


def _small_face(random: Random, portraits: Portraits) -> Scene:
    scene = card_or_ghost(random, portraits.choose_holder(random), 0.3)
    return captures.reduced_to_face(scene, random.uniform(25, 50))


def _small_on_a4(random: Random, portraits: Portraits) -> Scene:
    scene, page = card_or_ghost(random, portraits.choose_holder(random), 0.3), layouts.sheet(random)
    share = random.uniform(25, 70) / scene.face_height * scene.size[0] / page.shape[1]
    return layouts.laid(random, scene, page, share)


def _large_photo(random: Random, portraits: Portraits) -> Scene:
    return layouts.large_photo(random, card_or_ghost(random, portraits.choose_holder(random)), random.uniform(50, 200))


def _large_face(random: Random, portraits: Portraits) -> Scene:
    scene = captures.reduced_to_face(card_or_ghost(random, portraits.choose_holder(random)), random.uniform(300, 600))
    return scene.changed(lambda picture: noisy(picture, random, 2))


def _screenshot(random: Random, portraits: Portraits) -> Scene:
    return layouts.screenshot(
        random, captures.photographed(random, card_or_ghost(random, portraits.choose_holder(random)))
    )


KINDS: dict[str, Kind] = {
    "portrait": _portrait,
    **{f"ghost_{recipe}": partial(_ghost, recipe) for recipe in RECIPES},
    "spoilt_stamp": partial(_obstructed, obstructions.stamp),
    "spoilt_glare": partial(_obstructed, obstructions.glare),
    "spoilt_reflection": partial(_obstructed, obstructions.reflection),
    "spoilt_hologram": partial(_obstructed, obstructions.hologram),
    "spoilt_crease": partial(_obstructed, obstructions.crease),
    "certified_copy": layouts.certified_copy,
    "two_cards": layouts.two_cards,
    "family_page": layouts.family_page,
    "beside_picture": layouts.beside_picture,
    "perspective": _slanted,
    "rotated": _rotated,
    "motion_blur": _motion_blur,
    "low_light": _low_light,
    "dark_face": _dark_face,
    "recompressed": _recompressed,
    "photocopy": _photocopy,
    "fax": _fax,
    "small_face": _small_face,
    "small_on_a4": _small_on_a4,
    "large_photo": _large_photo,
    "large_face": _large_face,
    "screenshot": _screenshot,
    FACELESS: lambda random, _album: faceless(random),
}

"""Face photographs of a folder, cropped to head and shoulders as a passport photograph is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np

from bench.selection.documents.scene import decoded, resized
from worker.vision import Engine, FoundFace, NoFaceError, extract_face
from worker.vision.geometry import Box, Image

_ENDINGS = {".jpg", ".jpeg", ".png"}
_LEAST_SCORE = 0.8
_MOST_LEAN = 20.0
"""Photographs whose face is less sure for the detector or leans more (degrees) are left out."""

_LEAST_HEIGHT = 50.0  # pixels of a face; a portrait is printed with 200
_FACE_SHARE = 0.58  # of the portrait's height that the face takes
_FACE_MIDDLE = 0.53  # of the portrait's height, from the top, where the face's centre lies
_ASPECT = 35 / 45  # width by height of a passport photograph
_MOST_PIXELS = 640  # height of a stored portrait
_DARK_SHARE = 0.25  # of the photographs that count as dark


@dataclass(frozen=True)
class Person:
    """A portrait to print.

    Attributes
    ----------
    name
        Of the person; two photographs of one person share it.
    picture
        Head and shoulders, uint8 RGB, 35:45.
    face
        Box of the face in pixels of the picture.
    light
        Median grey level of the face.

    """

    name: str
    picture: Image
    face: Box
    light: float


@dataclass(frozen=True)
class Album:
    """Portraits to choose from, in a fixed order."""

    people: tuple[Person, ...]

    def holder(self, random: np.random.Generator, *, dark: bool = False) -> Person:
        """Choose a portrait; with ``dark``, among the quarter with the darkest faces."""
        people = self.people
        if dark:
            people = tuple(sorted(people, key=lambda person: person.light))[: max(1, int(_DARK_SHARE * len(people)))]
        return people[int(random.integers(len(people)))]

    def others(self, random: np.random.Generator, holder: Person, count: int) -> list[Person]:
        """Choose portraits of people who are not the holder; the same one again where there are too few."""
        strangers = [person for person in self.people if person.name != holder.name]
        return [strangers[int(random.integers(len(strangers)))] for _ in range(count)]


def load_album(folder: Path, most: int, seed: int, engine: Engine) -> Album:
    """Read at most so many photographs of a folder, a seeded choice; the detector tells where the faces are.

    Raises
    ------
    click.ClickException
        Fewer than two people have a usable photograph.

    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS)
    order = np.random.default_rng(seed).permutation(len(paths))[:most]
    people: list[Person] = []
    with click.progressbar([paths[index] for index in order], label="Reading photographs") as progress:
        for path in progress:
            person = _person(path, engine)
            if person is not None:
                people.append(person)
    if len({person.name for person in people}) < 2:  # noqa: PLR2004 - a holder and somebody else
        raise click.ClickException(f"{folder} has no usable photographs of two people")
    return Album(tuple(people))


def _person(path: Path, engine: Engine) -> Person | None:
    """Return the portrait in a photograph; None if its central face is unsure, small, or not alone in the crop."""
    data = path.read_bytes()
    try:
        faces = extract_face(data, engine=engine).faces
    except NoFaceError:
        return None
    photograph = decoded(data)
    face = min(faces, key=_distance_from_centre)
    lean = (face.rotation + 180) % 360 - 180
    if face.detection_score < _LEAST_SCORE or abs(lean) > _MOST_LEAN or face.box.height < _LEAST_HEIGHT:
        return None
    crop = _head_and_shoulders(face.box)
    if not _alone(crop, face, faces):
        return None
    factor = min(1.0, _MOST_PIXELS / crop.height)
    picture = _cut(photograph, crop)
    picture = resized(picture, (round(picture.shape[1] * factor), round(picture.shape[0] * factor)))
    box = face.box.moved(-round(crop.left), -round(crop.top)).scaled(factor)
    inside = picture[round(box.top) : round(box.bottom), round(box.left) : round(box.right)]
    light = float(np.median(cv2.cvtColor(inside, cv2.COLOR_RGB2GRAY)))
    return Person(re.sub(r"_\d+$", "", path.stem), picture, box, light)


def _distance_from_centre(face: FoundFace) -> float:
    x, y = face.box.centre
    return float(np.hypot(x / face.page_size[0] - 0.5, y / face.page_size[1] - 0.5))


def _head_and_shoulders(face: Box) -> Box:
    height = face.height / _FACE_SHARE
    left, top = face.centre[0] - height * _ASPECT / 2, face.centre[1] - height * _FACE_MIDDLE
    return Box(left, top, left + height * _ASPECT, top + height)


def _alone(crop: Box, face: FoundFace, faces: Sequence[FoundFace]) -> bool:
    rest = [other.box for other in faces if other is not face]
    return all(box.right < crop.left or box.left > crop.right or box.bottom < crop.top for box in rest)


def _cut(photograph: Image, crop: Box) -> Image:
    """Return this part of a photograph, its edge pixels repeated outside of it."""
    left, top, right, bottom = (round(edge) for edge in (crop.left, crop.top, crop.right, crop.bottom))
    height, width = photograph.shape[:2]
    sides = max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width)
    padded = cv2.copyMakeBorder(photograph, *sides, cv2.BORDER_REPLICATE)
    return np.asarray(padded[top + sides[0] : bottom + sides[0], left + sides[2] : right + sides[2]], np.uint8)

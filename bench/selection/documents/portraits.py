"""Portraits from a folder of face photographs, cropped to head and shoulders like passport photographs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import cv2
import numpy as np

from bench.selection.documents.scene import decoded, resized
from worker.vision import DocumentFace, Engine, NoFaceError, extract_face
from worker.vision.geometry import Box, Image

_ENDINGS = {".jpg", ".jpeg", ".png"}
_MIN_SCORE = 0.8
_MAX_ROTATION = 20.0
"""Photographs whose face has a lower detection score or a larger rotation (degrees) are skipped."""

_MIN_HEIGHT = 50.0  # pixels of a face; a portrait is printed with 200
_FACE_SHARE = 0.58  # height of the face, as a share of the portrait's height
_FACE_MIDDLE = 0.53  # centre of the face from the top, as a share of the portrait's height
_ASPECT = 35 / 45  # width by height of a passport photograph
_MAX_PIXELS = 640  # height of a stored portrait
_DARK_SHARE = 0.25  # share of the photographs that count as dark


@dataclass(frozen=True)
class Person:
    """A portrait to print.

    Attributes
    ----------
    name
        Name of the person. Several photographs may have the same name.
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
class Portraits:
    """Portraits to choose from, in a fixed order."""

    people: tuple[Person, ...]

    def choose_holder(self, random: np.random.Generator, *, dark: bool = False) -> Person:
        """Choose a portrait at random. With ``dark``, choose among the quarter with the darkest faces."""
        people = self.people
        if dark:
            people = tuple(sorted(people, key=lambda person: person.light))[: max(1, int(_DARK_SHARE * len(people)))]
        return people[int(random.integers(len(people)))]

    def choose_others(self, random: np.random.Generator, holder: Person, count: int) -> list[Person]:
        """Choose portraits of people other than the holder at random, with repetition."""
        candidates = [person for person in self.people if person.name != holder.name]
        return [candidates[int(random.integers(len(candidates)))] for _ in range(count)]


def load_portraits(folder: Path, maximum: int, seed: int, engine: Engine) -> Portraits:
    """Read photographs of a folder, up to a maximum chosen by the seed. The detector locates the faces.

    Raises
    ------
    click.ClickException
        Fewer than two people have a usable photograph.

    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS)
    order = np.random.default_rng(seed).permutation(len(paths))[:maximum]
    people: list[Person] = []
    with click.progressbar([paths[index] for index in order], label="Reading photographs") as progress:
        for path in progress:
            person = _person(path, engine)
            if person is not None:
                people.append(person)
    if len({person.name for person in people}) < 2:  # noqa: PLR2004 - a holder and another person
        raise click.ClickException(f"{folder} has no usable photographs of two people")
    return Portraits(tuple(people))


def _person(path: Path, engine: Engine) -> Person | None:
    """Return the portrait in a photograph; None if its central face is uncertain, small, or not alone in the crop."""
    data = path.read_bytes()
    try:
        faces = extract_face(data, engine=engine).faces
    except NoFaceError:
        return None
    photograph = decoded(data)
    face = min(faces, key=_distance_from_centre)
    rotation = (face.rotation + 180) % 360 - 180
    if face.detection_score < _MIN_SCORE or abs(rotation) > _MAX_ROTATION or face.box.height < _MIN_HEIGHT:
        return None
    crop = _head_and_shoulders(face.box)
    if not _alone(crop, face, faces):
        return None
    factor = min(1.0, _MAX_PIXELS / crop.height)
    picture = _cut(photograph, crop)
    picture = resized(picture, (round(picture.shape[1] * factor), round(picture.shape[0] * factor)))
    box = face.box.moved(-round(crop.left), -round(crop.top)).scaled(factor)
    inside = picture[round(box.top) : round(box.bottom), round(box.left) : round(box.right)]
    light = float(np.median(cv2.cvtColor(inside, cv2.COLOR_RGB2GRAY)))
    return Person(re.sub(r"_\d+$", "", path.stem), picture, box, light)


def _distance_from_centre(face: DocumentFace) -> float:
    x, y = face.box.centre
    return float(np.hypot(x / face.page_size[0] - 0.5, y / face.page_size[1] - 0.5))


def _head_and_shoulders(face: Box) -> Box:
    height = face.height / _FACE_SHARE
    left, top = face.centre[0] - height * _ASPECT / 2, face.centre[1] - height * _FACE_MIDDLE
    return Box(left, top, left + height * _ASPECT, top + height)


def _alone(crop: Box, face: DocumentFace, faces: Sequence[DocumentFace]) -> bool:
    rest = [other.box for other in faces if other is not face]
    return all(box.right < crop.left or box.left > crop.right or box.bottom < crop.top for box in rest)


def _cut(photograph: Image, crop: Box) -> Image:
    """Return a part of a photograph. Outside the photograph, its edge pixels are repeated."""
    left, top, right, bottom = (round(edge) for edge in (crop.left, crop.top, crop.right, crop.bottom))
    height, width = photograph.shape[:2]
    sides = max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width)
    padded = cv2.copyMakeBorder(photograph, *sides, cv2.BORDER_REPLICATE)
    return np.asarray(padded[top + sides[0] : bottom + sides[0], left + sides[2] : right + sides[2]], np.uint8)

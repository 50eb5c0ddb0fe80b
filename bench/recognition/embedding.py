"""Computes the embeddings of many pictures, and collects the pictures without a face."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import click

from worker.vision import Engine, Limits, NoFaceError, VisionError
from worker.vision.documents import open_document
from worker.vision.geometry import Image
from worker.vision.page_face import PageFace
from worker.vision.recognition.calibration import Embedding
from worker.vision.selection.portrait_selection import select_portrait

_BATCH = 16  # faces per call of the network

ChipFunction = Callable[[bytes, Engine], Image]
"""Finds the face in a picture and returns it aligned for the encoder (a face chip)."""


@dataclass
class Embeddings:
    """Embeddings by picture, and the pictures without a face."""

    by_path: dict[Path, Embedding] = field(default_factory=dict)
    failed: list[Path] = field(default_factory=list)

    def distance(self, engine: Engine, first: Path, second: Path) -> float:
        """Return the distance between two pictures; infinite if one has no face."""
        if first not in self.by_path or second not in self.by_path:
            return math.inf
        return engine.calibration.distance(self.by_path[first], self.by_path[second])


def selected_chip(data: bytes, engine: Engine) -> Image:
    """Align the face that a comparison selects.

    Raises
    ------
    VisionError
        The file cannot be read or has no face.

    """
    with open_document(data, Limits()) as document:
        return engine.align(select_portrait(document, engine, portrait_only=True).portrait)


def central_chip(data: bytes, engine: Engine) -> Image:
    """Align the face nearest to the centre. It gives a picture of Labeled Faces in the Wild its name.

    Raises
    ------
    VisionError
        The file cannot be read or has no face.

    """
    with open_document(data, Limits()) as document:
        (found,) = engine.find(document.pages)
        confident = [face for face in found.faces if face.score >= engine.profile.scores.face]
        if not confident:
            raise NoFaceError("no face in the picture")
        geometry = engine.profile.geometry
        page_faces = [PageFace(document.pages[0], face, found.quarters, geometry) for face in confident]
        width, height = page_faces[0].upright_size

        def from_centre(each: PageFace) -> float:
            x, y = each.face.box.centre
            return math.hypot(x - width / 2, y - height / 2)

        return engine.align(engine.refine_landmarks(min(page_faces, key=from_centre)))


def embed_all(paths: Iterable[Path], engine: Engine, chip: ChipFunction = selected_chip) -> Embeddings:
    """Embed one face of each picture."""
    result = Embeddings()
    chips: list[Image] = []
    names: list[Path] = []
    with click.progressbar(sorted(set(paths)), label="Embedding", show_pos=True) as progress:
        for path in progress:
            try:
                chips.append(chip(path.read_bytes(), engine))
            except VisionError:
                result.failed.append(path)
                continue
            names.append(path)
            if len(chips) == _BATCH:
                result.by_path.update(zip(names, engine.embed(chips), strict=True))
                chips, names = [], []
    if chips:
        result.by_path.update(zip(names, engine.embed(chips), strict=True))
    return result

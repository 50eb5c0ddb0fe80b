"""Embeddings of many pictures, each read once, and who could not be read."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import click

from worker.vision import Engine, Limits, NoFaceError, VisionError
from worker.vision.calibration import Embedding
from worker.vision.documents import open_document
from worker.vision.geometry import Image
from worker.vision.orientation import FACE_SCORE
from worker.vision.portrait import PlacedFace
from worker.vision.service import aligned_face

_BATCH = 16  # faces in one call of the network


@dataclass
class Embeddings:
    """Embeddings by picture, and the pictures without a face."""

    of: dict[Path, Embedding] = field(default_factory=dict)
    failed: list[Path] = field(default_factory=list)

    def distance(self, engine: Engine, first: Path, second: Path) -> float:
        """Return the distance of two pictures; infinite where either shows no face, which cannot match."""
        if first not in self.of or second not in self.of:
            return math.inf
        return engine.calibration.distance(self.of[first], self.of[second])


def embed_all(paths: Iterable[Path], engine: Engine, *, central: bool = False) -> Embeddings:
    """Embed one face of each picture: the one nearest its middle, or the one that the service selects."""
    result = Embeddings()
    chips: list[Image] = []
    names: list[Path] = []
    with click.progressbar(sorted(set(paths)), label="Embedding", show_pos=True) as progress:
        for path in progress:
            try:
                chip = (
                    _central(path, engine) if central else aligned_face(path.read_bytes(), "selfie", Limits(), engine)
                )
            except VisionError:
                result.failed.append(path)
                continue
            chips.append(chip)
            names.append(path)
            if len(chips) == _BATCH:
                result.of.update(zip(names, engine.embed(chips), strict=True))
                chips, names = [], []
    if chips:
        result.of.update(zip(names, engine.embed(chips), strict=True))
    return result


def _central(path: Path, engine: Engine) -> Image:
    with open_document(path.read_bytes(), Limits()) as pages:
        (found,) = engine.find(pages)
        if not found.faces:
            raise NoFaceError(f"no face in {path}")
        sure = [face for face in found.faces if face.score >= FACE_SCORE]
        placed = [PlacedFace(pages[0], face, found.quarters) for face in sure]
        width, height = placed[0].upright_size

        def from_middle(each: PlacedFace) -> float:
            x, y = each.face.box.centre
            return math.hypot(x - width / 2, y - height / 2)

        return engine.align(engine.level(min(placed, key=from_middle)))

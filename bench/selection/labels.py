"""Labels of documents and outcomes of the engine. ``truth.json`` contains the labels of a folder.

Boxes are (left, top, right, bottom) in pixels of the picture, after applying its EXIF orientation.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import click

from bench.selection.documents.scene import Scene
from tests.labelled.scene import Outline
from worker.vision.geometry import Box

FILE = "truth.json"

_SAME_FACE = 0.4  # minimum intersection over union of two boxes of the same face
_MAX_ROTATION_ERROR = 40.0  # degrees between the reported and the true rotation

Outcome = Literal["right", "ghost", "other person", "none", "not upright", "false face"]
OUTCOMES: tuple[Outcome, ...] = ("right", "ghost", "other person", "none", "not upright", "false face")
"""``none``: no face found although there is one. ``false face``: a box at a place without a labelled face."""


@dataclass(frozen=True)
class Label:
    """The labels of a document.

    Attributes
    ----------
    kind, size
        Name of the kind, and (width, height) in pixels.
    portrait
        The holder's face; None if there is none.
    ghosts, others
        Ghost portraits of the holder, and faces of other people.
    turned
        Rotation of the page in degrees counter-clockwise, 0 to 360.

    """

    kind: str
    size: tuple[int, int]
    portrait: Box | None
    ghosts: tuple[Box, ...] = ()
    others: tuple[Box, ...] = ()
    turned: float = 0.0

    def turned_by(self, quarters: int) -> "Label":
        """Return the label after this number of quarter turns counter-clockwise."""
        label = self
        for _ in range(quarters % 4):
            width, height = label.size
            label = Label(
                label.kind,
                (height, width),
                _quarter(label.portrait, width) if label.portrait else None,
                tuple(_quarter(box, width) for box in label.ghosts),
                tuple(_quarter(box, width) for box in label.others),
                (label.turned + 90) % 360,
            )
        return label


@dataclass(frozen=True)
class Document:
    """A labelled document. ``data`` is a JPEG or PNG file."""

    name: str
    label: Label
    data: bytes = field(repr=False)


def label_of(scene: Scene, kind: str, quarters: int) -> Label:
    """Return the label of a scene that is rotated by this number of quarter turns."""
    turned = 90.0 * quarters if scene.portrait is None else round(scene.portrait.rotation % 360, 1) % 360
    ghosts, others = (tuple(_inside(face, scene.size) for face in faces) for faces in (scene.ghosts, scene.others))
    portrait = None if scene.portrait is None else _inside(scene.portrait, scene.size)
    return Label(kind, scene.size, portrait, ghosts, others, turned)


def judge(label: Label, chosen: Box | None, rotation: float) -> Outcome:
    """Compare the engine's choice with the label.

    Parameters
    ----------
    label
        Label of the document.
    chosen
        Box of the selected face; None if the engine found none.
    rotation
        Rotation of the selected face in degrees counter-clockwise.

    """
    if chosen is None:
        return "right" if label.portrait is None else "none"
    if label.portrait is not None and chosen.iou(label.portrait) > _SAME_FACE:
        lean = abs((rotation - label.turned + 180) % 360 - 180)
        return "right" if lean <= _MAX_ROTATION_ERROR else "not upright"
    if any(chosen.iou(ghost) > _SAME_FACE for ghost in label.ghosts):
        return "ghost"
    return "other person" if any(chosen.iou(other) > _SAME_FACE for other in label.others) else "false face"


def read_labels(folder: Path) -> dict[str, Label]:
    """Read the labels of a folder, by file name.

    Raises
    ------
    click.ClickException
        The file is missing or invalid.

    """
    path = folder / FILE
    try:
        content = json.loads(path.read_text())
        return {name: _label(entry) for name, entry in content.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise click.ClickException(f"{path} cannot be read: {error}") from error


def write_labels(folder: Path, labels: Mapping[str, Label], more: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the labels of a folder. ``more`` contains additional entries by file name."""
    content = {name: {**_entry(label), **more.get(name, {})} for name, label in labels.items()}
    (folder / FILE).write_text(json.dumps(content, indent=1) + "\n")


def numbers(box: Box) -> list[float]:
    """Return a box as numbers for JSON."""
    return [round(edge, 1) for edge in (box.left, box.top, box.right, box.bottom)]


def _entry(label: Label) -> dict[str, Any]:
    return {
        "kind": label.kind,
        "portrait": None if label.portrait is None else numbers(label.portrait),
        "ghosts": [numbers(box) for box in label.ghosts],
        "others": [numbers(box) for box in label.others],
        "size": list(label.size),
        "turned": label.turned,
    }


def _label(entry: Mapping[str, Any]) -> Label:
    portrait, (width, height) = entry["portrait"], entry["size"]
    return Label(
        entry.get("kind", "faceless" if portrait is None else "document"),
        (int(width), int(height)),
        None if portrait is None else Box(*portrait),
        tuple(Box(*box) for box in entry.get("ghosts", [])),
        tuple(Box(*box) for box in entry.get("others", [])),
        float(entry.get("turned", 0.0)),
    )


def _quarter(box: Box, width: float) -> Box:
    """Rotate a box with its picture of this width by a quarter turn counter-clockwise."""
    return Box(box.top, width - box.right, box.bottom, width - box.left)


def _inside(face: Outline, size: tuple[int, int]) -> Box:
    return face.box.clipped(*size)

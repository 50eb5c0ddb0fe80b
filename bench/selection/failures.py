"""Saves the documents with wrong outcomes: files with labels, and pictures with boxes."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from bench.selection.documents.captures import png
from bench.selection.documents.drawing import Colour
from bench.selection.documents.scene import decoded
from bench.selection.labels import numbers, write_labels
from bench.selection.measure import Result
from bench.selection.sources import Source
from worker.vision.geometry import Box, Image

_BOXES = "boxes"  # folder for the pictures with boxes
_PORTRAIT: Colour = (0, 170, 0)
_GHOST: Colour = (255, 170, 0)
_OTHER: Colour = (0, 90, 255)
_CHOSEN: Colour = (230, 0, 0)


def save_failures(folder: Path, source: Source, results: Sequence[Result]) -> int:
    """Write the documents with wrong outcomes, and return their number.

    The folder can be measured again with ``--folder``. In the pictures in ``boxes/``, the portrait is green, ghosts are
    orange, other people are blue, and the engine's choice is red.
    """
    wrong = [result for result in results if result.outcome != "right"]
    (folder / _BOXES).mkdir(parents=True, exist_ok=True)
    for result in wrong:
        document = source[result.index]
        (folder / document.name).write_bytes(document.data)
        drawn = drawn_boxes(decoded(document.data), result)
        (folder / _BOXES / f"{Path(document.name).stem}.png").write_bytes(png(drawn))
    more = {
        result.name: {"outcome": result.outcome, "chosen": None if result.chosen is None else numbers(result.chosen)}
        for result in wrong
    }
    write_labels(folder, {result.name: result.label for result in wrong}, more)
    return len(wrong)


def drawn_boxes(picture: Image, result: Result) -> Image:
    """Return a copy of the picture with the boxes of a result."""
    picture = np.ascontiguousarray(picture)
    label = result.label
    boxes: list[tuple[Box | None, Colour]] = [(label.portrait, _PORTRAIT), (result.chosen, _CHOSEN)]
    boxes += [(box, _GHOST) for box in label.ghosts] + [(box, _OTHER) for box in label.others]
    width = max(1, max(picture.shape) // 500)
    for box, colour in boxes:
        if box is not None:
            corners = (round(box.left), round(box.top)), (round(box.right), round(box.bottom))
            cv2.rectangle(picture, *corners, colour, width)
    return picture

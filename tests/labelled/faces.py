"""The box of the face in each photograph, measured by hand. All labels of composed documents derive from them."""

import numpy as np

from tests.labelled.scene import Outline, outline_of
from tests.support.compose import head_box
from worker.vision.geometry import Box

FACES = {
    "astronaut": Box(181, 80, 273, 180),
    "biden": Box(421, 151, 722, 566),
    "obama": Box(363, 84, 608, 428),
    "obama2": Box(200, 229, 480, 640),
    "obama3": Box(634, 260, 913, 622),
}
"""Boxes in pixels of the photograph: from the hairline to the chin, and from cheek to cheek.

They were measured by hand on enlarged pictures with a grid, to about 2% of the box.
``tests/vision/test_labelled_truth.py`` compares them with dlib's HOG detector and 68 landmarks, which the engine under
test does not use to find faces. """

PERSONS = {name: "obama" if name.startswith("obama") else name for name in FACES}
"""The person in each photograph."""


def face_in_photo(name: str) -> Outline:
    """Return the face in the whole photograph, in pixels of the photograph."""
    return outline_of(FACES[name])


def face_in(name: str, portrait: Box) -> Outline:
    """Return the face in pixels of a page on which ``head(name)`` fills this box."""
    crop, face = head_box(name), FACES[name]
    scale = np.array([portrait.width / crop.width, portrait.height / crop.height], np.float32)
    corner = np.array([portrait.left, portrait.top], np.float32)
    within = outline_of(face.moved(-crop.left, -crop.top)).points
    return Outline(within * scale + corner)

"""Page and face in, embedding out: dlib's alignment and dlib's network, on onnxruntime."""

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from worker.vision.geometry import Box, Image, similarity
from worker.vision.models.runtime import Session
from worker.vision.portrait import PlacedFace, cut_out
from worker.vision.recognition.calibration import Calibration, Embedding

EMBEDDING_SIZE = 128
CHIP_SIZE = 150  # pixels a side, the network's input
_CHIP_PADDING = 0.25  # of the face's side, around it: dlib's for this network

_BOX_SIDE = 1.05
_BOX_SHIFT = 0.05
"""The first square given to the landmark predictor: its side in geometric means of the face box's sides, and how far
its centre lies below the box's, in heights of the box."""

_ROUNDS = 3
_SQUARE_CENTRE = (0.469, 0.471)
_SQUARE_SIDE = 0.95
"""The predictor was trained on the boxes of dlib's HOG detector, and what it finds depends on the square it is given.
So it is run again on the square that HOG would have given: in the frame of the chip of the landmarks found so far, as
fractions of the chip's side (means over 150 faces; sides from 0.88 to 1.0 do as well). After three rounds the first
square no longer matters: faces found at 192 pixels part labelled pairs as well (d' 4.7 to 4.8) as those found at 384,
and better than with one round (4.5 and 4.6)."""

# The five landmarks in the chip, as fractions of its side: dlib's mean shape (image_transforms/interpolation.h,
# get_face_chip_details), which is of the unpadded chip, brought into the padded one.
_CHIP_SHAPE = (
    _CHIP_PADDING
    + np.array(
        [
            [0.8595674595992, 0.2134981538014],
            [0.6460604764104, 0.2289674387677],
            [0.1205750620789, 0.2137274526848],
            [0.3340850613712, 0.2290642403242],
            [0.4901123135679, 0.6277975316475],
        ]
    )
) / (1 + 2 * _CHIP_PADDING)

_CONTEXT = 2.4  # the region cut out for alignment, in sides of the first square: the chip with its padding
_WORKING_SIDE = 200.0  # pixels of the square's side at most; the chip has 100 for it, more adds cost and no detail


DLIB = Calibration(
    metric="euclidean",
    on_scale=False,  # who asks for dlib asks for the distances that dlib gives
    threshold=0.6,  # dlib's recommendation for its network
    # No rates: they were measured over everybody, and among Black and Asian people they are about 25 times as high
    # (docs/comparison.md).
    rates=(),
)


class DlibEncoder:
    """Embeds faces as dlib's ``face_recognition_resnet_model_v1`` does.

    Parameters
    ----------
    session
        The network: float32 ``(n, 3, 150, 150)`` RGB 0..255 in, ``(n, 128)`` out.
    landmarks
        File of dlib's five-point shape predictor.

    """

    calibration = DLIB

    def __init__(self, session: Session, landmarks: Path) -> None:
        self._session = session
        self._predictor = dlib.shape_predictor(str(landmarks))

    def embed(self, chips: Sequence[Image]) -> list[Embedding]:
        """Embed aligned chips, all in one batch.

        Each embedding is the mean of the chip's and of its mirror image's, which on labelled pairs is right more often
        than the chip's alone.
        """
        embeddings = self.embed_chips([view for chip in chips for view in (chip, chip[:, ::-1])])
        means = embeddings.reshape(len(chips), 2, -1).mean(axis=1)
        return [np.asarray(mean, dtype=np.float32) for mean in means]

    def align(self, placed: PlacedFace) -> Image:
        """Cut the face out as dlib's aligned chip, uint8 ``(150, 150, 3)`` RGB."""
        box = placed.face.box
        side = _BOX_SIDE * math.sqrt(box.width * box.height)
        (x, y), reach = box.moved(0.0, _BOX_SHIFT * box.height).centre, _CONTEXT * side / 2
        scale = min(1.0, _WORKING_SIDE / side)
        region = cut_out(placed, Box(x - reach, y - reach, x + reach, y + reach), placed.tilt, scale)
        middle, half = (region.shape[1] / 2, region.shape[0] / 2), side * scale / 2
        for _ in range(_ROUNDS):
            corners = middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half
            shape = self._predictor(region, dlib.rectangle(*(round(edge) for edge in corners)))
            middle, half = _square_of_hog(shape)
        return np.asarray(dlib.get_face_chip(region, shape, CHIP_SIZE, _CHIP_PADDING), dtype=np.uint8)

    def embed_chips(self, chips: Sequence[Image]) -> NDArray[np.float32]:
        """Run the network on aligned chips: float32 ``(n, 128)``."""
        batch = np.stack(chips).transpose(0, 3, 1, 2).astype(np.float32)
        return self._session.run(np.ascontiguousarray(batch))[0]


def _square_of_hog(shape: dlib.full_object_detection) -> tuple[tuple[float, float], float]:
    """Return centre and half side of the square that dlib's HOG detector would have put around these landmarks."""
    points = np.array([[point.x, point.y] for point in shape.parts()], dtype=np.float64)
    to_picture = cv2.invertAffineTransform(similarity(points, _CHIP_SHAPE))
    x, y = to_picture @ np.array([*_SQUARE_CENTRE, 1.0])
    return (float(x), float(y)), _SQUARE_SIDE * float(np.hypot(to_picture[0, 0], to_picture[1, 0])) / 2

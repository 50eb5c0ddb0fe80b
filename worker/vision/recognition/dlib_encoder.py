"""The dlib encoder: dlib's alignment, and dlib's network on onnxruntime."""

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from worker.vision.geometry import Box, Image, similarity
from worker.vision.models.dlib_network import CHIP_SIZE
from worker.vision.models.runtime import Session
from worker.vision.page_face import PageFace, cut_out
from worker.vision.recognition.calibration import Calibration, Embedding

_CHIP_PADDING = 0.25  # padding around the face, as a fraction of its side: dlib's value for this network

_ROUNDS = 3
_SQUARE_CENTRE = (0.469, 0.471)
_SQUARE_SIDE = 0.95
"""The landmark predictor was trained on the boxes of dlib's HOG detector, and its result depends on the square that it
receives. It therefore runs again on the square that HOG would have returned. That square is given in the frame of the
chip of the current landmarks, as fractions of the chip's side (means over 150 faces; sides from 0.88 to 1.0 work as
well). After three rounds the result does not depend on the first square: faces found at 192 pixels separate labelled
pairs as well (d' 4.7 to 4.8) as faces found at 384, and better than with one round (4.5 and 4.6)."""

# The five landmarks in the padded chip, as fractions of its side: dlib's mean shape (image_transforms/interpolation.h,
# get_face_chip_details), which refers to the chip without padding.
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

_CONTEXT = 2.4  # side of the region for alignment, in sides of the first square: room for the chip with its padding
_WORKING_SIDE = 200.0  # maximum side of that square in pixels; the chip has 100, so more adds cost and no detail

DLIB = Calibration(
    metric="euclidean",
    on_scale=False,  # dlib's own distances, which users of this encoder expect
    threshold=0.6,  # dlib's recommendation for its network
    # No rates: they were measured over all people, and among Black and Asian people they are about 25 times as high
    # (docs/error-rates.md).
    rates=(),
)


class DlibEncoder:
    """Embeds faces with dlib's ``face_recognition_resnet_model_v1``.

    Parameters
    ----------
    session
        The network: float32 ``(n, 3, 150, 150)`` RGB 0..255 in, float32 ``(n, 128)`` out.
    landmarks
        The file of dlib's five-point shape predictor.

    """

    calibration = DLIB

    def __init__(self, session: Session, landmarks: Path) -> None:
        self._session = session
        self._predictor = dlib.shape_predictor(str(landmarks))

    def embed(self, chips: Sequence[Image]) -> list[Embedding]:
        """Embed aligned chips in one batch.

        Each embedding is the mean of the embeddings of the chip and of its mirror image. On labelled pairs, the mean is
        right more often than the embedding of the chip alone.
        """
        embeddings = self.embed_chips([view for chip in chips for view in (chip, chip[:, ::-1])])
        means = embeddings.reshape(len(chips), 2, -1).mean(axis=1)
        return [np.asarray(mean, dtype=np.float32) for mean in means]

    def align(self, page_face: PageFace) -> Image:
        """Cut the face out as dlib's aligned chip: uint8 ``(150, 150, 3)`` RGB."""
        box, (square_side, shift) = page_face.face.box, page_face.geometry.landmark_square
        side = square_side * math.sqrt(box.width * box.height)
        (x, y), reach = box.moved(0.0, shift * box.height).centre, _CONTEXT * side / 2
        scale = min(1.0, _WORKING_SIDE / side)
        region = cut_out(page_face, Box(x - reach, y - reach, x + reach, y + reach), page_face.tilt, scale)
        middle, half = (region.shape[1] / 2, region.shape[0] / 2), side * scale / 2
        for _ in range(_ROUNDS):
            corners = middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half
            shape = self._predictor(region, dlib.rectangle(*(round(edge) for edge in corners)))
            middle, half = _hog_square(shape)
        return np.asarray(dlib.get_face_chip(region, shape, CHIP_SIZE, _CHIP_PADDING), dtype=np.uint8)

    def embed_chips(self, chips: Sequence[Image]) -> NDArray[np.float32]:
        """Run the network on aligned chips: float32 ``(n, 128)``."""
        batch = np.stack(chips).transpose(0, 3, 1, 2).astype(np.float32)
        return self._session.run(np.ascontiguousarray(batch))[0]


def _hog_square(shape: dlib.full_object_detection) -> tuple[tuple[float, float], float]:
    """Return centre and half side of the square that dlib's HOG detector would return for these landmarks."""
    points = np.array([[point.x, point.y] for point in shape.parts()], dtype=np.float64)
    to_picture = cv2.invertAffineTransform(similarity(points, _CHIP_SHAPE))
    x, y = to_picture @ np.array([*_SQUARE_CENTRE, 1.0])
    return (float(x), float(y)), _SQUARE_SIDE * float(np.hypot(to_picture[0, 0], to_picture[1, 0])) / 2

"""Page and face in, embedding out: dlib's alignment and dlib's network, on onnxruntime."""

import math
from collections.abc import Sequence
from pathlib import Path

import dlib
import numpy as np
from numpy.typing import NDArray

from worker.vision.geometry import Box, Image
from worker.vision.portrait import PlacedFace, cut_out
from worker.vision.runtime import Session

Embedding = NDArray[np.float32]
"""float32 ``(128,)``; the Euclidean distance of two is small for one person."""

EMBEDDING_SIZE = 128
CHIP_SIZE = 150  # pixels a side, the network's input
_CHIP_PADDING = 0.25  # of the face's side, around it: dlib's for this network

_BOX_SIDE = 1.0
"""Side of the square given to the landmark predictor, in geometric means of the face box's sides. The predictor was
trained on the boxes of dlib's HOG detector, which CenterFace's resemble least in shape; of sides 0.85 to 1.05 and
centres moved down by 0 to 10% this one was among the best on labelled pairs."""

_CONTEXT = 2.0  # the region cut out for alignment, in sides of that square: the chip with its padding, turned any way
_WORKING_SIDE = 200.0  # pixels of the square's side at most; the chip has 100 for it, more adds cost and no detail


class DlibEncoder:
    """Embeds faces as dlib's ``face_recognition_resnet_model_v1`` does.

    Parameters
    ----------
    session
        The network: float32 ``(n, 3, 150, 150)`` RGB 0..255 in, ``(n, 128)`` out.
    landmarks
        File of dlib's five-point shape predictor.

    """

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
        (x, y), reach = box.centre, _CONTEXT * side / 2
        scale = min(1.0, _WORKING_SIDE / side)
        region = cut_out(placed, Box(x - reach, y - reach, x + reach, y + reach), placed.tilt, scale)
        middle, half = (region.shape[1] / 2, region.shape[0] / 2), side * scale / 2
        square = dlib.rectangle(
            round(middle[0] - half), round(middle[1] - half), round(middle[0] + half), round(middle[1] + half)
        )
        shape = self._predictor(region, square)
        return np.asarray(dlib.get_face_chip(region, shape, CHIP_SIZE, _CHIP_PADDING), dtype=np.uint8)

    def embed_chips(self, chips: Sequence[Image]) -> NDArray[np.float32]:
        """Run the network on aligned chips: float32 ``(n, 128)``."""
        batch = np.stack(chips).transpose(0, 3, 1, 2).astype(np.float32)
        return self._session.run(np.ascontiguousarray(batch))[0]

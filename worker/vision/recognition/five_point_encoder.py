"""Page and face in, embedding out, for networks that align a face by five landmarks: SFace, ArcFace and others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from worker.vision.geometry import Box, Image, similarity
from worker.vision.models.runtime import Array, Session
from worker.vision.portrait import PlacedFace, cut_out
from worker.vision.recognition.calibration import Calibration, Embedding
from worker.vision.recognition.descreening import descreened

_CONTEXT = 3.0  # the region cut out for alignment, in longer sides of the face's box
_WORKING_FACTOR = 1.0
"""Pixels of that face's side at most, in sides of the network's input. The page is reduced to it by areas, which
takes out the raster of a printed photograph: of pairs with a halftone of 100 pixels from eye to chin 2.5% are
missed, and 7.1% where the alignment reduces (a factor of 2; `python -m bench verification FOLDER`). Photographs
lose nothing."""

Point = tuple[float, float]

ARCFACE_TEMPLATE: tuple[Point, Point, Point, Point, Point] = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
"""Where most published networks expect the landmarks in a chip of 112 by 112 pixels: the values of InsightFace's
``face_align.py``, which OpenCV's ``FaceRecognizerSF`` uses as well."""


@dataclass(frozen=True, slots=True)
class ChipFormat:
    """The input of a network.

    Attributes
    ----------
    width, height
        In pixels.
    template
        Where the five landmarks of :class:`~worker.vision.geometry.Face` belong in it.
    colour, layout
        Order of the channels, and where they are among the dimensions.
    mean, scale
        The network takes ``(pixel - mean) * scale``, pixels 0..255, the mean in the order of ``colour``.
    mirror
        Whether the mirror image is embedded too, and the two averaged.
    descreen
        Whether the raster of a print is smoothed out first.

    """

    width: int
    height: int
    template: tuple[Point, Point, Point, Point, Point]
    colour: Literal["RGB", "BGR"] = "RGB"
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: float = 1.0
    mirror: bool = False
    descreen: bool = False


class FivePointEncoder:
    """Embeds faces with one network.

    Parameters
    ----------
    session
        Float32 chips in the format's layout in, ``(n, d)`` out.
    chip_format
        What the network takes.
    calibration
        What distances of its embeddings mean.

    """

    def __init__(self, session: Session, chip_format: ChipFormat, calibration: Calibration) -> None:
        self._session = session
        self._format = chip_format
        self.calibration = calibration

    def align(self, placed: PlacedFace) -> Image:
        """Cut the face out as the network takes it, uint8 ``(height, width, 3)`` RGB."""
        form, box = self._format, placed.face.box
        (x, y), side = box.centre, max(box.width, box.height)
        reach, scale = _CONTEXT * side / 2, min(1.0, _WORKING_FACTOR * max(form.width, form.height) / side)
        around = Box(round(x - reach), round(y - reach), round(x + reach), round(y + reach))
        region = cut_out(placed, around, scale=scale)
        landmarks = (placed.face.landmarks - np.array([around.left, around.top], np.float32)) * np.float32(scale)
        matrix = similarity(landmarks, np.array(form.template, dtype=np.float32))
        chip = np.asarray(cv2.warpAffine(region, matrix, (form.width, form.height)), dtype=np.uint8)
        return descreened(chip) if form.descreen else chip

    def embed(self, chips: Sequence[Image]) -> list[Embedding]:
        """Embed aligned chips, scaled to unit length: all in one batch, or one by one where the network says so."""
        views = [view for chip in chips for view in ((chip, chip[:, ::-1]) if self._format.mirror else (chip,))]
        batch = self._input(views)
        outputs = np.concatenate([self._session.run(part)[0] for part in self._parts(batch)])
        means = outputs.reshape(len(chips), len(views) // len(chips), -1).mean(axis=1)
        return [np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), dtype=np.float32) for mean in means]

    def _input(self, views: Sequence[Image]) -> Array:
        batch = np.stack(views).astype(np.float32)
        if self._format.colour == "BGR":
            batch = batch[..., ::-1]
        batch = (batch - np.array(self._format.mean, np.float32)) * np.float32(self._format.scale)
        return np.ascontiguousarray(batch if self._format.layout == "NHWC" else batch.transpose(0, 3, 1, 2))

    def _parts(self, batch: Array) -> list[Array]:
        return [batch] if self._session.batch_size is None else list(np.split(batch, len(batch)))

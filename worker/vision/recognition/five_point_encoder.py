"""An encoder for networks that align a face by five landmarks: SFace, ArcFace and others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from worker.vision.geometry import Box, Image, similarity
from worker.vision.models.runtime import Array, Session
from worker.vision.page_face import PageFace, cut_out
from worker.vision.recognition.calibration import Calibration, Embedding
from worker.vision.recognition.descreening import descreen

Point = tuple[float, float]

ARCFACE_TEMPLATE: tuple[Point, Point, Point, Point, Point] = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
"""Positions of the landmarks that most published networks expect in a chip of 112 by 112 pixels. The values are those
of InsightFace's ``face_align.py``, which OpenCV's ``FaceRecognizerSF`` uses too."""


@dataclass(frozen=True, slots=True)
class ChipFormat:
    """The input of a network.

    Attributes
    ----------
    width, height
        In pixels.
    template
        Positions of the five landmarks of :class:`~worker.vision.geometry.DetectedFace` in the input, in pixels.
    colour, layout
        Order of the channels, and order of the dimensions.
    mean, scale
        The network takes ``(pixel - mean) * scale``, with pixels 0..255 and the mean in the order of ``colour``.
    mirror
        Whether the mirror image is embedded too, and the two embeddings are averaged.
    descreen
        Whether the raster of a print is removed first.

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
        The network: float32 chips in the format's layout in, float32 ``(n, d)`` out.
    chip_format
        The input of the network.
    calibration
        The meaning of distances between its embeddings.

    """

    def __init__(self, session: Session, chip_format: ChipFormat, calibration: Calibration) -> None:
        self._session = session
        self._format = chip_format
        self.calibration = calibration

    def align(self, page_face: PageFace) -> Image:
        """Cut the face out, aligned to the template: uint8 ``(height, width, 3)`` RGB."""
        form, box, geometry = self._format, page_face.face.box, page_face.geometry
        (x, y), side = box.centre, max(box.width, box.height)
        reach = geometry.alignment_context * side / 2
        scale = min(1.0, geometry.alignment_factor * max(form.width, form.height) / side)
        around = Box(round(x - reach), round(y - reach), round(x + reach), round(y + reach))
        region = cut_out(page_face, around, scale=scale)
        landmarks = (page_face.face.landmarks - np.array([around.left, around.top], np.float32)) * np.float32(scale)
        matrix = similarity(landmarks, np.array(form.template, dtype=np.float32))
        chip = np.asarray(cv2.warpAffine(region, matrix, (form.width, form.height)), dtype=np.uint8)
        return descreen(chip) if form.descreen else chip

    def embed(self, chips: Sequence[Image]) -> list[Embedding]:
        """Embed aligned chips: in one batch, or one by one if the batch size is 1. Embeddings have unit length."""
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

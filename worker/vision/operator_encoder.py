"""An operator's own encoder: any network as ONNX (ArcFace, AdaFace, FaceNet and their kin), described by a manifest.

The manifest is a JSON file beside the network; :class:`Manifest` says what it holds. The face is aligned by the
similarity that takes the detector's five landmarks to the manifest's template.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from worker.vision.calibration import Calibration, Embedding, Metric
from worker.vision.errors import ModelError
from worker.vision.geometry import Box, Image, similarity
from worker.vision.portrait import PlacedFace, cut_out
from worker.vision.runtime import OnnxSession, Provider, Session

_CONTEXT = 3.0  # the region cut out for alignment, in longer sides of the face's box
_WORKING_FACTOR = 2.0  # pixels of that face at most, in sides of the network's input

Positive = Annotated[float, Field(gt=0)]
Triple = tuple[float, float, float]
Point = tuple[float, float]


class Manifest(BaseModel):
    """What must be known of a network to use it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(description="File name of the network, beside the manifest.")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Of that file.")
    width: int = Field(gt=0, description="Of the input, in pixels.")
    height: int = Field(gt=0, description="Of the input, in pixels.")
    colour: Literal["RGB", "BGR"] = Field(description="Order of the input's channels.")
    mean: Triple = Field(description="Subtracted from the channels, 0..255, in that order.")
    scale: Positive = Field(description="Multiplied with the result.")
    template: tuple[Point, Point, Point, Point, Point] = Field(
        description="Where the landmarks belong in the input: eye at the left, other eye, nose tip, mouth corners."
    )
    metric: Metric = Field(description="Of embeddings scaled to unit length.")
    threshold: Positive = Field(description="Distance up to which two faces match.")
    false_match_rates: tuple[tuple[Positive, Annotated[float, Field(gt=0, le=1)]], ...] = Field(
        (), description="Pairs of distance and measured rate, both increasing."
    )
    mirror: bool = Field(default=False, description="Whether the mirror image is embedded too, and the two averaged.")

    @model_validator(mode="after")
    def _rates_increase(self) -> "Manifest":
        for one, next_one in zip(self.false_match_rates, self.false_match_rates[1:], strict=False):
            if not (one[0] < next_one[0] and one[1] <= next_one[1]):
                raise ValueError("false_match_rates must increase")
        return self


class OperatorEncoder:
    """Embeds faces with the network that a manifest describes.

    Parameters
    ----------
    path
        The manifest.
    provider
        Where the network runs.

    Raises
    ------
    ModelError
        The manifest is wrong, the network is missing or not the one it names, or does not fit it: one line.

    """

    def __init__(self, path: Path, provider: Provider = "cpu") -> None:
        self._manifest = _read(path)
        self._session = _load(path.parent / self._manifest.model, self._manifest, provider)
        manifest = self._manifest
        self.calibration = Calibration(manifest.metric, manifest.threshold, manifest.false_match_rates)
        try:
            blank = np.zeros((manifest.height, manifest.width, 3), dtype=np.uint8)
            (embedding,) = self.embed([blank])
        except Exception as error:
            raise ModelError(f"encoder {manifest.model} does not fit its manifest: {_line(error)}") from error
        if embedding.ndim != 1 or not np.isfinite(embedding).all():
            raise ModelError(f"encoder {manifest.model} does not give one embedding a face")

    def align(self, placed: PlacedFace) -> Image:
        """Cut the face out as the network takes it, uint8 ``(height, width, 3)`` RGB."""
        manifest, box = self._manifest, placed.face.box
        (x, y), side = box.centre, max(box.width, box.height)
        reach, scale = _CONTEXT * side / 2, min(1.0, _WORKING_FACTOR * max(manifest.width, manifest.height) / side)
        around = Box(round(x - reach), round(y - reach), round(x + reach), round(y + reach))
        region = cut_out(placed, around, scale=scale)
        landmarks = (placed.face.landmarks - np.array([around.left, around.top], np.float32)) * np.float32(scale)
        matrix = similarity(landmarks, np.array(manifest.template, dtype=np.float32))
        size = (manifest.width, manifest.height)
        return np.asarray(cv2.warpAffine(region, matrix, size, flags=cv2.INTER_AREA), dtype=np.uint8)

    def embed(self, chips: Sequence[Image]) -> list[Embedding]:
        """Embed aligned chips, all in one batch, scaled to unit length."""
        views = [view for chip in chips for view in ((chip, chip[:, ::-1]) if self._manifest.mirror else (chip,))]
        batch = np.stack(views).astype(np.float32)
        if self._manifest.colour == "BGR":
            batch = batch[..., ::-1]
        batch = (batch - np.array(self._manifest.mean, np.float32)) * np.float32(self._manifest.scale)
        outputs = self._session.run(np.ascontiguousarray(batch.transpose(0, 3, 1, 2)))[0]
        means = outputs.reshape(len(chips), -1, outputs.shape[-1]).mean(axis=1)
        return [np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), dtype=np.float32) for mean in means]


def _read(path: Path) -> Manifest:
    try:
        return Manifest.model_validate_json(path.read_text())
    except OSError as error:
        raise ModelError(f"encoder manifest {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelError(f"encoder manifest {path}: {where or 'it'}: {first['msg']}") from error


def _load(path: Path, manifest: Manifest, provider: Provider) -> Session:
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"encoder {path} cannot be read: {error.strerror}") from error
    if digest != manifest.sha256:
        raise ModelError(f"encoder {path} is not the network that its manifest names: its SHA-256 is {digest}")
    try:
        return OnnxSession(path, provider)
    except Exception as error:  # onnxruntime raises its own, undeclared kinds
        raise ModelError(f"encoder {path} cannot be loaded: {_line(error)}") from error


def _line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__

"""Custom encoders: any ONNX network for face recognition (ArcFace, AdaFace, FaceNet and others), with a manifest.

The manifest is a JSON file in the same folder as the network. :class:`Manifest` describes its content.
"""

import hashlib
import textwrap
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from worker.vision.errors import ModelError
from worker.vision.models.runtime import OnnxSession, Provider
from worker.vision.recognition.calibration import LARGEST_DISTANCE, LEAST_RATE, Calibration, Metric
from worker.vision.recognition.five_point_encoder import ChipFormat, FivePointEncoder, Point

Positive = Annotated[float, Field(gt=0)]
RawDistance = Annotated[float, Field(gt=0, lt=LARGEST_DISTANCE)]
Rate = Annotated[float, Field(ge=LEAST_RATE, le=1)]
Triple = tuple[float, float, float]

_SAME = 1e-3
"""Maximum difference between equal embeddings: in a batch, the last digits of a network's output may differ."""


class Manifest(BaseModel):
    """The properties of a network that are needed to use it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(description="File name of the network, in the folder of the manifest.")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of that file, in hexadecimal.")
    width: int = Field(gt=0, description="Width of the input, in pixels.")
    height: int = Field(gt=0, description="Height of the input, in pixels.")
    colour: Literal["RGB", "BGR"] = Field(description="Order of the input's channels.")
    layout: Literal["NCHW", "NHWC"] = Field("NCHW", description="Order of the input's dimensions.")
    mean: Triple = Field(description="Subtracted from the channels, 0..255, in the order of `colour`.")
    scale: Positive = Field(description="Factor applied after the subtraction.")
    template: tuple[Point, Point, Point, Point, Point] = Field(
        description="Positions of the landmarks in the input: eyes, nose tip and mouth corners, left before right."
    )
    metric: Metric = Field(description="Metric of embeddings that are scaled to unit length.")
    threshold: RawDistance | None = Field(
        None, description="Maximum raw distance of a match. If not given, 0.6 on the common scale."
    )
    false_match_rates: tuple[tuple[RawDistance, Rate], ...] = Field(
        (), description="Pairs of raw distance and measured rate, both increasing. They define the common scale."
    )
    mirror: bool = Field(default=False, description="Whether to average with the embedding of the mirror image.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for one, next_one in zip(self.false_match_rates, self.false_match_rates[1:], strict=False):
            if not (one[0] < next_one[0] and one[1] < next_one[1]):
                raise ValueError("false_match_rates must increase in both columns")
        if self.threshold is None and not self.false_match_rates:
            raise ValueError("threshold is missing; it is required without false_match_rates")
        return self

    def chip_format(self) -> ChipFormat:
        """Return the input format of the network."""
        shared = ("width", "height", "template", "colour", "layout", "mean", "scale", "mirror")
        return ChipFormat(**{name: getattr(self, name) for name in shared})

    def calibration(self) -> Calibration:
        """Return the calibration: on the common scale if rates were measured, else with raw distances."""
        if not self.false_match_rates:
            assert self.threshold is not None  # noqa: S101 - validated
            return Calibration(self.metric, on_scale=False, threshold=self.threshold)
        calibration = Calibration(self.metric, self.false_match_rates)
        if self.threshold is None:
            return calibration
        (threshold,) = calibration.scaled(np.array([self.threshold]))
        return Calibration(self.metric, self.false_match_rates, threshold=float(threshold))


def load_custom_encoder(path: Path, provider: Provider = "cpu") -> FivePointEncoder:
    """Load the network that a manifest describes, and test it.

    Parameters
    ----------
    path
        The manifest.
    provider
        Where the network runs.

    Raises
    ------
    ModelError
        The manifest is invalid, the network is missing or has another SHA-256, or the two do not fit. The message has
        one line.

    """
    manifest = _read(path)
    session = _load(path.parent / manifest.model, manifest, provider)
    encoder = FivePointEncoder(session, manifest.chip_format(), manifest.calibration())
    try:
        _test(encoder, manifest)
    except Exception as error:
        raise ModelError(f"encoder {manifest.model} does not fit its manifest: {_line(error)}") from error
    return encoder


def _test(encoder: FivePointEncoder, manifest: Manifest) -> None:
    """Embed two faces as a comparison does, in one call and one by one.

    Raises
    ------
    ValueError
        The results cannot be embeddings.

    """
    noise = np.random.default_rng(0).integers(0, 256, (2, manifest.height, manifest.width, 3), dtype=np.uint8)
    together = encoder.embed(list(noise))
    alone = [embedding for chip in noise for embedding in encoder.embed([chip])]
    if not np.isfinite(together).all():
        raise ValueError("its embeddings are not finite numbers")
    if np.abs(np.array(together) - np.array(alone)).max() > _SAME:
        raise ValueError("its embeddings differ between a batch and single faces; set its batch size to 1")
    if np.abs(together[0] - together[1]).max() <= _SAME:
        raise ValueError("two different pictures have the same embedding")


def _read(path: Path) -> Manifest:
    try:
        return Manifest.model_validate_json(path.read_text())
    except OSError as error:
        raise ModelError(f"encoder manifest {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelError(f"encoder manifest {path}: {where or 'manifest'}: {first['msg']}") from error


def _load(path: Path, manifest: Manifest, provider: Provider) -> OnnxSession:
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"encoder {path} cannot be read: {error.strerror}") from error
    if digest != manifest.sha256:
        raise ModelError(f"encoder {path} differs from the network in its manifest: its SHA-256 is {digest}")
    try:
        session = OnnxSession(path, provider)
        if session.has_weight_inputs:
            from worker.vision.models import onnx_graphs  # noqa: PLC0415 - onnx takes 100 MB

            session = OnnxSession(onnx_graphs.normalise(path.read_bytes()).SerializeToString(), provider)
    except Exception as error:  # onnxruntime and onnx raise undeclared types of their own
        raise ModelError(f"encoder {path} cannot be loaded: {_line(error)}") from error
    if session.batch_size not in {None, 1}:
        raise ModelError(f"encoder {path} takes {session.batch_size} faces at once: make its batch size dynamic, or 1")
    return session


def _line(error: Exception) -> str:
    """Return the first line of an error message, shortened: some messages list every weight of the network."""
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    return textwrap.shorten(line, 200, placeholder=" ...")

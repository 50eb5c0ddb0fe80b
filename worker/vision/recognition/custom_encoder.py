"""An operator's own encoder: any network as ONNX (ArcFace, AdaFace, FaceNet and their kin), described by a manifest.

The manifest is a JSON file beside the network; :class:`Manifest` says what it holds.
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
"""Difference of two embeddings up to which they are the same: networks are not exact to the last digit in a batch."""


class Manifest(BaseModel):
    """What must be known of a network to use it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(description="File name of the network, beside the manifest.")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Of that file.")
    width: int = Field(gt=0, description="Of the input, in pixels.")
    height: int = Field(gt=0, description="Of the input, in pixels.")
    colour: Literal["RGB", "BGR"] = Field(description="Order of the input's channels.")
    layout: Literal["NCHW", "NHWC"] = Field("NCHW", description="Order of the input's dimensions.")
    mean: Triple = Field(description="Subtracted from the channels, 0..255, in that order.")
    scale: Positive = Field(description="Multiplied with the result.")
    template: tuple[Point, Point, Point, Point, Point] = Field(
        description="Where the landmarks belong in the input: eye at the left, other eye, nose tip, mouth corners."
    )
    metric: Metric = Field(description="Of embeddings scaled to unit length.")
    threshold: RawDistance | None = Field(
        None, description="Distance by the metric up to which two faces match; without it, 0.6 on the common scale."
    )
    false_match_rates: tuple[tuple[RawDistance, Rate], ...] = Field(
        (), description="Pairs of distance by the metric and measured rate, both increasing: what gives the scale."
    )
    mirror: bool = Field(default=False, description="Whether the mirror image is embedded too, and the two averaged.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for one, next_one in zip(self.false_match_rates, self.false_match_rates[1:], strict=False):
            if not (one[0] < next_one[0] and one[1] < next_one[1]):
                raise ValueError("false_match_rates must increase, in both columns")
        if self.threshold is None and not self.false_match_rates:
            raise ValueError("threshold is missing, and there are no false_match_rates to derive it from")
        return self

    def chip_format(self) -> ChipFormat:
        """Return what the network takes."""
        shared = ("width", "height", "template", "colour", "layout", "mean", "scale", "mirror")
        return ChipFormat(**{name: getattr(self, name) for name in shared})

    def calibration(self) -> Calibration:
        """Return what distances mean: on the common scale if rates were measured, otherwise by the metric."""
        if not self.false_match_rates:
            assert self.threshold is not None  # noqa: S101 - validated
            return Calibration(self.metric, on_scale=False, threshold=self.threshold)
        calibration = Calibration(self.metric, self.false_match_rates)
        if self.threshold is None:
            return calibration
        (threshold,) = calibration.scaled(np.array([self.threshold]))
        return Calibration(self.metric, self.false_match_rates, threshold=float(threshold))


def operator_encoder(path: Path, provider: Provider = "cpu") -> FivePointEncoder:
    """Load the network that a manifest describes, and try it.

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
    manifest = _read(path)
    session = _load(path.parent / manifest.model, manifest, provider)
    encoder = FivePointEncoder(session, manifest.chip_format(), manifest.calibration())
    try:
        _try(encoder, manifest)
    except Exception as error:
        raise ModelError(f"encoder {manifest.model} does not fit its manifest: {_line(error)}") from error
    return encoder


def _try(encoder: FivePointEncoder, manifest: Manifest) -> None:
    """Do what a comparison does: embed two faces, in one call and one by one.

    Raises
    ------
    ValueError
        What comes out cannot be embeddings.

    """
    noise = np.random.default_rng(0).integers(0, 256, (2, manifest.height, manifest.width, 3), dtype=np.uint8)
    together = encoder.embed(list(noise))
    alone = [embedding for chip in noise for embedding in encoder.embed([chip])]
    if not np.isfinite(together).all():
        raise ValueError("its embeddings are not finite numbers")
    if np.abs(np.array(together) - np.array(alone)).max() > _SAME:
        raise ValueError("it embeds two faces otherwise than one by one; give its input a fixed batch size of 1")
    if np.abs(together[0] - together[1]).max() <= _SAME:
        raise ValueError("it gives two different pictures the same embedding")


def _read(path: Path) -> Manifest:
    try:
        return Manifest.model_validate_json(path.read_text())
    except OSError as error:
        raise ModelError(f"encoder manifest {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelError(f"encoder manifest {path}: {where or 'it'}: {first['msg']}") from error


def _load(path: Path, manifest: Manifest, provider: Provider) -> OnnxSession:
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"encoder {path} cannot be read: {error.strerror}") from error
    if digest != manifest.sha256:
        raise ModelError(f"encoder {path} is not the network that its manifest names: its SHA-256 is {digest}")
    try:
        session = OnnxSession(path, provider)
        if session.lists_weights:
            from worker.vision.models import onnx_graphs  # noqa: PLC0415 - 100 MB that most networks do not need

            session = OnnxSession(onnx_graphs.normalised(path.read_bytes()).SerializeToString(), provider)
    except Exception as error:  # onnxruntime and onnx raise their own, undeclared kinds
        raise ModelError(f"encoder {path} cannot be loaded: {_line(error)}") from error
    if session.batch_size not in {None, 1}:
        raise ModelError(f"encoder {path} takes {session.batch_size} faces at once: free its batch size, or make it 1")
    return session


def _line(error: Exception) -> str:
    """Return the first line of an error's text, shortened: some name every weight of the network."""
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    return textwrap.shorten(line, 200, placeholder=" ...")

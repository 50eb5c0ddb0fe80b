"""Engines by name: our engine, and the reference engine that it is measured against."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from worker.vision.detection.cascade import CascadeDetector
from worker.vision.detection.centerface import CenterFaceDetector
from worker.vision.detection.yunet import YuNet
from worker.vision.errors import ModelError
from worker.vision.models import weights
from worker.vision.models.runtime import OnnxSession, Provider
from worker.vision.pipeline import Engine, PipelineEngine
from worker.vision.recognition.calibration import Calibration
from worker.vision.recognition.custom_encoder import load_custom_encoder
from worker.vision.recognition.dlib_encoder import DLIB, DlibEncoder
from worker.vision.recognition.encoder import Encoder
from worker.vision.recognition.sface import SFACE, sface_encoder

EngineName = Literal["centerface", "face_recognition"]
EncoderName = Literal["sface", "dlib"]


@dataclass(frozen=True, slots=True)
class EncoderChoice:
    """The encoder of an engine.

    Attributes
    ----------
    name
        One of the encoders that are included.
    manifest
        Manifest of a custom encoder, which replaces ``name``.
    sface_weights
        A copy of SFace's published weights, used instead of the copy inside the package.

    """

    name: EncoderName = "sface"
    manifest: Path | None = None
    sface_weights: Path | None = None


SFACE_ENCODER = EncoderChoice()


def load_engine(
    name: EngineName = "centerface",
    model_directory: Path | None = None,
    provider: Provider = "cpu",
    encoder: EncoderChoice = SFACE_ENCODER,
) -> Engine:
    """Load an engine with its models. This takes about 200 MB and a fraction of a second: do it once per process.

    Parameters
    ----------
    name
        ``centerface``, or ``face_recognition`` for the reference engine, which ignores the other parameters.
    model_directory
        Cache of prepared models; the per-user default if not given.
    provider
        Where the networks run.
    encoder
        The encoder.

    Raises
    ------
    ModelError
        A model is missing, corrupt, or cannot be loaded, or the reference engine is not installed.

    """
    if name == "face_recognition":
        return _reference_engine()
    return _centerface_engine(model_directory, provider, encoder)


def verify(
    model_directory: Path | None = None, provider: Provider = "cpu", encoder: EncoderChoice = SFACE_ENCODER
) -> Calibration:
    """Check cheaply whether :func:`load_engine` would fail. The first call prepares the models.

    Returns
    -------
    Calibration
        Of the encoder.

    Raises
    ------
    ModelError
        A model is missing or corrupt, or a manifest is wrong. The message has one line.

    """
    weights.load(model_directory, encoder.sface_weights)
    if encoder.manifest is not None:
        return load_custom_encoder(encoder.manifest, provider).calibration
    return DLIB if encoder.name == "dlib" else SFACE


@cache
def default_engine() -> Engine:
    """Return the process's engine with default models, loaded at the first call."""
    return load_engine()


def _centerface_engine(model_directory: Path | None, provider: Provider, choice: EncoderChoice) -> Engine:
    files = weights.load(model_directory, choice.sface_weights)
    try:
        session = OnnxSession(files.detector, provider)
        detector = CascadeDetector(YuNet(OnnxSession(files.proposer, provider)), CenterFaceDetector(session))
        encoder = _load_encoder(choice, files, provider)
        return PipelineEngine(detector, encoder, session.provider)
    except ModelError:
        raise
    except Exception as error:  # onnxruntime and dlib raise undeclared types of their own
        raise ModelError(f"models in {files.detector.parent} cannot be loaded on {provider}: {error}") from error


def _load_encoder(choice: EncoderChoice, files: weights.ModelFiles, provider: Provider) -> Encoder:
    if choice.manifest is not None:
        return load_custom_encoder(choice.manifest, provider)
    if choice.name == "dlib":
        return DlibEncoder(OnnxSession(files.dlib, provider), files.landmarks)
    return sface_encoder(OnnxSession(files.sface, provider))


def _reference_engine() -> Engine:
    try:
        from worker.vision.reference_engine import FaceRecognitionEngine  # noqa: PLC0415 - loads 130 MB of models
    except ImportError as error:
        raise ModelError(f"the face_recognition engine is not installed: {error}") from error
    return FaceRecognitionEngine()

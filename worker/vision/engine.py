"""What finds and embeds faces: our engine, or the reference it is measured against."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

from worker.vision.detection.centerface import CenterFaceDetector
from worker.vision.detection.document_search import find_faces
from worker.vision.detection.landmark_refinement import level
from worker.vision.detection.page_search import PageFaces
from worker.vision.documents import Page
from worker.vision.errors import ModelError
from worker.vision.geometry import Image
from worker.vision.models import weights
from worker.vision.models.runtime import OnnxSession, Provider
from worker.vision.portrait import PlacedFace
from worker.vision.recognition.calibration import Calibration, Embedding
from worker.vision.recognition.custom_encoder import operator_encoder
from worker.vision.recognition.dlib_encoder import DLIB, DlibEncoder
from worker.vision.recognition.sface import SFACE, sface_encoder

EngineName = Literal["centerface", "face_recognition"]
EncoderName = Literal["sface", "dlib"]


@dataclass(frozen=True, slots=True)
class EncoderChoice:
    """Which encoder an engine has.

    Attributes
    ----------
    name
        One of ours.
    manifest
        Of an operator's own encoder, which is then taken instead.
    sface_weights
        SFace's published weights, from a mirror instead of from their package.

    """

    name: EncoderName = "sface"
    manifest: Path | None = None
    sface_weights: Path | None = None


SFACE_ENCODER = EncoderChoice()


class Encoder(Protocol):
    """Turns a face into an embedding."""

    @property
    def calibration(self) -> Calibration:
        """What distances of its embeddings mean."""
        ...

    def align(self, placed: PlacedFace) -> Image:
        """Cut a face out of its page as :meth:`embed` takes it, uint8 RGB."""
        ...

    def embed(self, chips: Sequence[Image]) -> list[Embedding]:
        """Embed aligned faces."""
        ...


class Engine(Encoder, Protocol):
    """Finds the faces of a document, and embeds faces so found."""

    @property
    def provider(self) -> Provider:
        """Where the networks run, which is the CPU where what was asked for is not there."""
        ...

    def find(self, pages: Sequence[Page], *, portrait_only: bool = False) -> list[PageFaces]:
        """Find the faces of each page of a document, in the quarter turn in which the page is the right way up.

        With ``portrait_only`` others than the portrait may be left out, where that is faster.
        """
        ...

    def level(self, placed: PlacedFace) -> PlacedFace:
        """Return the face with its lean measured as well as this engine can."""
        ...


class CenterFaceEngine:
    """CenterFace for detection, and an encoder for embeddings, all on onnxruntime.

    Parameters
    ----------
    model_directory
        Cache of prepared models; the per-user default if not given.
    provider
        Where the networks run.
    encoder
        Which encoder.

    Raises
    ------
    ModelError
        A model is missing, corrupt, or cannot be loaded.

    """

    def __init__(
        self,
        model_directory: Path | None = None,
        provider: Provider = "cpu",
        encoder: EncoderChoice = SFACE_ENCODER,
    ) -> None:
        files = weights.load(model_directory, encoder.sface_weights)
        try:
            detector = OnnxSession(files.detector, provider)
            self._detector = CenterFaceDetector(detector)
            self._encoder = _load_encoder(encoder, files, provider)
        except ModelError:
            raise
        except Exception as error:  # onnxruntime and dlib raise their own, undeclared kinds
            raise ModelError(f"models in {files.detector.parent} cannot be loaded on {provider}: {error}") from error
        self.calibration = self._encoder.calibration
        self.provider: Provider = detector.provider

    def find(self, pages: Sequence[Page], *, portrait_only: bool = False) -> list[PageFaces]:
        return find_faces(pages, self._detector, portrait_only=portrait_only)

    def level(self, placed: PlacedFace) -> PlacedFace:
        return level(placed, self._detector)

    def align(self, placed: PlacedFace) -> Image:
        return self._encoder.align(placed)

    def embed(self, chips: Sequence[Image]) -> list[Embedding]:
        return self._encoder.embed(chips)


def load_engine(
    name: EngineName = "centerface",
    model_directory: Path | None = None,
    provider: Provider = "cpu",
    encoder: EncoderChoice = SFACE_ENCODER,
) -> Engine:
    """Load an engine with its models; some 200 MB and a fraction of a second, so once a process.

    Raises
    ------
    ModelError
        A model is missing or corrupt, or the reference engine is not installed.

    """
    build: dict[EngineName, Callable[[], Engine]] = {
        "centerface": lambda: CenterFaceEngine(model_directory, provider, encoder),
        "face_recognition": _reference_engine,
    }
    return build[name]()


def verify(
    model_directory: Path | None = None, provider: Provider = "cpu", encoder: EncoderChoice = SFACE_ENCODER
) -> Calibration:
    """Find out now, cheaply, whether :func:`load_engine` would fail; the first call prepares the models.

    Returns
    -------
    Calibration
        Of the encoder.

    Raises
    ------
    ModelError
        In one line: a model is missing or corrupt, or a manifest is wrong.

    """
    weights.load(model_directory, encoder.sface_weights)
    if encoder.manifest is not None:
        return operator_encoder(encoder.manifest, provider).calibration
    return DLIB if encoder.name == "dlib" else SFACE


@cache
def default_engine() -> Engine:
    """Return this process's engine with default models, loaded at the first call."""
    return load_engine()


def _load_encoder(choice: EncoderChoice, files: weights.ModelFiles, provider: Provider) -> Encoder:
    if choice.manifest is not None:
        return operator_encoder(choice.manifest, provider)
    if choice.name == "dlib":
        return DlibEncoder(OnnxSession(files.dlib, provider), files.landmarks)
    return sface_encoder(OnnxSession(files.sface, provider))


def _reference_engine() -> Engine:
    try:
        from worker.vision.reference_engine import FaceRecognitionEngine  # noqa: PLC0415 - loads 130 MB of models at import
    except ImportError as error:
        raise ModelError(f"the face_recognition engine is not installed: {error}") from error
    return FaceRecognitionEngine()

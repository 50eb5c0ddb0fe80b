"""What finds and embeds faces: our engine, or the reference it is measured against."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

from worker.vision import models
from worker.vision.calibration import Calibration, Embedding
from worker.vision.detector import CenterFaceDetector
from worker.vision.encoder import DlibEncoder
from worker.vision.errors import ModelError
from worker.vision.geometry import Image
from worker.vision.operator_encoder import OperatorEncoder
from worker.vision.orientation import PageFaces, find_faces, level
from worker.vision.pages import Page
from worker.vision.portrait import PlacedFace
from worker.vision.runtime import OnnxSession, Provider

EngineName = Literal["centerface", "face_recognition"]


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
    """CenterFace for detection, dlib's network or an operator's for embeddings, all on onnxruntime.

    Parameters
    ----------
    model_directory
        Cache of prepared models; the per-user default if not given.
    provider
        Where the networks run.
    encoder_manifest
        Describes an operator's own encoder; dlib's network if not given.

    Raises
    ------
    ModelError
        A model is missing, corrupt, or cannot be loaded.

    """

    def __init__(
        self, model_directory: Path | None = None, provider: Provider = "cpu", encoder_manifest: Path | None = None
    ) -> None:
        files = models.load(model_directory)
        try:
            detector = OnnxSession(files.detector, provider)
            self._detector = CenterFaceDetector(detector)
            self._encoder: Encoder = (
                DlibEncoder(OnnxSession(files.encoder, provider), files.landmarks)
                if encoder_manifest is None
                else OperatorEncoder(encoder_manifest, provider)
            )
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
    encoder_manifest: Path | None = None,
) -> Engine:
    """Load an engine with its models; some 200 MB and a fraction of a second, so once a process.

    Raises
    ------
    ModelError
        A model is missing or corrupt, or the reference engine is not installed.

    """
    build: dict[EngineName, Callable[[], Engine]] = {
        "centerface": lambda: CenterFaceEngine(model_directory, provider, encoder_manifest),
        "face_recognition": _reference_engine,
    }
    return build[name]()


def verify(
    model_directory: Path | None = None, provider: Provider = "cpu", encoder_manifest: Path | None = None
) -> None:
    """Find out now, cheaply, whether :func:`load_engine` would fail; the first call prepares the models.

    Raises
    ------
    ModelError
        In one line: a model is missing or corrupt, or a manifest is wrong.

    """
    models.load(model_directory)
    if encoder_manifest is not None:
        OperatorEncoder(encoder_manifest, provider)


@cache
def default_engine() -> Engine:
    """Return this process's engine with default models, loaded at the first call."""
    return load_engine()


def _reference_engine() -> Engine:
    try:
        from worker.vision.reference import FaceRecognitionEngine  # noqa: PLC0415 - loads 130 MB of models at import
    except ImportError as error:
        raise ModelError(f"the face_recognition engine is not installed: {error}") from error
    return FaceRecognitionEngine()

"""Compares the faces of two documents: bytes in, a verdict out."""

from dataclasses import asdict, dataclass

from worker.vision.documents import Limits, open_document
from worker.vision.engine import default_engine
from worker.vision.errors import Role, VisionError
from worker.vision.extraction import DEFAULT_LIMITS, DEFAULT_QUALITY_LIMITS
from worker.vision.geometry import Box, Image
from worker.vision.pipeline import Engine
from worker.vision.portrait import crop_portrait, encode_jpeg
from worker.vision.quality import Quality, QualityLimits, assess
from worker.vision.recognition.reliability import ReliabilityWarning, reliability_warnings
from worker.vision.recognition.verdict import Verdict, compare_embeddings
from worker.vision.selection.portrait_selection import PortraitSelection, select_portrait
from worker.vision.stages import stage


@dataclass(frozen=True, slots=True)
class ComparedFace:
    """The compared face of one of the two documents.

    Attributes
    ----------
    box
        In pixels of the page at full resolution, oriented by the page's metadata.
    page, page_size
        Number of the page, from 1, and its (width, height) in pixels.
    rotation
        Counter-clockwise rotation of the face on its page, in degrees, 0..360.
    total_faces
        Number of faces found in the document. If the portrait fills the picture, small other faces are not searched
        for.
    several_people
        Whether another person's face is of comparable size.
    unreadable_pages
        Numbers of the pages that cannot be read.
    approximate_colours
        Whether the true colours are unknown.
    quality
        Quality of the portrait.
    portrait
        The upright crop as JPEG; None unless it was requested.

    """

    box: Box
    page: int
    page_size: tuple[int, int]
    rotation: float
    total_faces: int
    several_people: bool
    unreadable_pages: tuple[int, ...]
    approximate_colours: bool
    quality: Quality
    portrait: bytes | None


@dataclass(frozen=True, slots=True)
class Comparison(Verdict):
    """A verdict and the faces that it is based on.

    Attributes
    ----------
    selfie, id_photo
        The two faces.
    reliability_warnings
        Reasons not to rely on the verdict; empty if there is none.

    """

    selfie: ComparedFace
    id_photo: ComparedFace
    reliability_warnings: tuple[ReliabilityWarning, ...]


def compare_faces(  # noqa: PLR0913 - two documents and the options
    selfie: bytes,
    id_photo: bytes,
    *,
    threshold: float | None = None,
    portraits: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    quality_limits: QualityLimits = DEFAULT_QUALITY_LIMITS,
    engine: Engine | None = None,
) -> Comparison:
    """Compare the faces of two documents. In each, the face that ``extract_face`` would select is compared.

    Parameters
    ----------
    selfie, id_photo
        Files of the formats in ``limits``.
    threshold
        Maximum distance of a match; the encoder's own threshold if not given.
    portraits
        Whether the two crops are returned. The verdict does not depend on it. If the portrait fills the picture, the
        crop can differ by some pixels from that of ``extract_face``, which searches at a larger size.
    limits, quality_limits, engine
        As for :func:`~worker.vision.extraction.extract_face`.

    Raises
    ------
    VisionError
        As for :func:`~worker.vision.extraction.extract_face`. ``role`` names the document that caused the error.

    """
    engine = engine or default_engine()
    chips: list[Image] = []
    faces: list[ComparedFace] = []
    documents: tuple[tuple[Role, bytes], ...] = ("selfie", selfie), ("id_photo", id_photo)
    for role, data in documents:
        try:
            with open_document(data, limits) as document:
                selection = select_portrait(document, engine, portrait_only=True)
                with stage("align"):
                    chips.append(engine.align(selection.portrait))
                faces.append(_compared_face(selection, quality_limits, portrait=portraits))
        except VisionError as error:
            error.role = role
            raise
    with stage("embed"):
        first, second = engine.embed(chips)
    verdict = compare_embeddings(first, second, engine.calibration, threshold)
    selfie_face, id_photo_face = faces
    return Comparison(
        **asdict(verdict),
        selfie=selfie_face,
        id_photo=id_photo_face,
        reliability_warnings=reliability_warnings(selfie_face.quality, id_photo_face.quality),
    )


def _compared_face(selection: PortraitSelection, quality_limits: QualityLimits, *, portrait: bool) -> ComparedFace:
    page_face, crop = selection.portrait, None
    with stage("assess"):
        quality = assess(page_face, quality_limits)
    if portrait:
        with stage("crop"):
            image = crop_portrait(page_face)
        with stage("encode"):
            crop = encode_jpeg(image)
    return ComparedFace(
        box=page_face.page_box,
        page=page_face.page.number,
        page_size=page_face.page.size,
        rotation=page_face.rotation,
        total_faces=len(selection.page_faces),
        several_people=selection.several_people,
        unreadable_pages=selection.unreadable_pages,
        approximate_colours=page_face.page.approximate_colours(page_face.page_box),
        quality=quality,
        portrait=crop,
    )

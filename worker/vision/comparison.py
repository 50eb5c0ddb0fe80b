"""Whether two documents show the same person: bytes in, a verdict out, with the faces that it is about."""

from dataclasses import asdict, dataclass

from worker.vision.documents import Limits, open_document
from worker.vision.engine import Engine, default_engine
from worker.vision.errors import Role, VisionError
from worker.vision.extraction import DEFAULT_LIMITS, DEFAULT_QUALITY_LIMITS
from worker.vision.geometry import Box, Image
from worker.vision.portrait import crop_portrait, encode_jpeg
from worker.vision.quality import Quality, QualityLimits, assess
from worker.vision.recognition.reliability import Doubt, doubts
from worker.vision.recognition.verdict import Verdict, judge
from worker.vision.selection.portrait_selection import Survey, survey_document
from worker.vision.stages import stage


@dataclass(frozen=True, slots=True)
class ComparedFace:
    """The face of one of the two documents that was compared.

    Attributes
    ----------
    box
        In pixels of its page at full resolution, upright by the page's metadata.
    page, page_size
        Number of the page from 1, and its (width, height) in pixels.
    rotation
        By how much the face is turned counter-clockwise on its page, in degrees, 0..360.
    total_faces
        Faces found in the document; where the portrait fills the picture, small other faces are not searched for.
    several_people
        Whether another face is of comparable size.
    unreadable_pages
        Numbers of the pages that could not be read.
    approximate_colours
        Whether the true colours are not known.
    quality
        Of the portrait.
    portrait
        The upright crop, JPEG, where it was asked for.

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
    """A verdict and what it rests on.

    Attributes
    ----------
    selfie, id_photo
        The two faces.
    doubts
        Why the verdict may not be relied on; empty where nothing speaks against it.

    """

    selfie: ComparedFace
    id_photo: ComparedFace
    doubts: tuple[Doubt, ...]


def compare_faces(  # noqa: PLR0913 - two documents, and what may be set
    selfie: bytes,
    id_photo: bytes,
    *,
    threshold: float | None = None,
    portraits: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    quality_limits: QualityLimits = DEFAULT_QUALITY_LIMITS,
    engine: Engine | None = None,
) -> Comparison:
    """Tell whether two documents show the same person; of each, the face that ``extract_face`` would select counts.

    Parameters
    ----------
    selfie, id_photo
        Files of the formats that ``limits`` names.
    threshold
        Distance up to which they match; the encoder's own if not given.
    portraits
        Whether the two crops are returned as well. The verdict is the same with and without. Of a picture that the
        portrait fills, the crop can differ by some pixels from that of ``extract_face``, which looks more closely.
    limits, quality_limits, engine
        As for :func:`~worker.vision.extraction.extract_face`.

    Raises
    ------
    VisionError
        As for :func:`~worker.vision.extraction.extract_face`; ``role`` says which of the two is at fault.

    """
    engine = engine or default_engine()
    chips: list[Image] = []
    faces: list[ComparedFace] = []
    documents: tuple[tuple[Role, bytes], ...] = ("selfie", selfie), ("id_photo", id_photo)
    for role, data in documents:
        try:
            with open_document(data, limits) as document:
                survey = survey_document(document, engine, portrait_only=True)
                with stage("align"):
                    chips.append(engine.align(survey.portrait))
                faces.append(_described(survey, quality_limits, portrait=portraits))
        except VisionError as error:
            error.role = role
            raise
    with stage("embed"):
        first, second = engine.embed(chips)
    verdict = judge(first, second, engine.calibration, threshold)
    of_selfie, of_id_photo = faces
    return Comparison(
        **asdict(verdict),
        selfie=of_selfie,
        id_photo=of_id_photo,
        doubts=doubts(of_selfie.quality, of_id_photo.quality),
    )


def _described(survey: Survey, quality_limits: QualityLimits, *, portrait: bool) -> ComparedFace:
    placed, crop = survey.portrait, None
    with stage("assess"):
        quality = assess(placed, quality_limits)
    if portrait:
        with stage("crop"):
            image = crop_portrait(placed)
        with stage("encode"):
            crop = encode_jpeg(image)
    return ComparedFace(
        box=placed.page_box,
        page=placed.page.number,
        page_size=placed.page.size,
        rotation=placed.rotation,
        total_faces=len(survey.placed),
        several_people=survey.several_people,
        unreadable_pages=survey.unreadable_pages,
        approximate_colours=placed.page.approximate_colours(placed.page_box),
        quality=quality,
        portrait=crop,
    )

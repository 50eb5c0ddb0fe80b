"""Models of results. Unknown fields of a newer service are ignored."""

import base64

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """Base class of all models. Models are immutable."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Size(Model):
    """Width and height in pixels."""

    width: int
    height: int


class Box(Model):
    """A bounding box in pixels of its page at full resolution."""

    left: int
    top: int
    right: int
    bottom: int


class Face(Model):
    """One face of a document. Scores are 0..100, ``detection_score`` is 0..1, ``rotation`` is in degrees."""

    index: int
    box: Box
    page: int
    page_size: Size
    detection_score: float
    size_score: float
    position_score: float
    combined_score: float
    rotation: float
    candidate: bool


class Quality(Model):
    """Quality measures of a portrait. ``warnings`` are reasons to take another picture."""

    eye_distance: float
    sharpness: float
    luminance_mean: float
    dynamic_range: float
    glare: float
    yaw: float
    pitch: float
    roll: float
    warnings: list[str]


class Metadata(Model):
    """The selected face and all faces of a document.

    ``warnings`` contains ``several_people`` if another person's face is of comparable size, ``unreadable_pages`` if
    some pages could not be read, and ``approximate_colours`` if the file does not define its colours.
    ``unreadable_pages`` lists the numbers of those pages, from 1.
    """

    total_faces: int
    selected_index: int
    confidence: float
    face_size: Size
    position_score: float
    size_score: float
    combined_score: float
    rotation: float
    quality: Quality
    warnings: list[str] = Field(default_factory=list)
    unreadable_pages: list[int] = Field(default_factory=list)
    all_faces: list[Face]

    @property
    def selected(self) -> Face:
        """The selected face."""
        return self.all_faces[self.selected_index]


class Page(Model):
    """Picture of a page, not turned upright. The page is rotated by ``rotation`` degrees counter-clockwise."""

    page: int
    page_size: Size
    rotation: int
    image: str = Field(repr=False)

    @property
    def picture(self) -> bytes:
        """The page as a JPEG."""
        return _content(self.image)


class Extraction(Model):
    """The portrait of a document's holder."""

    face_image: str = Field(repr=False)
    metadata: Metadata
    pages: list[Page] | None = None

    @property
    def portrait(self) -> bytes:
        """The upright portrait as a JPEG."""
        return _content(self.face_image)


class ComparedFace(Model):
    """The face that was compared in one of the two pictures.

    Attributes
    ----------
    box
        Bounding box in pixels of the page.
    page, page_size
        Number of the page, from 1, and its size.
    rotation
        Degrees by which the face is turned counter-clockwise on its page.
    total_faces
        Number of faces found. Without ``portraits=True``, small faces next to a portrait that fills the picture are not
        counted.
    several_people
        Whether another face is of comparable size. If so, check that the right face was compared.
    quality
        Quality measures of the face.
    face_image
        The upright face as a JPEG data URL. None unless the request has ``portraits=True``.

    """

    box: Box
    page: int
    page_size: Size
    rotation: float
    total_faces: int
    several_people: bool
    quality: Quality
    face_image: str | None = Field(None, repr=False)

    @property
    def portrait(self) -> bytes | None:
        """The upright face as a JPEG; None unless the request has ``portraits=True``."""
        return None if self.face_image is None else _content(self.face_image)


class ComparisonWarning(Model):
    """A reason not to rely on a comparison.

    Attributes
    ----------
    code
        ``unreliable_comparison``, ``unreadable_pages`` or ``approximate_colours``.
    field
        The picture that the warning is about: ``selfie`` or ``id_photo``.
    reason
        For ``unreliable_comparison``: ``too_small``, ``blurred`` or ``turned_away``. None for other codes.
    pages
        For ``unreadable_pages``: the page numbers, from 1. None for other codes.

    """

    code: str
    field: str
    reason: str | None = None
    pages: list[int] | None = None


class Comparison(Model):
    """Whether two pictures show the same person.

    Attributes
    ----------
    match
        Whether ``distance`` is at most ``threshold``.
    distance
        Distance between the faces; 0 for the same picture. A distance of 0.6 or less occurs for 1 in 1,000 pairs of
        strangers, and for ten times fewer pairs with each 0.1 less.
    confidence
        ``(1 - distance) * 100``, never below 0.
    threshold
        Largest distance that counts as a match.
    false_match_rate
        Share of pairs of strangers that are at least as close as this pair. 0.0001 is 1 in 10,000. None if the
        service's encoder was not measured.
    threshold_false_match_rate
        Share of pairs of strangers that match at ``threshold``. None if this was not measured.
    warnings
        Reasons not to rely on the result; empty if there are none.
    selfie, id_photo
        The two faces. None if the service is older than this field.

    """

    match: bool
    distance: float
    confidence: float
    threshold: float
    false_match_rate: float | None = None
    threshold_false_match_rate: float | None = None
    warnings: list[ComparisonWarning] = Field(default_factory=list)
    selfie: ComparedFace | None = None
    id_photo: ComparedFace | None = None


def _content(data_url: str) -> bytes:
    return base64.b64decode(data_url.partition(",")[2])

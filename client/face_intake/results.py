"""What comes out of a document, or of two. Fields that a newer service adds are passed over."""

import base64

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """Base of all: immutable."""

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
    """One face of a document; scores are 0..100, ``detection_score`` is 0..1, ``rotation`` in degrees."""

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
    """Measures of a portrait, and the reasons to take another picture."""

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
    """The portrait's face, and all of them.

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
        """The face that is the portrait's."""
        return self.all_faces[self.selected_index]


class Page(Model):
    """A page to look at, as it lies; ``rotation`` is by how many degrees it is turned counter-clockwise."""

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
        """The portrait as a JPEG, upright."""
        return _content(self.face_image)


class ComparedFace(Model):
    """The face of one of the two pictures that was compared.

    Attributes
    ----------
    box
        In pixels of its page.
    page, page_size
        Number of the page, from 1, and its size.
    rotation
        Degrees by which the face is turned counter-clockwise on its page.
    total_faces
        Faces found. Without ``portraits=True``, small faces beside a portrait that fills the picture are not counted.
    several_people
        Whether another face is of comparable size: check that the right face was compared.
    quality
        Of the face.
    face_image
        The face, upright: a JPEG as a data URL. None unless the request said ``portraits=True``.

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
        """The face as a JPEG, upright; None unless the request said ``portraits=True``."""
        return None if self.face_image is None else _content(self.face_image)


class ComparisonWarning(Model):
    """What speaks against relying on a verdict.

    Attributes
    ----------
    code
        ``unreliable_comparison``, ``unreadable_pages`` or ``approximate_colours``.
    field
        The picture that it is about: ``selfie`` or ``id_photo``.
    reason
        Of ``unreliable_comparison``: ``too_small``, ``blurred`` or ``turned_away``. None of other codes.
    pages
        Of ``unreadable_pages``: their numbers, from 1. None of other codes.

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
        0 for the same picture. At 0.6 it is closer than 999 in 1,000 pairs of strangers, and each 0.1 less is ten times
        rarer.
    confidence
        ``(1 - distance) * 100``, never below 0.
    threshold
        Distance up to which the faces match.
    false_match_rate
        Share of pairs of strangers that are at least as close as this pair: 0.0001 is 1 in 10,000. None if the
        service's encoder was not measured.
    threshold_false_match_rate
        Share of pairs of strangers that match at ``threshold``. None if it was not measured.
    warnings
        What speaks against relying on the verdict; empty if nothing does.
    selfie, id_photo
        The two faces. None from a service that is older than this field.

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

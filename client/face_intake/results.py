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
    """The portrait's face, and all of them."""

    total_faces: int
    selected_index: int
    confidence: float
    face_size: Size
    position_score: float
    size_score: float
    combined_score: float
    rotation: float
    quality: Quality
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


class Comparison(Model):
    """Whether two pictures show the same person; ``false_match_rate`` is None where nobody has measured it."""

    match: bool
    distance: float
    confidence: float
    threshold: float
    false_match_rate: float | None


def _content(data_url: str) -> bytes:
    return base64.b64decode(data_url.partition(",")[2])

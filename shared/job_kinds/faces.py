"""Parts of results, and errors, of the kinds that look for faces in documents."""

from typing import Annotated, Literal

from pydantic import Field

from shared.job_kinds.declaration import Schema

DOCUMENT_ERRORS = (
    "unreadable_image",
    "image_too_large",
    "document_too_complex",
    "unreadable_pdf",
    "encrypted_pdf",
    "empty_pdf",
    "pdf_attachments",
    "pdf_form",
    "pdf_layers",
    "no_face",
    "portrait_beyond_page_limit",
)
"""Error codes with which every job fails that cannot find a face in a document."""

Score = Annotated[float, Field(ge=0, le=100)]


class Size(Schema):
    """Width and height in pixels."""

    width: int
    height: int


class FaceBox(Schema):
    """A bounding box in pixels of the page at full resolution, after applying the EXIF orientation."""

    left: int
    top: int
    right: int
    bottom: int


class PortraitQuality(Schema):
    """Quality measures of a portrait, and warnings about it."""

    eye_distance: float = Field(description="Distance between the eyes in pixels of the page.")
    sharpness: float = Field(description="Variance of the Laplacian of the luminance, in grey levels squared.")
    luminance_mean: float = Field(ge=0, le=255)
    dynamic_range: float = Field(description="5th to 95th percentile of the luminance, in grey levels.")
    glare: float = Field(ge=0, le=1, description="Share of the face that is pure white.")
    yaw: float = Field(description="Degrees, estimated; positive turns to the right of the picture.")
    pitch: float = Field(description="Degrees, estimated; positive looks down.")
    roll: float = Field(description="Degrees; positive leans counter-clockwise.")
    warnings: list[Literal["too_small", "blurry", "too_dark", "too_bright", "low_contrast", "glare", "turned_away"]] = (
        Field(description="Reasons to take another picture.")
    )

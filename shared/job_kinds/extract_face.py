"""Extraction: find the portrait of a document's holder."""

from typing import Annotated, Literal

from pydantic import Field

from shared.job_kinds.declaration import Column, InputFile, JobKind, JsonObject, Schema, column, read_example
from shared.job_kinds.faces import DOCUMENT_ERRORS, FaceBox, PortraitQuality, Score, Size
from shared.job_kinds.options import Options, Switch

ExtractionWarning = Literal["several_people", "unreadable_pages", "approximate_colours"]
"""Warnings about an extraction that succeeded."""


class ExtractionOptions(Options):
    """Options of an extraction."""

    pages: Annotated[Switch, Field(description="Whether the result contains every page.")] = False


class FaceEntry(Schema):
    """A face found in the document."""

    index: int
    box: FaceBox
    page: int = Field(ge=1, description="Page number in the document, from 1.")
    page_size: Size
    detection_score: float = Field(ge=0, le=1, description="Confidence of the detector.")
    size_score: Score
    position_score: Score
    combined_score: Score = Field(description="0.7 * size_score + 0.3 * position_score")
    rotation: float = Field(
        ge=0, lt=360, description="Degrees by which the face is turned counter-clockwise on its page."
    )
    candidate: bool = Field(description="Whether the face passed the test that excludes ghost images.")


class FaceMetadata(Schema):
    """The selected face, and all faces found."""

    total_faces: int
    selected_index: int
    confidence: Score = Field(description="Combined score of the selected face.")
    face_size: Size
    position_score: Score
    size_score: Score
    combined_score: Score
    rotation: float = Field(ge=0, lt=360, description="Degrees by which the portrait was turned clockwise.")
    quality: PortraitQuality
    warnings: list[ExtractionWarning] = Field(
        description="`several_people`: the face of another person is of similar size, so a person should check the "
        "result. `unreadable_pages`: some pages could not be read, so faces on them are missing. "
        "`approximate_colours`: the file does not define its colours, so the colours of the portrait may be wrong."
    )
    unreadable_pages: list[int] = Field(
        [], description="Numbers, from 1, of the pages that could not be read. Given with the warning of this name."
    )
    all_faces: list[FaceEntry]


class PageView(Schema):
    """A page, to show to people."""

    page: int = Field(ge=1, description="Page number in the document, from 1.")
    page_size: Size = Field(description="At full resolution. The boxes of faces refer to this size.")
    rotation: int = Field(
        ge=0, lt=360, description="Degrees, in steps of 90, by which the page is turned counter-clockwise."
    )
    image: str = Field(description="The page, reduced and not turned: a JPEG as a data URL.")


class ExtractionResult(Schema):
    """Result of an extraction."""

    success: Literal[True] = True
    face_image: str = Field(description="The portrait, upright: a JPEG as a data URL.")
    metadata: FaceMetadata
    pages: list[PageView] | None = Field(
        None, description="Every page, if the request said `pages=true`.", exclude_if=lambda value: value is None
    )


def _selected(*path: str) -> Column:
    """Return a column with a value of the selected face."""

    def cell(result: JsonObject) -> object:
        metadata = result["metadata"]
        return column(*path)(metadata["all_faces"][metadata["selected_index"]])

    return cell


def _warnings(result: JsonObject) -> str:
    metadata = result["metadata"]
    return " ".join(metadata.get("warnings", []) + metadata["quality"]["warnings"])


KIND = JobKind(
    name="extract-face",
    noun="extraction",
    rank=1,
    summary="Extract the portrait of a document's holder",
    description="Find the holder's portrait in a picture or PDF and return it upright, with the scores of all faces.",
    submit_summary="Submit an extraction",
    submit_description="Accept a document and respond at once; the result is available at the `Location`.",
    inputs=(InputFile("file"),),
    options=ExtractionOptions,
    result=ExtractionResult,
    example=read_example("extract-face"),
    errors=DOCUMENT_ERRORS,
    columns={
        "confidence": column("metadata", "confidence"),
        "total_faces": column("metadata", "total_faces"),
        "page": _selected("page"),
        "left": _selected("box", "left"),
        "top": _selected("box", "top"),
        "right": _selected("box", "right"),
        "bottom": _selected("box", "bottom"),
        "rotation": column("metadata", "rotation"),
        "warnings": _warnings,
    },
    portrait=("face_image",),
    pictures=(("face_image",), ("pages",)),
)

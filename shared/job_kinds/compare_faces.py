"""Comparison: decide whether two pictures show the same person."""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from shared.job_kinds.declaration import Column, InputFile, JobKind, JsonObject, Schema, column, read_example
from shared.job_kinds.faces import DOCUMENT_ERRORS, FaceBox, PortraitQuality, Size
from shared.job_kinds.options import ErrorCode, Options, Switch

MAX_DISTANCE = 2
"""Largest distance of two embeddings of unit length."""


class ComparisonOptions(Options):
    """Options of a comparison. The service has a default for the threshold."""

    threshold: Annotated[
        float | None,
        Field(ge=0, le=MAX_DISTANCE, description="Maximum distance of a match.", examples=[0.6]),
        ErrorCode("invalid_threshold"),
    ] = None
    false_match_rate: Annotated[
        float | None,
        Field(
            gt=0,
            lt=1,
            description="In place of a threshold: rate at which pairs of strangers may match, 0.0001 for 1 in 10,000.",
        ),
        ErrorCode("invalid_false_match_rate"),
    ] = None
    portraits: Annotated[Switch, Field(description="Whether the result contains both faces, upright.")] = False

    @field_validator("threshold", "false_match_rate", mode="before")
    @classmethod
    def _parse_number(cls, value: object) -> object:
        """Read numbers as Python does, also in digits of other scripts; pydantic reads only ASCII digits."""
        return float(value) if isinstance(value, str) else value

    @field_validator("false_match_rate")
    @classmethod
    def _excludes_threshold(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and info.data.get("threshold") is not None:
            raise ValueError("given together with a threshold")
        return value


class ComparedFace(Schema):
    """The face of one of the two pictures."""

    box: FaceBox
    page: int = Field(ge=1, description="Page number in the document, from 1.")
    page_size: Size
    rotation: float = Field(
        ge=0, lt=360, description="Degrees by which the face is turned counter-clockwise on its page."
    )
    total_faces: int = Field(
        description="Number of faces found. Small other faces are not searched for if the portrait fills the picture."
    )
    several_people: bool = Field(description="Whether another face is of similar size.")
    quality: PortraitQuality
    face_image: str | None = Field(
        None,
        description="The face, upright: a JPEG as a data URL, if the request said `portraits=true`.",
        exclude_if=lambda value: value is None,
    )


class ComparisonWarning(Schema):
    """A reason not to rely on the verdict."""

    code: Literal["unreliable_comparison", "unreadable_pages", "approximate_colours"] = Field(
        "unreliable_comparison",
        description="`unreliable_comparison`: do not rely on the verdict. The others are the same as in an extraction.",
    )
    field: Literal["selfie", "id_photo"] = Field(description="The picture that the warning is about.")
    reason: Literal["too_small", "blurred", "turned_away"] | None = Field(
        None, description="Cause of an unreliable comparison; null for other warnings."
    )
    pages: list[int] | None = Field(
        None,
        description="With `unreadable_pages`: numbers of the pages, from 1.",
        exclude_if=lambda value: value is None,
    )


class ComparisonResult(Schema):
    """Result of a comparison."""

    success: Literal[True] = True
    match: bool = Field(description="Whether the distance is at most the threshold.")
    distance: float = Field(
        ge=0,
        description="0 for the same picture. 999 of 1,000 pairs of strangers have a distance above 0.6, and each 0.1 "
        "less is ten times rarer, in the group of people with the most errors of the encoder.",
    )
    confidence: float = Field(ge=0, le=100, description="(1 - distance) * 100, never below 0.")
    threshold: float = Field(description="Maximum distance of a match.")
    false_match_rate: float | None = Field(
        description="Share of pairs of strangers with at most this distance; null if it was not measured."
    )
    threshold_false_match_rate: float | None = Field(
        description="Share of pairs of strangers that match at this threshold; null if it was not measured."
    )
    warnings: list[ComparisonWarning] = Field(description="Reasons not to rely on the verdict.")
    selfie: ComparedFace
    id_photo: ComparedFace


def _warnings(result: JsonObject) -> str:
    return " ".join(sorted({warning["code"] for warning in result.get("warnings", [])}))


def _warnings_of(picture: str) -> Column:
    """Return a column with the warnings about one picture: about the file, and about the face in it."""

    def cell(result: JsonObject) -> str | None:
        if picture not in result:
            return None
        face = result[picture]
        several = ["several_people"] if face["several_people"] else []
        document = [warning["code"] for warning in result["warnings"] if _is_about_file(warning, picture)]
        return " ".join(several + document + face["quality"]["warnings"])

    return cell


def _is_about_file(warning: dict[str, Any], picture: str) -> bool:
    return bool(warning["field"] == picture and warning["code"] != "unreliable_comparison")


KIND = JobKind(
    name="compare-faces",
    noun="comparison",
    rank=2,
    summary="Tell whether two pictures show the same person",
    description="Compare the faces of two pictures. Each can be a portrait, a whole document or a PDF.",
    submit_summary="Submit a comparison",
    submit_description="Accept two pictures and respond at once; the result is available at the `Location`.",
    inputs=(
        InputFile("selfie", "Selfie", example="@selfie.jpg"),
        InputFile("id_photo", "ID photo", hint="A portrait or the whole document: "),
    ),
    options=ComparisonOptions,
    result=ComparisonResult,
    example=read_example("compare-faces"),
    errors=(*DOCUMENT_ERRORS, "unmeasured_rate"),
    columns={
        "confidence": column("confidence"),
        "total_faces": column("id_photo", "total_faces"),
        "page": column("id_photo", "page"),
        "left": column("id_photo", "box", "left"),
        "top": column("id_photo", "box", "top"),
        "right": column("id_photo", "box", "right"),
        "bottom": column("id_photo", "box", "bottom"),
        "rotation": column("id_photo", "rotation"),
        "warnings": _warnings,
        "match": column("match"),
        "distance": column("distance"),
        "threshold": column("threshold"),
        "false_match_rate": column("false_match_rate"),
        "threshold_false_match_rate": column("threshold_false_match_rate"),
        "selfie_warnings": _warnings_of("selfie"),
        "id_photo_warnings": _warnings_of("id_photo"),
    },
    portrait=("id_photo", "face_image"),
    pictures=(("selfie", "face_image"), ("id_photo", "face_image")),
)

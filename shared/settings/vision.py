"""How faces are found and compared, and when a portrait gets a warning."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, model_validator


class Vision(BaseModel):
    """The networks that find and compare faces, and when two faces match."""

    model_config = ConfigDict(title="Detection and comparison")

    vision_engine: Literal["centerface", "face_recognition"] = Field(
        "centerface",
        description="Engine. `face_recognition` is the slower reference and needs a longer `JOB_TIME_LIMIT`.",
    )
    vision_provider: Literal["cpu", "cuda"] = Field("cpu", description="Where the networks run.")
    face_encoder: Literal["sface", "dlib"] = Field(
        "sface",
        description="Network that compares faces. With `dlib`, strangers match far more often, most of all among Black "
        "and Asian people: docs/error-rates.md.",
    )
    sface_weights: Path | None = Field(
        None,
        description="File with SFace's published weights, such as a copy on a mirror. Not set: those in its package.",
    )
    encoder_manifest: Path | None = Field(
        None, description="Manifest of an encoder of your own (ONNX), used instead of `FACE_ENCODER`."
    )
    match_threshold: NonNegativeFloat | None = Field(
        None, description="Distance up to which two faces match. Not set: the encoder's own, 0.6."
    )
    match_false_match_rate: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="How often strangers may match, instead of a threshold: `0.0001` for 1 in 10,000.",
    )

    @model_validator(mode="after")
    def _decides_by_one(self) -> Self:
        if self.match_threshold is not None and self.match_false_match_rate is not None:
            raise ValueError("set MATCH_THRESHOLD or MATCH_FALSE_MATCH_RATE, not both")
        return self


class Quality(BaseModel):
    """Limits at which a portrait gets a warning."""

    model_config = ConfigDict(title="Portrait quality")

    # `QualityLimits` of `worker/vision`, which must not import `shared`, has the same defaults; a test compares them.

    quality_min_eye_distance: NonNegativeFloat = Field(
        20.0, description="Distance between the eyes in pixels; below it, the warning is `too_small`."
    )
    quality_min_sharpness: NonNegativeFloat = Field(
        30.0, description="Sharpness in grey levels squared; below it, the warning is `blurry`."
    )
    quality_min_luminance: NonNegativeFloat = Field(
        35.0, description="Mean luminance of the face, 0 to 255; below it, the warning is `too_dark`."
    )
    quality_max_luminance: NonNegativeFloat = Field(
        225.0, description="Mean luminance of the face; above it, the warning is `too_bright`."
    )
    quality_min_dynamic_range: NonNegativeFloat = Field(
        40.0, description="Dynamic range in grey levels; below it, the warning is `low_contrast`."
    )
    quality_max_glare: NonNegativeFloat = Field(
        0.15, description="Share of the face that is white; above it, the warning is `glare`."
    )
    quality_max_pose: NonNegativeFloat = Field(
        35.0, description="Yaw or pitch in degrees; above it, the warning is `turned_away`."
    )

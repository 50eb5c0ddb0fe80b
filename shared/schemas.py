"""What crosses the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.formats import FormatName

Score = Annotated[float, Field(ge=0, le=100)]


class Schema(BaseModel):
    """Base of all: immutable, and exact about its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Size(Schema):
    """Width and height in pixels."""

    width: int
    height: int


class FaceBox(Schema):
    """A bounding box in pixels of its page at full resolution, upright by EXIF."""

    left: int
    top: int
    right: int
    bottom: int


class FaceEntry(Schema):
    """One face found in the document."""

    index: int
    box: FaceBox
    page: int = Field(ge=1, description="Page of the document, from 1.")
    page_size: Size
    detection_score: float = Field(ge=0, le=1, description="The detector's confidence.")
    size_score: Score
    position_score: Score
    combined_score: Score = Field(description="0.7 * size_score + 0.3 * position_score")
    rotation: float = Field(
        ge=0, lt=360, description="Degrees by which the face is turned counter-clockwise on its page."
    )
    candidate: bool = Field(description="Whether the face passed the gate that keeps ghost images out.")


class PortraitQuality(Schema):
    """Measures of the portrait, and what is wrong with it."""

    eye_distance: float = Field(description="Between the eyes, in pixels of the page.")
    sharpness: float = Field(description="Variance of the Laplacian of the luminance, in grey levels squared.")
    luminance_mean: float = Field(ge=0, le=255)
    dynamic_range: float = Field(description="5th to 95th percentile of the luminance, in grey levels.")
    glare: float = Field(ge=0, le=1, description="Share of the face that is pure white.")
    yaw: float = Field(description="Degrees, estimated; positive turns to the picture's right.")
    pitch: float = Field(description="Degrees, estimated; positive looks down.")
    roll: float = Field(description="Degrees; positive leans counter-clockwise.")
    warnings: list[Literal["too_small", "blurry", "too_dark", "too_bright", "low_contrast", "glare", "turned_away"]] = (
        Field(description="Reasons to take another picture.")
    )


ExtractionWarning = Literal["several_people", "unreadable_pages", "approximate_colours"]
"""What a person should know of an extraction that succeeded."""


class FaceMetadata(Schema):
    """The selected face, and all of them."""

    total_faces: int
    selected_index: int
    confidence: Score = Field(description="Combined score of the selected face.")
    face_size: Size
    position_score: Score
    size_score: Score
    combined_score: Score
    rotation: float = Field(ge=0, lt=360, description="Degrees that the portrait was turned back clockwise.")
    quality: PortraitQuality
    warnings: list[ExtractionWarning] = Field(
        description="`several_people`: another person's face is of comparable size, so that a person should look. "
        "`unreadable_pages`: some pages could not be read, so that faces on them are missing. "
        "`approximate_colours`: the file does not define its colours, so that the portrait's may be wrong."
    )
    unreadable_pages: list[int] = Field(
        [], description="Numbers, from 1, of the pages that could not be read, where `warnings` says so."
    )
    all_faces: list[FaceEntry]


class PageView(Schema):
    """A page to look at."""

    page: int = Field(ge=1, description="Page of the document, from 1.")
    page_size: Size = Field(description="At full resolution: the frame of the boxes of its faces.")
    rotation: int = Field(
        ge=0, lt=360, description="Degrees, by quarters, by which the page is turned counter-clockwise."
    )
    image: str = Field(description="The page as it lies, reduced: a JPEG as a data URL.")


class ExtractionResult(Schema):
    """Answer of ``POST /extract-face``."""

    success: Literal[True] = True
    face_image: str = Field(description="The portrait, upright: a JPEG as a data URL.")
    metadata: FaceMetadata
    pages: list[PageView] | None = Field(None, description="Every page, where the request said `pages=true`.")


class ComparedFace(Schema):
    """The face of one of the two pictures that was compared."""

    box: FaceBox
    page: int = Field(ge=1, description="Page of the document, from 1.")
    page_size: Size
    rotation: float = Field(
        ge=0, lt=360, description="Degrees by which the face is turned counter-clockwise on its page."
    )
    total_faces: int = Field(
        description="Faces found; where the portrait fills the picture, small other faces are not searched for."
    )
    several_people: bool = Field(description="Whether another face is of comparable size.")
    quality: PortraitQuality
    face_image: str | None = Field(
        None,
        description="The face, upright: a JPEG as a data URL, where the request said `portraits=true`.",
        exclude_if=lambda value: value is None,
    )


class ComparisonWarning(Schema):
    """What speaks against relying on the verdict."""

    code: Literal["unreliable_comparison", "unreadable_pages", "approximate_colours"] = Field(
        "unreliable_comparison",
        description="`unreliable_comparison`: the verdict should not be relied on. The others are as in an extraction.",
    )
    field: Literal["selfie", "id_photo"] = Field(description="Which of the two pictures it is about.")
    reason: Literal["too_small", "blurred", "turned_away"] | None = Field(
        None, description="What makes the comparison unreliable; null for other warnings."
    )
    pages: list[int] | None = Field(
        None,
        description="With `unreadable_pages`: their numbers, from 1.",
        exclude_if=lambda value: value is None,
    )


class ComparisonResult(Schema):
    """Answer of ``POST /compare-faces``."""

    success: Literal[True] = True
    match: bool = Field(description="Whether distance is at most threshold.")
    distance: float = Field(
        ge=0,
        description="0 for the same picture. At 0.6 it is closer than 999 in 1,000 pairs of strangers, and each 0.1 "
        "less is ten times rarer, within the group of people that the encoder errs on most.",
    )
    confidence: float = Field(ge=0, le=100, description="(1 - distance) * 100, never below 0.")
    threshold: float = Field(description="Distance up to which the faces match.")
    false_match_rate: float | None = Field(
        description="Share of pairs of strangers that are at most so far apart; null if it was not measured."
    )
    threshold_false_match_rate: float | None = Field(
        description="Share of pairs of strangers that match at this threshold; null if it was not measured."
    )
    warnings: list[ComparisonWarning] = Field(description="What speaks against relying on the verdict.")
    selfie: ComparedFace
    id_photo: ComparedFace


class ProblemDocument(Schema):
    """An error (RFC 9457, ``application/problem+json``)."""

    success: Literal[False] = False
    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="Stable; what programs go by.")
    detail: str = Field(description="What to do, for people.")
    field: str | None = Field(None, description="The form field at fault, where there is one.")
    request_id: str | None = Field(None, description="Where the service is at fault: what its logs call the request.")


class JobKind(StrEnum):
    """What a job does."""

    EXTRACT_FACE = "extract-face"
    COMPARE_FACES = "compare-faces"


class JobStatus(StrEnum):
    """Where a job is; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED}


class CallbackState(StrEnum):
    """How far the announcement of a job's end has come."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class CallbackView(Schema):
    """The announcement of a job's end."""

    state: CallbackState
    attempts: int = Field(description="Attempts so far; there are more, with growing pauses, for 24 hours.")


class QueuePlace(Schema):
    """Where a waiting job stands."""

    ahead: int = Field(ge=0, description="Jobs that will be started before it.")
    estimated_wait: float | None = Field(
        ge=0, description="Seconds until it is started, at the rate of the last minute; null if nothing ended in it."
    )


class JobView(Schema):
    """A job as clients see it."""

    id: str
    kind: JobKind
    status: JobStatus
    batch: str | None = Field(None, description="The group named at submission.")
    reference: str | None = Field(None, description="The client's own name for it, given at submission.")
    place: QueuePlace | None = Field(None, description="While queued.")
    callback: CallbackView | None = Field(None, description="Where a `callback_url` was given.")
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int
    result: ExtractionResult | ComparisonResult | None = Field(
        None, description="Once succeeded: the body that the synchronous endpoint answers with."
    )
    error: ProblemDocument | None = Field(None, description="Once failed: the synchronous endpoint's problem.")


class BatchView(Schema):
    """A batch: its jobs by state."""

    name: str
    created_at: datetime
    total: int
    queued: int
    running: int
    succeeded: int
    failed: int
    cancelled: int
    cursor: int = Field(description="Of the job that ended last, as in the results.")
    ended_per_second: float = Field(description="Rate at which the last hundred jobs ended, until now.")
    estimated_end: datetime | None = Field(
        description="When all will have ended, at that rate; null if nothing has ended yet, or everything has."
    )


class BatchResult(JobView):
    """A line of a batch's results: a job that ended."""

    cursor: int = Field(description="Ask with `?since=` this for what ended after it.")


class AcceptedFormat(Schema):
    """A format that files may have; they are recognised by their content."""

    name: FormatName
    label: str = Field(description="Its name, for people.")
    media_types: list[str] = Field(description="The first is the canonical one.")
    suffixes: list[str] = Field(description="With which the names of such files usually end, in lower case.")


class ServiceInfo(Schema):
    """Answer of ``GET /``."""

    name: str
    status: Literal["ok"] = "ok"
    version: str
    docs: str = "/docs"
    formats: list[AcceptedFormat] = Field(description="What this service accepts: see `ACCEPTED_FORMATS`.")


class Health(Schema):
    """Answer of the health checks."""

    status: Literal["live", "accepting", "ready"]


class LoadPoint(Schema):
    """One minute of load, sampled every ten seconds. Values are null where no API process took a sample."""

    at: datetime = Field(description="When the minute began.")
    waiting: dict[str, int] | None = Field(description="Jobs by queue, the most that were seen.")
    running: int | None = Field(description="At its end, as the workers.")
    workers: int | None
    ended: int
    failed: int = Field(description="Of those that ended.")
    mean_wait_seconds: float | None = Field(description="Of the jobs that were started; null if none was.")


class LoadHistory(Schema):
    """Answer of ``GET /stats/history``: the last hour, minute by minute, oldest first."""

    points: list[LoadPoint]


class QueueLoad(Schema):
    """One queue."""

    waiting: int
    oldest_seconds: float = Field(description="Age of the job that has waited longest; 0 for an empty queue.")


class SystemLoad(Schema):
    """Answer of ``GET /stats``; the last minute is the last six whole tens of seconds."""

    queues: dict[str, QueueLoad]
    running: int
    postponed: int = Field(description="Jobs put off for some seconds because the object store failed.")
    workers: int = Field(description="Workers that have said within the last 30 s that they consume.")
    workers_unconfined: int = Field(
        description="Workers among these whose kernel or settings leave the processes that read documents unconfined."
    )
    callbacks_pending: int = Field(description="Receivers that are still to be told of a job's end.")
    requests_waiting: int = Field(description="Requests that wait for a job, in the process that answers.")
    max_open_jobs: int
    ended_last_minute: int
    ended_per_second: float
    mean_wait_seconds: float = Field(description="Of the jobs that were started in the last minute.")

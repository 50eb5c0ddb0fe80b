"""Fingerprint: the digest of a document."""

from typing import Annotated, Literal

from pydantic import Field

from shared.job_kinds.declaration import InputFile, JobKind, Schema, column
from shared.job_kinds.options import ErrorCode, Options, Switch


class FingerprintOptions(Options):
    """Options of a fingerprint."""

    digits: Annotated[
        int, Field(ge=8, le=64, description="Digits of the digest.", examples=[16]), ErrorCode("invalid_threshold")
    ] = 64
    document_picture: Annotated[Switch, Field(description="Whether the result contains the document.")] = False


class FingerprintResult(Schema):
    """Result of a fingerprint."""

    success: Literal[True] = True
    digest: str
    size: int
    picture: str | None = None


KIND = JobKind(
    name="fingerprint-file",
    noun="fingerprint",
    summary="Compute the digest of a document",
    description="Compute the SHA-256 of a document.",
    submit_summary="Submit a fingerprint",
    submit_description="Accept a document and respond at once; the result is available at the `Location`.",
    inputs=(InputFile("document", "Document"),),
    options=FingerprintOptions,
    result=FingerprintResult,
    example={"success": True, "digest": "0a1b2c3d4e5f6071", "size": 1200, "picture": None},
    errors=("unreadable_image",),
    columns={"confidence": lambda _: 100, "digest": column("digest"), "bytes": column("size")},
    portrait=("picture",),
    pictures=(("picture",),),
)

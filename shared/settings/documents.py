"""Which documents are accepted, and what reading one may use."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveInt
from pydantic_settings import NoDecode

from shared.formats import FORMATS, FormatName
from shared.settings.values import split_at_commas

MEGABYTE = 1024 * 1024


class Documents(BaseModel):
    """Which documents are accepted, and what reading one may use."""

    model_config = ConfigDict(title="Documents")

    max_upload_bytes: PositiveInt = Field(10 * MEGABYTE, description="Largest file accepted, in bytes.")
    accepted_formats: Annotated[list[FormatName], NoDecode, BeforeValidator(split_at_commas)] = Field(
        [each.name for each in FORMATS],
        min_length=1,
        description="Formats that files may have, separated by commas. `jpeg,png,pdf` are the original three.",
    )
    # `Limits` of `worker/vision`, which must not import `shared`, has the same two defaults; a test compares them.
    max_pages: PositiveInt = Field(10, description="Pages of a PDF that are searched, from the first.")
    max_pixels: PositiveInt = Field(64_000_000, description="Largest picture accepted, width times height.")
    document_memory: PositiveInt = Field(
        768 * MEGABYTE,
        description="Bytes that reading one document may use, in addition to what its process holds (Linux).",
    )
    decoder_sandbox: bool = Field(
        default=True,
        description="Whether the processes that read documents run in a sandbox, without programs, other files and "
        "other connections (Linux).",
    )

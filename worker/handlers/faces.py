"""Parts of results, from what the vision engine found."""

import base64

from shared.job_kinds.faces import FaceBox, PortraitQuality, Size
from worker.vision import Quality
from worker.vision.geometry import Box

DECIMALS = 2
"""Decimals of scores from 0 to 100."""

SCORE_DECIMALS = 4
"""Decimals of scores from 0 to 1 and of distances."""


def data_url(jpeg: bytes) -> str:
    """Return a JPEG as a data URL."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def face_box(box: Box) -> FaceBox:
    """Return a box in whole pixels."""
    return FaceBox(left=round(box.left), top=round(box.top), right=round(box.right), bottom=round(box.bottom))


def size(pixels: tuple[int, int]) -> Size:
    """Return a size from width and height."""
    width, height = pixels
    return Size(width=width, height=height)


def portrait_quality(quality: Quality) -> PortraitQuality:
    """Return the quality of a portrait, rounded."""
    names = PortraitQuality.model_fields.keys() - {"warnings"}
    measures = {name: round(getattr(quality, name), DECIMALS) for name in names}
    return PortraitQuality.model_validate({**measures, "warnings": list(quality.warnings)})

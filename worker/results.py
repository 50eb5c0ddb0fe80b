"""What the vision engine found, as the bodies that clients receive."""

import base64
from dataclasses import asdict
from typing import Literal

from shared.schemas import (
    ComparedFace,
    ComparisonResult,
    ComparisonWarning,
    ExtractionResult,
    ExtractionWarning,
    FaceBox,
    FaceEntry,
    FaceMetadata,
    PageView,
    PortraitQuality,
    Size,
)
from worker.vision import ComparedFace as ComparedFaceFound, Comparison, DocumentFace, Extraction, PagePicture, Quality
from worker.vision.geometry import Box

_DECIMALS = 2  # of scores from 0 to 100
_SCORE_DECIMALS = 4  # of scores from 0 to 1 and of distances


def extraction_body(extraction: Extraction) -> bytes:
    """Return the body of ``POST /extract-face``, JSON."""
    entries = [_entry(index, face) for index, face in enumerate(extraction.faces)]
    chosen, box = entries[extraction.selected], extraction.faces[extraction.selected].box
    result = ExtractionResult(
        face_image=_data_url(extraction.portrait),
        metadata=FaceMetadata(
            total_faces=len(entries),
            selected_index=extraction.selected,
            confidence=chosen.combined_score,
            face_size=Size(width=round(box.width), height=round(box.height)),
            position_score=chosen.position_score,
            size_score=chosen.size_score,
            combined_score=chosen.combined_score,
            rotation=chosen.rotation,
            quality=_quality(extraction.quality),
            warnings=_warnings(extraction),
            unreadable_pages=list(extraction.unreadable_pages),
            all_faces=entries,
        ),
        pages=[_page(page) for page in extraction.pages] or None,
    )
    return result.model_dump_json(exclude_none=True).encode()


def comparison_body(comparison: Comparison) -> bytes:
    """Return the body of ``POST /compare-faces``, JSON."""
    result = ComparisonResult(
        match=comparison.match,
        distance=comparison.distance,
        confidence=round(comparison.confidence, _DECIMALS),
        threshold=comparison.threshold,
        false_match_rate=_significant(comparison.false_match_rate),
        threshold_false_match_rate=_significant(comparison.threshold_false_match_rate),
        warnings=_comparison_warnings(comparison),
        selfie=_compared(comparison.selfie),
        id_photo=_compared(comparison.id_photo),
    )
    return result.model_dump_json().encode()


def _warnings(extraction: Extraction) -> list[ExtractionWarning]:
    found: dict[ExtractionWarning, bool] = {
        "several_people": extraction.several_people,
        "unreadable_pages": bool(extraction.unreadable_pages),
        "approximate_colours": extraction.approximate_colours,
    }
    return [code for code, applies in found.items() if applies]


def _comparison_warnings(comparison: Comparison) -> list[ComparisonWarning]:
    warnings = [
        ComparisonWarning(field=warning.role, reason=warning.reason) for warning in comparison.reliability_warnings
    ]
    faces: tuple[tuple[Literal["selfie", "id_photo"], ComparedFaceFound], ...] = (
        ("selfie", comparison.selfie),
        ("id_photo", comparison.id_photo),
    )
    for field, face in faces:
        if face.unreadable_pages:
            pages = list(face.unreadable_pages)
            warnings.append(ComparisonWarning(code="unreadable_pages", field=field, pages=pages))
        if face.approximate_colours:
            warnings.append(ComparisonWarning(code="approximate_colours", field=field))
    return warnings


def _compared(face: ComparedFaceFound) -> ComparedFace:
    return ComparedFace(
        box=_box(face.box),
        page=face.page,
        page_size=_size(face.page_size),
        rotation=face.rotation,
        total_faces=face.total_faces,
        several_people=face.several_people,
        quality=_quality(face.quality),
        face_image=None if face.portrait is None else _data_url(face.portrait),
    )


def _significant(rate: float | None) -> float | None:
    """Round to the digits that the measurement bears."""
    return None if rate is None else float(f"{rate:.2g}")


def _data_url(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _page(page: PagePicture) -> PageView:
    return PageView(
        page=page.number,
        page_size=_size(page.size),
        rotation=page.rotation,
        image=_data_url(page.picture),
    )


def _box(box: Box) -> FaceBox:
    return FaceBox(left=round(box.left), top=round(box.top), right=round(box.right), bottom=round(box.bottom))


def _size(size: tuple[int, int]) -> Size:
    width, height = size
    return Size(width=width, height=height)


def _quality(quality: Quality) -> PortraitQuality:
    measures = {name: round(value, _DECIMALS) for name, value in asdict(quality).items() if name != "warnings"}
    return PortraitQuality.model_validate({**measures, "warnings": list(quality.warnings)})


def _entry(index: int, face: DocumentFace) -> FaceEntry:
    return FaceEntry(
        index=index,
        box=_box(face.box),
        page=face.page,
        page_size=_size(face.page_size),
        detection_score=round(face.detection_score, _SCORE_DECIMALS),
        size_score=round(face.scores.size, _DECIMALS),
        position_score=round(face.scores.position, _DECIMALS),
        combined_score=round(face.scores.combined, _DECIMALS),
        rotation=face.rotation,
        candidate=face.candidate,
    )

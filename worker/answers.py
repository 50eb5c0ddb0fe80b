"""What the vision engine found, as the bodies that clients receive."""

import base64
from dataclasses import asdict

from shared.schemas import (
    ComparisonResult,
    ExtractionResult,
    FaceBox,
    FaceEntry,
    FaceMetadata,
    PageView,
    PortraitQuality,
    Size,
)
from worker.vision import Comparison, Extraction, FoundFace, PagePicture, Quality

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
            all_faces=entries,
        ),
        pages=[_page(page) for page in extraction.pages] or None,
    )
    return result.model_dump_json(exclude_none=True).encode()


def comparison_body(comparison: Comparison) -> bytes:
    """Return the body of ``POST /compare-faces``, JSON."""
    result = ComparisonResult(
        match=comparison.match,
        distance=round(comparison.distance, _SCORE_DECIMALS),
        confidence=round(comparison.confidence, _DECIMALS),
        threshold=comparison.threshold,
        false_match_rate=_significant(comparison.false_match_rate),
    )
    return result.model_dump_json().encode()


def _significant(rate: float | None) -> float | None:
    """Round to the digits that the measurement bears."""
    return None if rate is None else float(f"{rate:.2g}")


def _data_url(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _page(page: PagePicture) -> PageView:
    width, height = page.size
    return PageView(
        page=page.number,
        page_size=Size(width=width, height=height),
        rotation=page.rotation,
        image=_data_url(page.picture),
    )


def _quality(quality: Quality) -> PortraitQuality:
    measures = {name: round(value, _DECIMALS) for name, value in asdict(quality).items() if name != "warnings"}
    return PortraitQuality.model_validate({**measures, "warnings": list(quality.warnings)})


def _entry(index: int, face: FoundFace) -> FaceEntry:
    box, (width, height) = face.box, face.page_size
    return FaceEntry(
        index=index,
        box=FaceBox(left=round(box.left), top=round(box.top), right=round(box.right), bottom=round(box.bottom)),
        page=face.page,
        page_size=Size(width=width, height=height),
        detection_score=round(face.detection_score, _SCORE_DECIMALS),
        size_score=round(face.scores.size, _DECIMALS),
        position_score=round(face.scores.position, _DECIMALS),
        combined_score=round(face.scores.combined, _DECIMALS),
        rotation=face.rotation,
        candidate=face.candidate,
    )

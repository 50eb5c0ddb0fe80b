"""Extraction: from a document to the portrait of its holder and the scores of all faces."""

from collections.abc import Mapping

from shared.job_kinds.extract_face import (
    ExtractionOptions,
    ExtractionResult,
    ExtractionWarning,
    FaceEntry,
    FaceMetadata,
    PageView,
)
from shared.job_kinds.faces import Size
from worker import metrics
from worker.handlers.faces import DECIMALS, SCORE_DECIMALS, data_url, face_box, portrait_quality, size
from worker.handlers.handler import HandlerContext
from worker.vision import DocumentFace, Extraction, PagePicture, extract_face

PAGE_SIDE = 1280
"""Pixels of the longer side of a page in the result: enough to read an identity card on it."""


def run(documents: Mapping[str, bytes], options: ExtractionOptions, context: HandlerContext) -> ExtractionResult:
    """Extract the portrait of a document."""
    extraction = extract_face(
        documents["file"],
        limits=context.limits,
        quality_limits=context.quality_limits,
        page_side=PAGE_SIDE if options.pages else None,
        engine=context.engine,
    )
    metrics.record_extraction(extraction)
    return _result(extraction)


def _result(extraction: Extraction) -> ExtractionResult:
    entries = [_entry(index, face) for index, face in enumerate(extraction.faces)]
    chosen, box = entries[extraction.selected], extraction.faces[extraction.selected].box
    return ExtractionResult(
        face_image=data_url(extraction.portrait),
        metadata=FaceMetadata(
            total_faces=len(entries),
            selected_index=extraction.selected,
            confidence=chosen.combined_score,
            face_size=Size(width=round(box.width), height=round(box.height)),
            position_score=chosen.position_score,
            size_score=chosen.size_score,
            combined_score=chosen.combined_score,
            rotation=chosen.rotation,
            quality=portrait_quality(extraction.quality),
            warnings=_warnings(extraction),
            unreadable_pages=list(extraction.unreadable_pages),
            all_faces=entries,
        ),
        pages=[_page(page) for page in extraction.pages] or None,
    )


def _warnings(extraction: Extraction) -> list[ExtractionWarning]:
    found: dict[ExtractionWarning, bool] = {
        "several_people": extraction.several_people,
        "unreadable_pages": bool(extraction.unreadable_pages),
        "approximate_colours": extraction.approximate_colours,
    }
    return [code for code, applies in found.items() if applies]


def _entry(index: int, face: DocumentFace) -> FaceEntry:
    return FaceEntry(
        index=index,
        box=face_box(face.box),
        page=face.page,
        page_size=size(face.page_size),
        detection_score=round(face.detection_score, SCORE_DECIMALS),
        size_score=round(face.scores.size, DECIMALS),
        position_score=round(face.scores.position, DECIMALS),
        combined_score=round(face.scores.combined, DECIMALS),
        rotation=face.rotation,
        candidate=face.candidate,
    )


def _page(page: PagePicture) -> PageView:
    return PageView(
        page=page.number,
        page_size=size(page.size),
        rotation=page.rotation,
        image=data_url(page.picture),
    )

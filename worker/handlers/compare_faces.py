"""Comparison: from two pictures to a verdict and the faces that it is about."""

from collections.abc import Mapping
from typing import Literal

from shared.job_kinds.compare_faces import ComparedFace, ComparisonOptions, ComparisonResult, ComparisonWarning
from worker import metrics
from worker.handlers.faces import DECIMALS, data_url, face_box, portrait_quality, size
from worker.handlers.handler import HandlerContext, HandlerError
from worker.vision import ComparedFace as FoundFace, Comparison, UnmeasuredRateError, compare_faces


def run(documents: Mapping[str, bytes], options: ComparisonOptions, context: HandlerContext) -> ComparisonResult:
    """Compare the faces of two documents."""
    comparison = compare_faces(
        documents["selfie"],
        documents["id_photo"],
        threshold=_threshold(options, context),
        portraits=options.portraits,
        limits=context.limits,
        quality_limits=context.quality_limits,
        engine=context.engine,
    )
    metrics.record_comparison(comparison)
    return _result(comparison)


def _threshold(options: ComparisonOptions, context: HandlerContext) -> float | None:
    """Return the maximum distance of a match: from the request, or else the default of the service.

    Raises
    ------
    HandlerError
        The encoder was not measured at the false match rate of the request.

    """
    if options.false_match_rate is None:
        return context.threshold if options.threshold is None else options.threshold
    try:
        return context.engine.calibration.threshold_at(options.false_match_rate)
    except UnmeasuredRateError as error:
        raise HandlerError("unmeasured_rate", "false_match_rate") from error


def _result(comparison: Comparison) -> ComparisonResult:
    return ComparisonResult(
        match=comparison.match,
        distance=comparison.distance,
        confidence=round(comparison.confidence, DECIMALS),
        threshold=comparison.threshold,
        false_match_rate=_significant(comparison.false_match_rate),
        threshold_false_match_rate=_significant(comparison.threshold_false_match_rate),
        warnings=_warnings(comparison),
        selfie=_face(comparison.selfie),
        id_photo=_face(comparison.id_photo),
    )


def _warnings(comparison: Comparison) -> list[ComparisonWarning]:
    warnings = [ComparisonWarning(field=each.role, reason=each.reason) for each in comparison.reliability_warnings]
    faces: tuple[tuple[Literal["selfie", "id_photo"], FoundFace], ...] = (
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


def _face(face: FoundFace) -> ComparedFace:
    return ComparedFace(
        box=face_box(face.box),
        page=face.page,
        page_size=size(face.page_size),
        rotation=face.rotation,
        total_faces=face.total_faces,
        several_people=face.several_people,
        quality=portrait_quality(face.quality),
        face_image=None if face.portrait is None else data_url(face.portrait),
    )


def _significant(rate: float | None) -> float | None:
    """Round to the digits that the measurement supports."""
    return None if rate is None else float(f"{rate:.2g}")

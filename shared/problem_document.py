"""Errors as problem documents (RFC 9457), in HTTP responses and inside jobs."""

from shared.errors import Problem
from shared.job_kinds.registry import LABELS
from shared.schemas import ProblemDocument


def problem_document(problem: Problem, field: str | None = None, request_id: str | None = None) -> ProblemDocument:
    """Return the problem document; if a request has several files, its sentence names the file."""
    return ProblemDocument(
        title=problem.title,
        status=problem.status,
        code=problem.code,
        detail=f"{LABELS[field]}: {problem.detail}" if field in LABELS else problem.detail,
        field=field,
        request_id=request_id,
    )

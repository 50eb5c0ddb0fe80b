"""Errors as problem documents (RFC 9457), in HTTP responses and inside jobs."""

from shared.errors import Problem
from shared.schemas import ProblemDocument

# Names of the two pictures of a comparison in sentences.
_PICTURES = {"selfie": "Selfie", "id_photo": "ID photo"}


def problem_document(problem: Problem, field: str | None = None, request_id: str | None = None) -> ProblemDocument:
    """Return the problem document; for a comparison, its sentence names the picture."""
    return ProblemDocument(
        title=problem.title,
        status=problem.status,
        code=problem.code,
        detail=f"{_PICTURES[field]}: {problem.detail}" if field in _PICTURES else problem.detail,
        field=field,
        request_id=request_id,
    )

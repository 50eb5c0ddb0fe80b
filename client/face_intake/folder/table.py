"""The table of results, a CSV file."""

import os
from collections.abc import Iterable
from pathlib import Path

from defusedcsv import csv

from face_intake.errors import Problem
from face_intake.folder.ledger import Row
from face_intake.models import Job
from face_intake.results import Extraction

COLUMNS = (
    "file", "status", "code", "detail", "confidence", "total_faces", "page", "left", "top", "right", "bottom",
    "rotation", "warnings", "portrait", "job",
)  # fmt: skip


def row_of(job: Job, portrait: Path | None) -> Row:
    """Return the table row of an ended job."""
    row: Row = {"status": job.status.value, "job": job.id}
    if job.error:
        row |= {"code": job.error.code, "detail": job.error.detail}
    if isinstance(job.result, Extraction):
        metadata = job.result.metadata
        row |= {name: getattr(metadata, name) for name in ("confidence", "total_faces", "rotation")}
        row |= {"page": metadata.selected.page, **metadata.selected.box.model_dump()}
        row |= {"warnings": " ".join([*metadata.warnings, *metadata.quality.warnings]), "portrait": str(portrait or "")}
    return row


def row_of_rejection(problem: Problem) -> Row:
    """Return the table row of a document that was not accepted."""
    return {"status": "refused", "code": problem.code, "detail": problem.detail}


def row_of_unreadable_file(error: OSError) -> Row:
    """Return the table row of a document whose file was deleted, or may not be read."""
    detail = f"The file cannot be read ({error.strerror}). Restore it, then run the command with --retry-failures."
    return {"status": "refused", "code": "unreadable_file", "detail": detail}


def write_table(path: Path, rows: Iterable[tuple[str, Row]]) -> None:
    """Write the table atomically. Cells are escaped so that spreadsheets do not read file names as formulas.

    Raises
    ------
    OSError

    """
    unfinished = path.with_name(f".{path.name}.part")
    with unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for name, row in rows:
            writer.writerow([name, *(row.get(column, "") for column in COLUMNS[1:])])
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)

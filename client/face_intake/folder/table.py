"""What is known of each document, as a table (CSV)."""

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
    """Return what the table says of a job that ended."""
    row: Row = {"status": job.status.value, "job": job.id}
    if job.error:
        row |= {"code": job.error.code, "detail": job.error.detail}
    if isinstance(job.result, Extraction):
        metadata = job.result.metadata
        row |= {name: getattr(metadata, name) for name in ("confidence", "total_faces", "rotation")}
        row |= {"page": metadata.selected.page, **metadata.selected.box.model_dump()}
        row |= {"warnings": " ".join([*metadata.warnings, *metadata.quality.warnings]), "portrait": str(portrait or "")}
    return row


def row_of_refusal(problem: Problem) -> Row:
    """Return what the table says of a document that was not accepted."""
    return {"status": "refused", "code": problem.code, "detail": problem.detail}


def write_table(path: Path, rows: Iterable[tuple[str, Row]]) -> None:
    """Write the table, whole or not at all. No spreadsheet takes a cell for a formula, whatever a file is called.

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

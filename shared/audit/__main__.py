"""``python -m shared.audit --job ID``: what became of a document, and who was given its result."""

import argparse
import json
import sys

from shared.audit.log import log_path
from shared.audit.trail import Line, log_files, trail, who_saw
from shared.logs import reason
from shared.settings import get_settings

_COLUMNS = ("at", "action", "outcome", "caller", "request_id")


def main() -> None:
    """Print the lines about one job, and who saw it; end with 1 if there is none, with 2 if a file cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m shared.audit", description="Show what the audit log says of one job."
    )
    parser.add_argument("--job", required=True, metavar="ID", help="the job's id")
    parser.add_argument("--json", action="store_true", help="print the log's own lines")
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="logs, - for standard input; default: AUDIT_LOG and its rotated files"
    )
    asked = parser.parse_args()
    try:
        lines = trail(asked.job.lower(), asked.files or _configured(parser))
    except OSError as error:
        parser.error(reason(error))
    if not lines:
        sys.exit(f"nothing about job {asked.job}")
    for text in map(json.dumps, lines) if asked.json else _table(lines):
        print(text)  # noqa: T201 - it is what this program is for


def _configured(parser: argparse.ArgumentParser) -> list[str]:
    path = log_path(get_settings())
    if path is None:
        parser.error("AUDIT_LOG is -: the log is where standard error goes; name its file, or pipe it to -")
    files = log_files(path)
    if not files:
        parser.error(f"there is no {path}")
    return files


def _table(lines: list[Line]) -> list[str]:
    rows = [_COLUMNS, *(tuple(str(line.get(name, "-")) for name in _COLUMNS) for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    seen = ", ".join(f"{name}, {count} times" if count > 1 else name for name, count in who_saw(lines).items())
    return [*table, "", f"Given to: {seen or 'nobody'}"]


if __name__ == "__main__":
    main()

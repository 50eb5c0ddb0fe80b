"""``python -m shared.audit --job ID``: shows the history of a job and who received its result."""

import argparse
import json
import sys

from shared.audit.log import log_path
from shared.audit.trail import Entry, log_files, recipients, trail
from shared.logs import reason
from shared.settings import get_settings

_COLUMNS = ("at", "action", "outcome", "caller", "request_id")


def main() -> None:
    """Print the entries of one job and its recipients.

    Exits with status 1 if there are none, and with status 2 if a file cannot be read.
    """
    parser = argparse.ArgumentParser(
        prog="python -m shared.audit", description="Show the audit log entries of one job."
    )
    parser.add_argument("--job", required=True, metavar="ID", help="the job's id")
    parser.add_argument("--json", action="store_true", help="print the entries as JSON lines")
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="log files, or - for standard input; default: AUDIT_LOG and its rotated files",
    )
    arguments = parser.parse_args()
    try:
        lines = trail(arguments.job.lower(), arguments.files or _default_files(parser))
    except OSError as error:
        parser.error(reason(error))
    if not lines:
        sys.exit(f"no entries for job {arguments.job}")
    for text in map(json.dumps, lines) if arguments.json else _table(lines):
        print(text)  # noqa: T201 - the output of this command


def _default_files(parser: argparse.ArgumentParser) -> list[str]:
    path = log_path(get_settings())
    if path is None:
        parser.error(
            "AUDIT_LOG is -, so the log goes to standard error: name the file that it is stored in, or pipe it to -"
        )
    files = log_files(path)
    if not files:
        parser.error(f"no such file: {path}")
    return files


def _table(lines: list[Entry]) -> list[str]:
    rows = [_COLUMNS, *(tuple(str(line.get(name, "-")) for name in _COLUMNS) for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    received = ", ".join(f"{name}, {count} times" if count > 1 else name for name, count in recipients(lines).items())
    return [*table, "", f"Result sent to: {received or 'no one'}"]


if __name__ == "__main__":
    main()

"""Prints the number of tests and their duration by folder at the end of a test run.

pytest's own ``--durations`` lists the slowest tests.
"""

from collections import defaultdict
from pathlib import PurePosixPath

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print one line per folder, the slowest first."""
    tests: defaultdict[str, set[str]] = defaultdict(set)
    skipped: defaultdict[str, int] = defaultdict(int)
    seconds: defaultdict[str, float] = defaultdict(float)
    for outcome, reports in terminalreporter.stats.items():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                folder = str(PurePosixPath(report.nodeid.partition("::")[0]).parent)
                tests[folder].add(report.nodeid)
                skipped[folder] += outcome == "skipped"
                seconds[folder] += report.duration
    if not tests:
        return
    terminalreporter.section("tests and seconds by folder")
    for folder in sorted(tests, key=lambda each: -seconds[each]):
        skipped_text = f", {skipped[folder]} of them skipped" if skipped[folder] else ""
        terminalreporter.write_line(f"{seconds[folder]:8.1f} s  {folder}: {len(tests[folder])}{skipped_text}")
    terminalreporter.write_line(f"{sum(seconds.values()):8.1f} s  in all processes of this run together")

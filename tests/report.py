"""The end of a test run says where its time went: the tests and the seconds of each folder.

pytest's own ``--durations`` lists the slowest tests.
"""

from collections import defaultdict
from pathlib import PurePosixPath

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a line a folder, the longest first."""
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
        left_out = f", {skipped[folder]} of them skipped" if skipped[folder] else ""
        terminalreporter.write_line(f"{seconds[folder]:8.1f} s  {folder}: {len(tests[folder])}{left_out}")
    terminalreporter.write_line(f"{sum(seconds.values()):8.1f} s  in all processes of this run together")

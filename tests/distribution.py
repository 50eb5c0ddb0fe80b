"""Distributes a parallel test run (``pytest --numprocesses auto``) among its processes.

The tests of a group run in one process and in order, because they share resources. A group is a file, or several files
that share a running system. The longest groups come first, so that no process still runs one when the others have
finished.
"""

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_SHARED = {
    "tests/browser/": "browser",
    "tests/client/": "client",
    "tests/containers/test_build.py": "images",
    "tests/containers/test_space.py": "images",
    "tests/containers/test_": "compose",
    **{
        f"tests/system/{name}.py": "system"
        for name in (
            *("test_bad_documents", "test_contract", "jobs/test_batches", "jobs/test_celery_tools", "jobs/test_queues"),
            *("operation/test_instances", "operation/test_monitoring"),
        )
    },
}
"""Groups of several files, by the start of their test ids."""

_LONGEST_FIRST = (
    *(
        "tests/containers",
        "tests/system/faults/test_processes",
        "tests/browser",
        "tests/system/security/test_bombs",
        "tests/fuzz",
    ),
    *(
        "tests/system/operation/test_startup",
        "tests/client",
        "tests/system",
        "tests/typescript",
        "tests/vision/test_labelled",
    ),
    *("tests/vision/documents/test_pdf", "tests/vision/documents/test_formats", "tests/api/http/test_connections"),
    *("tests/vision", "tests/api", "tests/shared"),
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return the number of processes: two per core for ``auto``, because tests mostly wait, and one for ``logical``."""
    return (1 if config.option.numprocesses == "logical" else 2) * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the groups. Within a group, tests keep their order."""
    items.sort(key=_rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Return the scheduler that assigns groups to processes."""
    config.option.loadscopereorder = False  # do not sort groups by their number of tests
    return _Groups(config, log)


class _Groups(LoadScopeScheduling):  # type: ignore[misc] # the package has no types
    def _split_scope(self, nodeid: str) -> str:
        shared = (group for start, group in _SHARED.items() if nodeid.startswith(start))
        return next(shared, nodeid.partition("::")[0])


def _rank(item: pytest.Item) -> int:
    matches = (rank for rank, start in enumerate(_LONGEST_FIRST) if item.nodeid.startswith(start))
    return next(matches, len(_LONGEST_FIRST))

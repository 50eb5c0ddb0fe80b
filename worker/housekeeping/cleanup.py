"""Deletes blobs from the object store that are no longer needed."""

import time
from datetime import UTC, datetime, timedelta

from shared.blobs import BlobStore, StorageError, job_of
from shared.jobs import Cleanup
from shared.logs import get_logger, reason

log = get_logger(__name__)

_ORPHAN_AGE = timedelta(minutes=15)
"""Minimum age of a blob without a record before it is deleted. A document that is being accepted has no record yet."""

_SEARCH_TIME = 30.0
"""Seconds that one run may search for orphans. The next run deletes expired blobs, then continues the search."""


def clean_storage(cleanup: Cleanup, blobs: BlobStore, search_time: float = _SEARCH_TIME) -> None:
    """Delete expired blobs and, at intervals, orphans: blobs without a record.

    A process that dies between storing a blob and writing the record leaves an orphan. If the object store fails, the
    next run continues.

    Raises
    ------
    redis.exceptions.RedisError
        Redis failed. The next run continues.

    """
    cleanup.mark_started()
    try:
        while paths := cleanup.removable_blobs():
            blobs.delete_now(paths)
            cleanup.forget_blobs(paths)
        cursor = cleanup.orphan_scan_position()
        if cursor is not None:
            _remove_orphans(cleanup, blobs, cursor, time.monotonic() + search_time)
    except StorageError as error:
        log.warning("storage cleanup failed", error=reason(error))


def _remove_orphans(cleanup: Cleanup, blobs: BlobStore, cursor: str, deadline: float) -> None:
    """Delete blobs without a record, from this path on, until the deadline."""
    before = datetime.now(UTC) - _ORPHAN_AGE
    unfinished = blobs.remove_unfinished_now(before)
    if unfinished:
        log.warning("incomplete blobs deleted", count=unfinished)
    for page in blobs.list_now(after=cursor):
        jobs = {path: job_of(path) for path, stored_at in page if stored_at < before}
        known = cleanup.existing_jobs(sorted(set(jobs.values())))
        orphans = [path for path, job_id in jobs.items() if job_id not in known]
        if orphans:
            blobs.delete_now(orphans)
            log.warning("orphaned blobs deleted", count=len(orphans))
        if time.monotonic() >= deadline:
            cleanup.save_orphan_scan_position(page[-1][0])
            return
    cleanup.save_orphan_scan_position(None)

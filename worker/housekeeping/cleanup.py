"""Removes bytes from the object store that are no longer needed."""

import time
from datetime import UTC, datetime, timedelta

from shared.blobs import BlobStore, StorageError, job_of
from shared.jobs import Cleanup
from shared.logs import get_logger, reason

log = get_logger(__name__)

_ORPHAN_AGE = timedelta(minutes=15)
"""Age of a blob without a record before it is removed: one that is being accepted has no record yet."""

_SEARCH_TIME = 30.0
"""Seconds that one run searches for orphans; the next goes on where it stopped, after what has become due."""


def clean(cleaning: Cleanup, blobs: BlobStore, search_time: float = _SEARCH_TIME) -> None:
    """Remove what is due and, when it is time, what has no record.

    Orphans are what a process left that died between storing bytes and writing the record. If the object store fails,
    the next run goes on.

    Raises
    ------
    redis.exceptions.RedisError
        Redis failed; likewise.

    """
    cleaning.mark_started()
    try:
        while paths := cleaning.expired_blobs():
            blobs.delete_now(paths)
            cleaning.forget_blobs(paths)
        cursor = cleaning.orphan_scan_position()
        if cursor is not None:
            _remove_orphans(cleaning, blobs, cursor, time.monotonic() + search_time)
    except StorageError as error:
        log.warning("object store not cleaned", error=reason(error))


def _remove_orphans(cleaning: Cleanup, blobs: BlobStore, cursor: str, deadline: float) -> None:
    """Remove blobs without a record, from this path on, until the deadline."""
    before = datetime.now(UTC) - _ORPHAN_AGE
    unfinished = blobs.remove_unfinished_now(before)
    if unfinished:
        log.warning("bytes that were never stored whole removed", count=unfinished)
    for page in blobs.list_now(after=cursor):
        jobs = {path: job_of(path) for path, stored_at in page if stored_at < before}
        known = cleaning.existing_jobs(sorted(set(jobs.values())))
        lost = [path for path, job_id in jobs.items() if job_id not in known]
        if lost:
            blobs.delete_now(lost)
            log.warning("bytes without a record removed", count=len(lost))
        if time.monotonic() >= deadline:
            cleaning.save_orphan_scan_position(page[-1][0])
            return
    cleaning.save_orphan_scan_position(None)

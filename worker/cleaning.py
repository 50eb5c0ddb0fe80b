"""Bytes that nobody may read any more are removed from the object store."""

from datetime import UTC, datetime, timedelta

from shared.blobs import BlobStore, StorageError, job_of
from shared.jobs import Recovery
from shared.logs import get_logger, reason

log = get_logger(__name__)

_ORPHAN_AGE = timedelta(minutes=15)
"""Age of a blob that no record knows before it is removed: one that is being accepted has no record yet."""


def clean(recovery: Recovery, blobs: BlobStore) -> None:
    """Remove what is due and, when it is time, what no record knows.

    Orphans are what a process left that died between storing bytes and writing the record. If the object store fails,
    the next cleaning goes on.

    Raises
    ------
    redis.exceptions.RedisError
        Redis failed; likewise.

    """
    recovery.cleaning_begins()
    try:
        while paths := recovery.expired_blobs():
            blobs.delete_now(paths)
            recovery.forget_blobs(paths)
        if recovery.orphans_turn():
            _remove_orphans(recovery, blobs)
    except StorageError as error:
        log.warning("object store not cleaned", error=reason(error))


def _remove_orphans(recovery: Recovery, blobs: BlobStore) -> None:
    before = datetime.now(UTC) - _ORPHAN_AGE
    unfinished = blobs.remove_unfinished_now(before)
    if unfinished:
        log.warning("bytes that were never stored whole removed", count=unfinished)
    for page in blobs.list_now():
        jobs = {path: job_of(path) for path, stored_at in page if stored_at < before}
        known = recovery.known(sorted(set(jobs.values())))
        lost = [path for path, job_id in jobs.items() if job_id not in known]
        if lost:
            blobs.delete_now(lost)
            log.warning("bytes without a record removed", count=len(lost))

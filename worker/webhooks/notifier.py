"""One attempt to tell a receiver of a job's end: what to say, and what follows from how it went."""

import json
from urllib.parse import urlsplit

from celery.utils.time import get_exponential_backoff_interval
from structlog.contextvars import bound_contextvars

from shared import audit
from shared.blobs import BlobStore, blob_path
from shared.job_kinds.registry import find_kind
from shared.job_view import job_json
from shared.jobs import WebhookAttempt, Webhooks
from shared.jobs.webhooks import LONGEST_PAUSE
from shared.logs import get_logger
from shared.schemas import CallbackState, JobStatus
from worker.webhooks.delivery import Delivery, RefusedError, UnheardError

log = get_logger(__name__)

_FIRST_PAUSE = 5
"""Seconds before the second attempt; each pause is twice the one before."""

_PATIENCE = 24 * 3600
"""Seconds after the job's end at which a receiver is given up."""


class Teller:
    """Tells receivers, one attempt a call."""

    def __init__(self, callbacks: Webhooks, blobs: BlobStore, delivery: Delivery) -> None:
        self._callbacks = callbacks
        self._blobs = blobs
        self._delivery = delivery

    def tell(self, job_id: str) -> str:
        """Make the next attempt if it is due; return what came of it.

        Raises
        ------
        redis.exceptions.RedisError, obstore.exceptions.BaseError
            Redis or the object store failed; the reaper has it tried again.

        """
        callback = self._callbacks.claim(job_id)
        if callback is None:
            return "not due"
        with bound_contextvars(request_id=callback.request_id, job_id=job_id, attempt=callback.attempt):
            body = self._body(callback)
            try:
                self._delivery.post(callback.target.url, job_id, body, callback.request_id)
            except UnheardError as error:
                return self._again(callback, body, error)
            self._callbacks.settle(job_id, CallbackState.DELIVERED)
            shown = callback.target.with_image and callback.status is JobStatus.SUCCEEDED
            audit.record("send", "delivered", receiver=urlsplit(callback.target.url).netloc, pictures=shown)
            log.info("callback delivered")
            return CallbackState.DELIVERED

    def _again(self, callback: WebhookAttempt, body: bytes, error: UnheardError) -> str:
        pause = get_exponential_backoff_interval(_FIRST_PAUSE, callback.attempt - 1, LONGEST_PAUSE)
        if isinstance(error, RefusedError) or callback.age + pause > _PATIENCE:
            self._callbacks.settle(callback.job_id, CallbackState.GIVEN_UP)
            log.error("callback given up", reason=str(error))
            return CallbackState.GIVEN_UP
        # The job's record and result expire long before a day has passed; what is to be said is kept until it is heard.
        ref = callback.body or self._blobs.put_now(blob_path("callbacks", callback.job_id, "body"), body)
        self._callbacks.postpone(callback.job_id, pause, ref)
        log.warning("callback not heard", reason=str(error), next_in=pause)
        return CallbackState.PENDING

    def _body(self, callback: WebhookAttempt) -> bytes:
        """Return the event: type, time, and the job as ``GET /jobs/{id}`` shows it."""
        if callback.body is not None:
            return self._blobs.get_now(callback.body)
        head = json.dumps({"type": f"job.{callback.status}", "timestamp": callback.ended_at.isoformat()})[:-1]
        return f'{head}, "data": {self._job(callback)}}}'.encode()

    def _job(self, callback: WebhookAttempt) -> str:
        job = self._callbacks.ended_job(callback.job_id)
        if job is None:  # it expired before anybody could tell
            return json.dumps({"id": callback.job_id, "kind": callback.kind, "status": callback.status})
        if job.status is not JobStatus.SUCCEEDED or job.result is None:
            return job_json(job).decode()
        try:
            result = json.loads(self._blobs.get_now(job.result))
        except FileNotFoundError:
            return job_json(job).decode()
        if not callback.target.with_image:
            kind = find_kind(job.kind)
            if kind is None:  # of a newer version: this one does not know its pictures
                return job_json(job).decode()
            result = kind.without_pictures(result)
        return job_json(job, result=json.dumps(result).encode()).decode()

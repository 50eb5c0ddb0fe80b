"""Makes one delivery attempt: builds the event, sends it, and records the outcome or the next attempt."""

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
from worker.webhooks.delivery import DeliveryError, ReceiverGoneError, WebhookClient

log = get_logger(__name__)

_FIRST_DELAY = 5
"""Seconds before the second attempt. The delay doubles with each attempt."""

_MAX_AGE = 24 * 3600
"""Seconds after the job's end when the worker gives up."""


class WebhookNotifier:
    """Delivers webhooks, one attempt per call."""

    def __init__(self, webhooks: Webhooks, blobs: BlobStore, client: WebhookClient) -> None:
        self._webhooks = webhooks
        self._blobs = blobs
        self._client = client

    def notify(self, job_id: str) -> str:
        """Make the next attempt if it is due, and return its outcome.

        Raises
        ------
        redis.exceptions.RedisError, obstore.exceptions.BaseError
            Redis or the object store failed. The reaper schedules the attempt again.

        """
        attempt = self._webhooks.claim(job_id)
        if attempt is None:
            return "not due"
        with bound_contextvars(request_id=attempt.request_id, job_id=job_id, attempt=attempt.attempt):
            body = self._body(attempt)
            try:
                self._client.post(attempt.target.url, job_id, body, attempt.request_id)
            except DeliveryError as error:
                return self._retry_or_give_up(attempt, body, error)
            self._webhooks.settle(job_id, CallbackState.DELIVERED)
            with_image = attempt.target.with_image and attempt.status is JobStatus.SUCCEEDED
            audit.record("send", "delivered", receiver=urlsplit(attempt.target.url).netloc, pictures=with_image)
            log.info("webhook delivered")
            return CallbackState.DELIVERED

    def _retry_or_give_up(self, attempt: WebhookAttempt, body: bytes, error: DeliveryError) -> str:
        delay = get_exponential_backoff_interval(_FIRST_DELAY, attempt.attempt - 1, LONGEST_PAUSE)
        if isinstance(error, ReceiverGoneError) or attempt.age + delay > _MAX_AGE:
            self._webhooks.settle(attempt.job_id, CallbackState.GIVEN_UP)
            log.error("webhook given up", reason=str(error))
            return CallbackState.GIVEN_UP
        # The job's record and result can expire before the last attempt, so the body is stored until it is delivered.
        ref = attempt.body or self._blobs.put_now(blob_path("callbacks", attempt.job_id, "body"), body)
        if not self._webhooks.postpone(attempt.job_id, delay, ref):
            log.warning("webhook not delivered", reason=str(error))
            return "no longer due"
        log.warning("webhook not delivered", reason=str(error), next_in=delay)
        return CallbackState.PENDING

    def _body(self, attempt: WebhookAttempt) -> bytes:
        """Return the event: its type, its time, and the job in the form of ``GET /jobs/{id}``."""
        if attempt.body is not None:
            return self._blobs.get_now(attempt.body)
        head = json.dumps({"type": f"job.{attempt.status}", "timestamp": attempt.ended_at.isoformat()})[:-1]
        return f'{head}, "data": {self._job(attempt)}}}'.encode()

    def _job(self, attempt: WebhookAttempt) -> str:
        job = self._webhooks.ended_job(attempt.job_id)
        if job is None:  # the record expired before the first attempt
            return json.dumps({"id": attempt.job_id, "kind": attempt.kind, "status": attempt.status})
        if job.status is not JobStatus.SUCCEEDED or job.result is None:
            return job_json(job).decode()
        try:
            result = json.loads(self._blobs.get_now(job.result))
        except FileNotFoundError:
            return job_json(job).decode()
        if not attempt.target.with_image:
            kind = find_kind(job.kind)
            if kind is None:  # a kind of a newer version, whose pictures are unknown here
                return job_json(job).decode()
            result = kind.without_pictures(result)
        return job_json(job, result=json.dumps(result).encode()).decode()

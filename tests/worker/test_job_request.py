"""The job of a pool process that is killed by the time limit fails, and that of any other lost process is retried."""

import pytest
from billiard.einfo import ExceptionInfo
from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery.worker.request import Request

from shared.jobs.holders import process_name
from tests.shared.records import Records
from worker.supervision.job_request import job_request

HOST, PID = "celery@one", 7


@pytest.mark.parametrize(
    ("error", "status"), [(TimeLimitExceeded(6), "failed"), (WorkerLostError("signal 9"), "running")]
)
def test_only_the_time_limit_ends_the_job_of_a_lost_process(
    records: Records, monkeypatch: pytest.MonkeyPatch, error: Exception, status: str
) -> None:
    job_id = records.create()
    records.claim(f"{process_name(HOST, PID)}.1", job_id)
    monkeypatch.setattr(Request, "on_failure", lambda *_: None)
    attributes = {"id": job_id, "hostname": HOST, "worker_pid": PID}
    request = type("Received", (job_request(records.execution),), {"__init__": lambda _: None, **attributes})()
    try:
        raise error  # noqa: TRY301 - ExceptionInfo reads the current exception
    except Exception:  # noqa: BLE001 - each error of the parameters
        request.on_failure(ExceptionInfo())
    job = records.get(job_id)
    assert job.status == status
    assert (job.failure.code if job.failure else None) == ("timed_out" if status == "failed" else None)

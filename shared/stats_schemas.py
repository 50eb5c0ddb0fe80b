"""Schemas of ``GET /stats`` and ``GET /stats/history``."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from shared.job_kinds.declaration import Schema
from shared.schemas import JobKind


class LoadPoint(Schema):
    """The load in one minute, sampled every ten seconds. Values are null if no API process took a sample."""

    at: datetime = Field(description="Beginning of the minute.")
    waiting: dict[str, int] | None = Field(description="Queued jobs by queue: the maximum of the samples.")
    running: int | None = Field(description="Running jobs at the end of the minute.")
    workers: int | None = Field(description="Workers at the end of the minute.")
    ended: int
    failed: int = Field(description="Jobs that failed, among those that ended.")
    mean_wait_seconds: float | None = Field(description="Mean waiting time of the jobs that started; null if none did.")


class LoadHistory(Schema):
    """Response of ``GET /stats/history``: the minutes of the last hour, oldest first."""

    points: list[LoadPoint]


class QueueLoad(Schema):
    """One queue."""

    waiting: int
    oldest_seconds: float = Field(description="Age of the oldest job; 0 for an empty queue.")


class RedisServer(Schema):
    """The Redis or Valkey server that answers, from its command ``INFO``."""

    product: Literal["Redis", "Valkey"]
    version: str
    started_at: datetime
    role: Literal["primary", "replica"]
    sentinel_primary: str | None = Field(
        description="Host and port of the primary that the Sentinels name; null without Sentinels."
    )
    replicas: int = Field(description="Connected replicas.")
    clients: int = Field(description="Connected clients.")
    used_memory_bytes: int
    max_memory_bytes: int | None = Field(description="The setting `maxmemory`; null without a limit.")
    eviction_policy: str = Field(description="The setting `maxmemory-policy`.")
    append_only_file: bool = Field(description="Whether each write is appended to a file (AOF).")
    append_ok: bool | None = Field(description="Whether the last write to that file succeeded; null without the file.")
    snapshot_at: datetime = Field(description="The last snapshot (RDB), or the start of the server without one.")
    snapshot_ok: bool = Field(description="Whether the last attempt at a snapshot succeeded.")
    ping_milliseconds: float = Field(description="Time of one `PING` from the API process that responds.")


class RunningJob(Schema):
    """A job that a worker runs."""

    id: str | None = Field(
        description="Null if the service is open to everyone (`ALLOW_ANONYMOUS` without API keys), because anyone "
        "who knows the id could read the result."
    )
    kind: JobKind
    started_at: datetime = Field(description="Start of this attempt.")
    attempt: int = Field(description="Number of this attempt, from 1.")


class WorkerState(Schema):
    """A worker that runs jobs."""

    name: str = Field(description="Node name, as Celery's tools have it: `celery@HOST`.")
    host: str
    state: Literal["running", "lost", "stopping"] = Field(
        description="`lost`: no heartbeat for 30 s; such a worker is listed for 5 minutes. "
        "`stopping`: it has stopped receiving jobs, and its last jobs are still running."
    )
    last_heartbeat_at: datetime | None = Field(description="Null for a stopping worker.")
    started_at: datetime | None = Field(description="Null if the worker's version does not report it.")
    queues: list[str] | None = Field(description="The queues that it receives jobs from, in order; null as above.")
    processes: int | None = Field(description="Jobs that it can run at the same time; null as above.")
    sandboxed: bool = Field(description="Whether it reads documents in a sandbox.")
    jobs: list[RunningJob] = Field(description="The jobs that it runs now, by their leases.")


class FailedJob(Schema):
    """A job that failed."""

    id: str | None = Field(description="Null under the same condition as the id of a running job.")
    kind: JobKind
    at: datetime = Field(description="End of the job.")
    worker: str | None = Field(description="Node name of the worker that ran the last attempt; null if unknown.")


class FailureCode(Schema):
    """The failures of the last 24 hours with one error code."""

    code: str
    title: str = Field(description="Title of the error, for people.")
    cause: Literal["document", "service"] = Field(
        description="`document`: the applicant must send another file. `service`: the operator must look, because the "
        "service failed, or a document stopped its process."
    )
    last_ten_minutes: int = Field(description="Jobs that failed with this code in the last ten minutes.")
    last_hour: int
    jobs: list[FailedJob] = Field(description="The last five, newest first. Erased jobs are not listed.")


class SystemLoad(Schema):
    """Response of ``GET /stats``. The last minute consists of the last six complete intervals of ten seconds."""

    queues: dict[str, QueueLoad]
    running: int
    postponed: int = Field(description="Jobs postponed by some seconds because the object store failed.")
    workers: int = Field(description="Workers with a heartbeat in the last 30 s.")
    workers_unconfined: int = Field(
        description="Workers among these that read documents without a sandbox, because of their kernel or settings."
    )
    callbacks_pending: int = Field(description="Webhooks that have not been delivered yet.")
    requests_waiting: int = Field(description="Requests that wait for a job, in the process that responds.")
    max_open_jobs: int
    ended_last_minute: int
    ended_per_second: float
    mean_wait_seconds: float = Field(description="Mean waiting time of the jobs that started in the last minute.")
    as_of: datetime = Field(
        description="Time of Redis's clock at which `redis`, `worker_list` and `failures` were read; at most 2 s ago."
    )
    redis: RedisServer | None = Field(description="Null if the server does not allow `INFO`, or leaves out fields.")
    worker_list: list[WorkerState] = Field(description="By host and name; at most 1,000 workers and running jobs.")
    failures: list[FailureCode] = Field(description="By error code; the code of the latest failure is first.")
    grafana_url: str | None = Field(description="The Grafana dashboard of this service (setting `GRAFANA_URL`).")

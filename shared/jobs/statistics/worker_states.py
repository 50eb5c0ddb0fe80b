"""The workers and the jobs that they run now: heartbeats, and the leases of the job records."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from shared.jobs.holders import holder_of_token, label_of_holder, node_label
from shared.jobs.record import parse_time
from shared.jobs.redis_keys import RedisKeys
from shared.jobs.statistics.workers import WORKER_FORGOTTEN, WORKER_SILENCE
from shared.stats_schemas import RunningJob, WorkerState

_LIMIT = 1000
"""Maximum of workers, and of running jobs, that are read."""

_JOB_FIELDS = ("token", "kind", "started_at", "attempts")


@dataclass(frozen=True, slots=True)
class WorkerStates:
    """All workers at a time of Redis's clock, in seconds since 1970."""

    at: float
    workers: list[WorkerState]


async def read_workers(redis: Redis, keys: RedisKeys) -> WorkerStates:
    """Read the workers in two round trips, sorted by host and name.

    The work depends on the number of workers and running jobs, not on the number of queued jobs. A worker of an earlier
    version sends heartbeats without a report, so some fields are None.

    Raises
    ------
    redis.exceptions.RedisError

    """
    pipeline = redis.pipeline(transaction=False)
    pipeline.time()
    pipeline.zrange(keys.workers, 0, _LIMIT - 1, desc=True, withscores=True)
    pipeline.zrange(keys.unconfined, 0, _LIMIT - 1, desc=True)
    pipeline.zrange(keys.running, 0, _LIMIT - 1)
    (seconds, microseconds), heartbeats, unconfined, job_ids = await pipeline.execute()
    now = float(seconds) + float(microseconds) / 1e6
    # Heartbeats in the future were written before the server clock was set back.
    heard = {name: at for name, at in heartbeats if now - WORKER_FORGOTTEN <= at <= now + WORKER_SILENCE}
    for name in heard:
        pipeline.get(keys.worker(name))
    for job_id in job_ids:
        pipeline.hmget(keys.job(job_id), _JOB_FIELDS)
    responses = await pipeline.execute()
    jobs = _jobs_by_worker(dict(zip(job_ids, responses[len(heard) :], strict=True)))
    workers = [
        WorkerState(
            name=name,
            host=_host(name),
            state="running" if at >= now - WORKER_SILENCE else "lost",
            last_heartbeat_at=parse_time(at),
            **_report(report),
            sandboxed=name not in unconfined,
            jobs=jobs.pop(node_label(name), []),
        )
        for (name, at), report in zip(heard.items(), responses, strict=False)
    ]
    workers += [_stopping(label, running) for label, running in jobs.items()]
    return WorkerStates(now, sorted(workers, key=lambda worker: (worker.host, worker.name)))


def _jobs_by_worker(records: Mapping[str, list[str | None]]) -> dict[str, list[RunningJob]]:
    """Return the running jobs by the label of the worker that holds their lease."""
    jobs = defaultdict[str, list[RunningJob]](list)
    for job_id, fields in records.items():
        token, kind, started_at, attempts = fields
        if token and kind and started_at and attempts:  # it may have ended since the index was read
            job = RunningJob(id=job_id, kind=kind, started_at=parse_time(started_at), attempt=int(attempts))
            jobs[label_of_holder(holder_of_token(token))].append(job)
    return jobs


def _report(text: str | None) -> dict[str, Any]:
    """Return the fields that a worker reports about itself; fields of other versions are left out."""
    report: dict[str, Any] = json.loads(text) if text else {}
    started_at = report.get("started_at")
    return {
        "started_at": None if started_at is None else parse_time(started_at),
        "queues": report.get("queues"),
        "processes": report.get("processes"),
    }


def _stopping(label: str, jobs: list[RunningJob]) -> WorkerState:
    """Return a worker that has removed itself from the registry and finishes its last jobs."""
    return WorkerState(
        name=label,
        host=_host(label),
        state="stopping",
        last_heartbeat_at=None,
        **_report(None),
        sandboxed=True,
        jobs=jobs,
    )


def _host(node: str) -> str:
    return node.rpartition("@")[2]

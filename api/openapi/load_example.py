"""Example of the response of ``GET /stats``."""

import json
from typing import Any

from shared.stats_schemas import SystemLoad

_REDIS = {
    "product": "Valkey",
    "version": "9.0.0",
    "started_at": "2026-11-20T06:00:00Z",
    "role": "primary",
    "sentinel_primary": "10.0.0.5:6379",
    "replicas": 1,
    "clients": 42,
    "used_memory_bytes": 187_392_512,
    "max_memory_bytes": 2_147_483_648,
    "eviction_policy": "noeviction",
    "append_only_file": True,
    "append_ok": True,
    "snapshot_at": "2026-11-24T07:58:12Z",
    "snapshot_ok": True,
    "ping_milliseconds": 0.31,
}
_WORKER = {
    "name": "celery@worker-1",
    "host": "worker-1",
    "state": "running",
    "last_heartbeat_at": "2026-11-24T08:00:27.400000Z",
    "started_at": "2026-11-23T18:12:00Z",
    "queues": ["interactive", "bulk"],
    "processes": 2,
    "sandboxed": True,
    "jobs": [
        {
            "id": "6b0b7a3e-6c3a-4a55-9a60-0d1c8f1f2b11",
            "kind": "extract-face",
            "started_at": "2026-11-24T08:00:30.102000Z",
            "attempt": 1,
        }
    ],
}
_FAILURE = {
    "code": "no_face",
    "title": "No face found",
    "cause": "document",
    "last_ten_minutes": 131,
    "last_hour": 842,
    "jobs": [
        {
            "id": "0c1f7a3e-6c3a-4a55-9a60-0d1c8f1f2b11",
            "kind": "extract-face",
            "at": "2026-11-24T08:00:29.871000Z",
            "worker": "celery@worker-1",
        }
    ],
}


def load_example() -> dict[str, Any]:
    """Return the example, checked against its schema."""
    example = {
        "queues": {
            "interactive": {"waiting": 0, "oldest_seconds": 0.0},
            "bulk": {"waiting": 812, "oldest_seconds": 7.4},
        },
        "running": 8,
        "postponed": 0,
        "workers": 4,
        "workers_unconfined": 0,
        "callbacks_pending": 0,
        "requests_waiting": 3,
        "max_open_jobs": 1_000_000,
        "ended_last_minute": 6574,
        "ended_per_second": 109.57,
        "mean_wait_seconds": 7.102,
        "as_of": "2026-11-24T08:00:30.150000Z",
        "redis": _REDIS,
        "worker_list": [_WORKER],
        "failures": [_FAILURE],
        "grafana_url": "https://grafana.example.org/d/nsfas",
    }
    SystemLoad.model_validate_json(json.dumps(example))
    return example

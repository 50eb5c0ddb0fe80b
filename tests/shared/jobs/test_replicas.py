"""With ``REDIS_REPLICAS``, a new job and the end of a job wait until a replica has them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from redis import Redis
from structlog.testing import capture_logs

from shared.jobs import Cleanup, CreateResult, Execution, IdempotencyKey, JobRepository, NewJob
from shared.jobs.replicas import Replicas
from shared.queue import BULK
from shared.settings import Settings
from tests.shared.records import INPUT, KEYS, RESULT, Records
from tests.support.eventually import eventually
from tests.support.servers import valkey


@contextmanager
def replica_of(primary: Redis, folder: Path) -> Iterator[Redis]:
    """Run a server that replicates another one."""
    primary.config_set("repl-diskless-sync-delay", 0)
    with valkey(folder) as url, Redis.from_url(url, decode_responses=True) as replica:
        replica.replicaof("127.0.0.1", primary.get_connection_kwargs()["port"])
        eventually(lambda: replica.info("replication")["master_link_status"] == "up")
        yield replica


@contextmanager
def suspended(server: Redis) -> Iterator[None]:
    """Keep a server from running, inside the context."""
    process = psutil.Process(server.info("server")["process_id"])
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def waits(records: Records) -> int:
    """Return how often the server was asked to wait for its replicas."""
    return int(records.redis.info("commandstats").get("cmdstat_wait", {"calls": 0})["calls"])


@pytest.mark.long
def test_a_job_and_its_end_are_on_the_replica_once_they_are_accepted(
    records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.jobs.replicas._TIMEOUT", 4000)  # for a busy machine
    settings = Settings(redis_replicas=1)
    execution = Execution.from_settings(records.redis, settings)
    request = NewJob("extract-face", BULK, {"file": INPUT})
    with replica_of(records.redis, tmp_path) as replica:
        before = waits(records)
        records._ask(lambda redis: JobRepository.from_settings(redis, settings).create("id", request))
        assert replica.hget(KEYS.job("id"), "status") == "queued"
        assert waits(records) == before + 1
        job = execution.claim("id", "worker.1")
        assert job is not None
        assert execution.succeed(job, "worker.1", RESULT)
        assert replica.hget(KEYS.job("id"), "status") == "succeeded"
        assert waits(records) == before + 2
        assert execution.replicated


@pytest.mark.long
def test_the_repeated_command_of_a_worker_waits_for_the_replica_too(
    records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.jobs.replicas._TIMEOUT", 100)
    job = records.execution.claim(records.create(), "worker.1")
    assert job is not None
    with replica_of(records.redis, tmp_path) as replica, suspended(replica):
        assert records.execution.succeed(job, "worker.1", RESULT)  # its response is lost with the connection
        records.redis.connection_pool.disconnect()
        again = Execution.from_settings(records.redis, Settings(redis_replicas=1))
        assert again.succeed(job, "worker.1", RESULT)
        assert not again.replicated


@pytest.mark.long
@pytest.mark.parametrize("repeated", ["command", "request"])
def test_a_repeated_submission_waits_for_the_replica_too(
    records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repeated: str
) -> None:
    monkeypatch.setattr("shared.jobs.replicas._TIMEOUT", 100)

    def submit(job_id: str, replicas: int) -> CreateResult:
        settings, key = Settings(redis_replicas=replicas), IdempotencyKey("a-key", "fingerprint")
        request = NewJob("extract-face", BULK, {"file": INPUT})
        return records._ask(lambda redis: JobRepository.from_settings(redis, settings).create(job_id, request, key))

    with replica_of(records.redis, tmp_path) as replica, suspended(replica):
        first = submit("first", replicas=0)  # its response is lost with the connection
        with capture_logs() as log:
            assert submit("first" if repeated == "command" else "second", replicas=1).job == first.job
        assert [line["event"] for line in log] == ["replicas are behind"]
    assert records.redis.ttl(KEYS.idempotency("a-key")) > 0


@pytest.mark.long
def test_due_blobs_are_removed_once_a_replica_has_the_ends_of_their_jobs(
    records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.jobs.replicas._TIMEOUT", 4000)  # for a busy machine
    job_id = records.create()
    assert records.claim("worker.1", job_id)
    assert records.succeed(job_id, "worker.1")
    with replica_of(records.redis, tmp_path):
        assert Cleanup(records.redis, replicas=1).removable_blobs() == [INPUT.path]


@pytest.mark.long
def test_due_documents_are_kept_while_a_replica_is_behind_and_cleanup_pauses(
    records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.jobs.replicas._TIMEOUT", 100)
    cleanup = Cleanup.from_settings(records.redis, Settings(redis_replicas=1))
    job_id = records.create()
    assert records.claim("worker.1", job_id)
    with replica_of(records.redis, tmp_path) as replica, suspended(replica):
        assert records.succeed(job_id, "worker.1")
        records.redis.zadd(KEYS.expiring, {RESULT.path: time.time() - 1})
        records.redis.connection_pool.disconnect()  # a connection without writes, for which WAIT would not wait
        cleanup.mark_started()
        assert cleanup.removable_blobs() == [RESULT.path]
        assert cleanup.removable_blobs() == [RESULT.path], "the replica is still behind"
        assert not cleanup.is_due()


def test_job_ends_are_not_confirmed_during_the_pause_after_a_timeout(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.jobs.replicas._TIMEOUT", 1)  # the server has no replica
    execution = Execution.from_settings(records.redis, Settings(redis_replicas=1))
    before = waits(records)
    for token in ("worker.1", "worker.2"):
        job = execution.claim(records.create(), token)
        assert job is not None
        assert execution.succeed(job, token, RESULT)
        assert not execution.replicated
    assert waits(records) == before + 1, "nothing waits again right after a timeout"


def test_the_end_of_a_job_is_confirmed_only_by_enough_replicas() -> None:
    replicas = Replicas(2)
    assert not replicas.confirm(1)
    assert replicas.confirm(2)


def test_only_writes_that_need_replicas_wait_for_them() -> None:
    assert Replicas(1).should_wait
    assert not Replicas(0).should_wait


def test_after_a_timeout_nothing_waits_until_a_pause_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    replicas = Replicas(1)
    replicas.confirm(0)
    assert not replicas.should_wait
    monkeypatch.setattr("shared.jobs.replicas._PAUSE", 0.0)
    assert replicas.should_wait

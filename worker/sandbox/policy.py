"""The sandbox policy: what a pool process may still access, derived from the settings."""

import os
import ssl
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import shared
import worker
from shared.metrics.multiprocess import VARIABLE
from shared.settings import Settings
from worker.sandbox.endpoints import DNS, endpoints_from_settings

_SYSTEM = (
    # Host name lookup.
    *("/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf"),
    # Trusted certificate authorities and OpenSSL's configuration, on Debian, Red Hat and others.
    *(
        "/etc/ssl/certs",
        "/etc/ssl/openssl.cnf",
        "/usr/lib/ssl",
        "/etc/pki/tls",
        "/etc/pki/ca-trust",
        "/etc/crypto-policies",
    ),
    *("/usr/share/ca-certificates", "/usr/local/share/ca-certificates"),
    # Libraries that are loaded on first use.
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"),
    # Time zones, random numbers, and the number of cores and the amount of memory.
    *("/etc/localtime", "/usr/share/zoneinfo", "/dev/urandom", "/dev/random", "/dev/zero"),
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/sys/vm/overcommit_memory", "/sys/devices/system", "/sys/fs/cgroup"),
)
"""World-readable paths that libraries may read at any time. None is ours, and none is a home directory."""

_ACCELERATOR = ("/dev/nvidia*", "/dev/nvidia-caps/*", "/proc/driver/nvidia", "/sys/module/nvidia*", "/sys/bus/pci")
"""Additional paths that CUDA opens."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The access that a pool process keeps.

    Attributes
    ----------
    read, write
        Files and directories to read, and to read and write.
    ports
        Allowed ports of TCP connections, on any host; None for all.
    unix_sockets
        Allowed Unix sockets. Before Linux 7.1, any entry allows all sockets, and an empty set allows none.
    udp
        Whether datagrams may be sent, for DNS lookups.

    """

    read: frozenset[Path] = frozenset()
    write: frozenset[Path] = frozenset()
    ports: frozenset[int] | None = frozenset()
    unix_sockets: frozenset[Path] = frozenset()
    udp: bool = False


def policy_from_settings(settings: Settings) -> Policy:
    """Return the policy: access to Redis, the object store, the trace collector, our code and the metrics files.

    Creates the directory of the object store if it is missing. If Redis is behind Sentinels, asks them for the servers.
    """
    endpoints = endpoints_from_settings(settings)
    resolves = any(endpoint.is_name for endpoint in endpoints.tcp)
    ports = frozenset({*(endpoint.port for endpoint in endpoints.tcp), *({DNS} if resolves else ())})
    write = {*_directories(settings), Path(os.devnull)}
    if settings.vision_provider == "cuda":
        write |= {path for pattern in _ACCELERATOR for path in Path("/").glob(pattern.lstrip("/"))}
    return Policy(
        read=frozenset({*map(Path, _SYSTEM), *_code(), *_authorities(), *endpoints.files}),
        write=frozenset(write),
        ports=ports if endpoints.complete else None,
        unix_sockets=frozenset(endpoints.unix_sockets),
        udp=resolves,
    )


def _directories(settings: Settings) -> Iterator[Path]:
    """Yield the directories that pool processes write to: of a file-based object store, and of the metrics files."""
    parts = urlsplit(settings.blobs_url)
    if parts.scheme == "file":
        directory = Path(unquote(parts.path))
        directory.mkdir(parents=True, exist_ok=True)
        yield directory
    if VARIABLE in os.environ:  # noqa: TID251 - not one of our settings
        yield Path(os.environ[VARIABLE])  # noqa: TID251


def _code() -> Iterator[Path]:
    """Yield the directories of Python modules: the standard library, packages, and ours. Other files are excluded."""
    for name in ("stdlib", "platstdlib", "purelib", "platlib"):
        yield Path(sysconfig.get_path(name))
    yield from (path for path in map(Path, sys.path) if path.name in {"site-packages", "dist-packages"})
    for package in (shared, worker):
        yield Path(package.__path__[0])


def _authorities() -> Iterator[Path]:
    """Yield the paths where OpenSSL looks for certificates. The environment can change them."""
    found = ssl.get_default_verify_paths()
    yield from (Path(path) for path in (found.cafile, found.capath) if path)

"""What a pool process may still reach once it is confined, as the settings have it."""

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
from worker.sandbox.endpoints import DNS, places_of

_SYSTEM = (
    # Names of hosts.
    *("/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf"),
    # Authorities that certificates are trusted by, and the settings of OpenSSL, on Debian, Red Hat and others.
    *(
        "/etc/ssl/certs",
        "/etc/ssl/openssl.cnf",
        "/usr/lib/ssl",
        "/etc/pki/tls",
        "/etc/pki/ca-trust",
        "/etc/crypto-policies",
    ),
    *("/usr/share/ca-certificates", "/usr/local/share/ca-certificates"),
    # Libraries that are loaded when they are needed first.
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"),
    # Time zones, random numbers, and how many cores and how much memory there are.
    *("/etc/localtime", "/usr/share/zoneinfo", "/dev/urandom", "/dev/random", "/dev/zero"),
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/sys/vm/overcommit_memory", "/sys/devices/system", "/sys/fs/cgroup"),
)
"""What libraries may read at any time, and anybody may: nothing of ours, and no home directory."""

_ACCELERATOR = ("/dev/nvidia*", "/dev/nvidia-caps/*", "/proc/driver/nvidia", "/sys/module/nvidia*", "/sys/bus/pci")
"""What CUDA opens besides."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a pool process may still do.

    Attributes
    ----------
    read, write
        Files and directories that it may read, and read and write.
    ports
        To which TCP connections may be made, on any host; None for all.
    unix_sockets
        Unix sockets to which connections may be made; before Linux 7.1 to all or none.
    udp
        Whether datagrams may be sent: to look up names of hosts.

    """

    read: frozenset[Path] = frozenset()
    write: frozenset[Path] = frozenset()
    ports: frozenset[int] | None = frozenset()
    unix_sockets: frozenset[Path] = frozenset()
    udp: bool = False


def policy_of(settings: Settings) -> Policy:
    """Return the policy: Redis, the object store, the collector of traces, our code and our figures.

    Makes the directory of the object store if it is missing. Asks the Sentinels, if there are any.
    """
    places = places_of(settings)
    resolves = any(place.is_name for place in places.tcp)
    ports = frozenset({*(place.port for place in places.tcp), *({DNS} if resolves else ())})
    write = {*_directories(settings), Path(os.devnull)}
    if settings.vision_provider == "cuda":
        write |= {path for pattern in _ACCELERATOR for path in Path("/").glob(pattern.lstrip("/"))}
    return Policy(
        read=frozenset({*map(Path, _SYSTEM), *_code(), *_authorities(), *places.files}),
        write=frozenset(write),
        ports=ports if places.complete else None,
        unix_sockets=frozenset(places.unix_sockets),
        udp=resolves,
    )


def _directories(settings: Settings) -> Iterator[Path]:
    """Yield the directories that pool processes write to: of the object store, if it is one, and of figures."""
    parts = urlsplit(settings.blobs_url)
    if parts.scheme == "file":
        directory = Path(unquote(parts.path))
        directory.mkdir(parents=True, exist_ok=True)
        yield directory
    if VARIABLE in os.environ:  # noqa: TID251 - it is not a setting of ours
        yield Path(os.environ[VARIABLE])  # noqa: TID251


def _code() -> Iterator[Path]:
    """Yield the directories of modules: Python's, those of packages, and ours, but no other file of the checkout."""
    for name in ("stdlib", "platstdlib", "purelib", "platlib"):
        yield Path(sysconfig.get_path(name))
    yield from (path for path in map(Path, sys.path) if path.name in {"site-packages", "dist-packages"})
    for package in (shared, worker):
        yield Path(package.__path__[0])


def _authorities() -> Iterator[Path]:
    """Yield where OpenSSL looks for certificates, which the environment may say."""
    found = ssl.get_default_verify_paths()
    yield from (Path(path) for path in (found.cafile, found.capath) if path)

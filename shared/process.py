"""What a process of the service asks of the system that it runs on."""

import resource

_CONNECTIONS = 65_536


def forbid_core_files() -> None:
    """Leave no core file, should this process or one that it starts crash: it would hold documents and keys."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def allow_many_connections() -> None:
    """Let this process hold as many connections as the system lets it; by default that is often 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS if hard == resource.RLIM_INFINITY else min(_CONNECTIONS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

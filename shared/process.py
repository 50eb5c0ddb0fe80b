"""What holds for every process of the service that has documents in its memory."""

import resource


def forbid_core_files() -> None:
    """Leave no core file, should this process or one that it starts crash: it would hold documents and keys."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

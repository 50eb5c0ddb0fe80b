"""The memory limit, in a process of its own because it applies to the whole process."""

import subprocess
import sys

import pytest

from worker.memory_limit import data_size

MEGABYTE = 1024 * 1024

PROGRAM = """
import resource
from worker.memory_limit import limit_memory
from shared.process import forbid_core_files
with limit_memory(100 << 20):
    try:
        bytearray(200 << 20)
    except MemoryError:
        print("no memory")
    bytearray(50 << 20)
bytearray(200 << 20)
forbid_core_files()
print(resource.getrlimit(resource.RLIMIT_CORE))
"""


@pytest.mark.skipif(data_size() is None, reason="the memory limit exists on Linux only")
def test_the_memory_limit_applies_in_the_context_and_not_after_it() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["no memory", "(0, 0)"]

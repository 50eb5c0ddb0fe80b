"""The bound on memory: in a process of its own, since it is the process that is bounded."""

import subprocess
import sys

import pytest

from worker.memory_limit import data_held

MEGABYTE = 1024 * 1024

PROGRAM = """
import resource
from worker.memory_limit import confined
from shared.process import forbid_core_files
with confined(100 << 20):
    try:
        bytearray(200 << 20)
    except MemoryError:
        print("refused")
    bytearray(50 << 20)
bytearray(200 << 20)
forbid_core_files()
print(resource.getrlimit(resource.RLIMIT_CORE))
"""


@pytest.mark.skipif(data_held() is None, reason="memory is bounded on Linux alone")
def test_memory_is_bounded_in_the_context_and_not_after_it() -> None:
    answer = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines() == ["refused", "(0, 0)"]

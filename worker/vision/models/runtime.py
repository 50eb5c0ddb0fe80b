"""Where the networks run. The only file that knows onnxruntime and its execution providers."""

import os
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

# Since 1.29 onnxruntime's builds for Linux and macOS send events to Microsoft, and write an identifier into the home
# directory, unless this is set before it is imported (its Privacy.md, "Disabling Telemetry").
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # noqa: TID251 - the library takes it from there alone

import onnxruntime

Provider = Literal["cpu", "cuda"]

_PROVIDERS: dict[Provider, list[str]] = {
    "cpu": ["CPUExecutionProvider"],
    "cuda": ["CUDAExecutionProvider", "CPUExecutionProvider"],
}
_LOG_ERRORS = 3  # onnxruntime's severity scale; its warnings are about graphs that we do not author

_LARGE_INPUT = 2_000_000
"""Values of a batch from which its memory is given back after the run.

onnxruntime keeps what its largest run has taken: after a third look at a page, which is rare, 290 MB of the process for
good. The first two looks keep their memory, up to 1,769,472 values, because giving back costs time.
"""

Array = NDArray[np.float32]


class Session(Protocol):
    """A loaded network: one input, several outputs."""

    @property
    def batch_size(self) -> int | None:
        """How many items a batch must have; None if as many as one likes."""
        ...

    def run(self, batch: Array) -> list[Array]:
        """Return the outputs, in the order of the graph, for a float32 batch."""
        ...


class OnnxSession:
    """A network on onnxruntime.

    Its attribute ``lists_weights`` says whether the graph names more inputs than the picture, as published ones often
    do: see :func:`worker.vision.models.onnx_graphs.normalised`.

    Parameters
    ----------
    model
        The ONNX file, or its content.
    provider
        ``cpu``, or ``cuda`` with ``onnxruntime-gpu`` installed; operators that CUDA lacks fall back to the CPU, and so
        does everything where there is no CUDA.
    threads
        Threads for one call. One, so that worker processes scale with cores instead of competing for them.

    """

    def __init__(self, model: Path | bytes, provider: Provider = "cpu", threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _LOG_ERRORS
        if provider == "cuda":
            onnxruntime.preload_dlls()  # CUDA's own libraries, where they are packages of this environment
        # Where onnxruntime was built without CUDA, `cuda` runs on the CPU: `provider` tells.
        available = set(onnxruntime.get_available_providers())
        providers = [name for name in _PROVIDERS[provider] if name in available]
        self._session = onnxruntime.InferenceSession(
            model if isinstance(model, bytes) else str(model), options, providers=providers
        )
        self.provider: Provider = "cuda" if self._session.get_providers()[0] == _PROVIDERS["cuda"][0] else "cpu"
        self._giving_back = onnxruntime.RunOptions()
        self._giving_back.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        inputs = self._session.get_inputs()
        taken = inputs[0]
        self.lists_weights = len(inputs) > 1 or bool(self._session.get_overridable_initializers())
        self._input = taken.name
        self.batch_size: int | None = taken.shape[0] if taken.shape and isinstance(taken.shape[0], int) else None

    def run(self, batch: Array) -> list[Array]:
        options = self._giving_back if batch.size > _LARGE_INPUT else None
        outputs: list[Array] = self._session.run(None, {self._input: batch}, options)
        return outputs

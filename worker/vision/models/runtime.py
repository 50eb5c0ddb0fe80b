"""The runtime of the networks: onnxruntime and its execution providers. No other module uses onnxruntime."""

import os
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

# Since version 1.29, onnxruntime's builds for Linux and macOS send events to Microsoft and write an identifier to the
# home directory, unless this variable is set before the import (onnxruntime's Privacy.md, "Disabling Telemetry").
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # noqa: TID251 - onnxruntime reads only the environment

import onnxruntime

Provider = Literal["cpu", "cuda"]

_PROVIDERS: dict[Provider, list[str]] = {
    "cpu": ["CPUExecutionProvider"],
    "cuda": ["CUDAExecutionProvider", "CPUExecutionProvider"],
}
_LOG_ERRORS = 3  # onnxruntime's severity scale; warnings are about published graphs, which we cannot change

_LARGE_INPUT = 2_000_000
"""Number of values in a batch above which its memory is released after the run.

onnxruntime keeps the memory of its largest run. After the third search of a page, which is rare, the process would keep
290 MB until it ends. The first two searches keep their memory, up to 1,769,472 values, because releasing it takes time.
"""

Array = NDArray[np.float32]


class Session(Protocol):
    """A loaded network with one input and several outputs."""

    @property
    def batch_size(self) -> int | None:
        """Number of items that a batch must have; None for any number."""
        ...

    def run(self, batch: Array) -> list[Array]:
        """Return the outputs for a float32 batch, in the order of the graph."""
        ...


class OnnxSession:
    """A network on onnxruntime.

    The attribute ``has_weight_inputs`` tells whether the graph lists its weights among its inputs, as published graphs
    often do: see :func:`worker.vision.models.onnx_graphs.normalise`.

    Parameters
    ----------
    model
        The ONNX file, or its content.
    provider
        ``cpu``, or ``cuda`` with ``onnxruntime-gpu`` installed. Operators that CUDA does not have run on the CPU.
        Without CUDA, the whole network runs on the CPU.
    threads
        Threads of one call. The default is one, so that worker processes do not compete for cores.

    """

    def __init__(self, model: Path | bytes, provider: Provider = "cpu", threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _LOG_ERRORS
        if provider == "cuda":
            onnxruntime.preload_dlls()  # CUDA's libraries, if they are installed as packages
        # If onnxruntime was built without CUDA, `cuda` runs on the CPU. The attribute `provider` gives the actual one.
        available = set(onnxruntime.get_available_providers())
        providers = [name for name in _PROVIDERS[provider] if name in available]
        self._session = onnxruntime.InferenceSession(
            model if isinstance(model, bytes) else str(model), options, providers=providers
        )
        self.provider: Provider = "cuda" if self._session.get_providers()[0] == _PROVIDERS["cuda"][0] else "cpu"
        self._release_after_run = onnxruntime.RunOptions()
        self._release_after_run.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        inputs = self._session.get_inputs()
        first = inputs[0]
        self.has_weight_inputs = len(inputs) > 1 or bool(self._session.get_overridable_initializers())
        self._input = first.name
        self.batch_size: int | None = first.shape[0] if first.shape and isinstance(first.shape[0], int) else None

    def run(self, batch: Array) -> list[Array]:
        options = self._release_after_run if batch.size > _LARGE_INPUT else None
        outputs: list[Array] = self._session.run(None, {self._input: batch}, options)
        return outputs

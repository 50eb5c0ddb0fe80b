"""Rewritten graphs give the same results as the published ones."""

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from worker.vision.models import onnx_graphs
from worker.vision.models.runtime import OnnxSession

SHAPE = (2, 4, 3, 3)


def prelu_graph(slopes: NDArray[np.float32], *, constant: bool = True) -> onnx.ModelProto:
    """Return a graph that is one PRelu, whose slopes are constant or a result of the input."""
    data, result = (helper.make_tensor_value_info(name, TensorProto.FLOAT, SHAPE) for name in ("data", "result"))
    weights = [numpy_helper.from_array(slopes, "weights")]
    nodes = [helper.make_node("PRelu", ["data", "weights" if constant else "slopes"], ["result"])]
    if not constant:
        nodes.insert(0, helper.make_node("Mul", ["data", "weights"], ["slopes"]))
    graph = helper.make_graph(nodes, "prelu", [data], [result], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def run(model: onnx.ModelProto, batch: NDArray[np.float32]) -> NDArray[np.float32]:
    return OnnxSession(model.SerializeToString()).run(batch)[0]


@pytest.mark.parametrize("slope", [-0.8, 0.0, 0.25, 1.0, 1.5])
def test_a_prelu_is_replaced_by_operators_with_the_same_result(slope: float) -> None:
    batch = np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)
    model = prelu_graph(np.array([slope, 0.1, 0.2, 0.3], np.float32).reshape(4, 1, 1))
    expected = run(model, batch)
    onnx_graphs.replace_prelu(model)
    onnx.checker.check_model(model)
    assert "PRelu" not in {node.op_type for node in model.graph.node}
    np.testing.assert_allclose(run(model, batch), expected, atol=1e-6)


def test_a_prelu_whose_slopes_are_computed_is_kept() -> None:
    model = prelu_graph(np.ones((4, 1, 1), np.float32), constant=False)
    onnx_graphs.replace_prelu(model)
    assert [node.op_type for node in model.graph.node] == ["Mul", "PRelu"]

"""Rewrites published ONNX graphs into a form that onnxruntime executes fast."""

from collections.abc import Iterable

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

_FOLDED = {"Constant", "DequantizeLinear", "Reshape"}
"""Operators that are computed in advance if all their inputs are constant. They unpack weights that are stored as
blocks of int8 with a scale for each block. onnxruntime would unpack them in every call, which takes two thirds of
SFace's time."""


def normalise(data: bytes) -> onnx.ModelProto:
    """Read a graph, and remove every input except those that a caller must give.

    Weights that are computed from constants become constants. Published graphs often list their weights as inputs too.
    onnxruntime then assumes that a call may replace them, and does not fold the layers that use them (CenterFace runs
    at half its speed), or it requires every caller to give them.

    Raises
    ------
    Exception
        The bytes are not an ONNX graph; onnx raises undeclared types.

    """
    model = onnx.load_from_string(data)
    graph = model.graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = [node for node in graph.node if not _fold(node, constants)]
    used = _used(nodes) | {value.name for value in graph.output}
    inputs = [value for value in graph.input if value.name in used and value.name not in constants]
    _replace(graph.node, nodes)
    _replace(graph.input, inputs)
    weights = {name: value for name, value in constants.items() if name in used}
    _replace(graph.initializer, (numpy_helper.from_array(value, name) for name, value in weights.items()))
    del graph.value_info[:]  # shapes of intermediate results, which are valid only for the published batch size
    return model


def make_batch_dynamic(model: onnx.ModelProto) -> None:
    """Make the first dimension of inputs and outputs dynamic. Only use it on graphs that are known to allow this."""
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "n"


def make_size_dynamic(model: onnx.ModelProto) -> None:
    """Make every dimension after the first two of inputs dynamic, and every dimension after the first of outputs.

    Only use it on graphs that are known to allow this: fully convolutional ones.
    """
    for values, fixed in ((model.graph.input, 2), (model.graph.output, 1)):
        for value in values:
            for axis, dimension in enumerate(value.type.tensor_type.shape.dim):
                if axis >= fixed:
                    dimension.dim_param = f"{value.name}{axis}"


def replace_prelu(model: onnx.ModelProto) -> None:
    """Replace each PRelu that has constant slopes by operators that onnxruntime executes fast.

    On the CPU, onnxruntime computes PRelu value by value, and first converts its input from the memory layout of the
    convolutions. In SFace, this takes more time than all convolutions. Mul, Relu and Add are vectorised, and
    onnxruntime executes them in that layout.
    """
    graph = model.graph
    slopes = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type == "PRelu" and node.input[1] in slopes:
            complement = f"{node.output[0]}_complement"
            graph.initializer.append(numpy_helper.from_array(1 - slopes[node.input[1]], complement))
            nodes.extend(_without_prelu(node, complement))
        else:
            nodes.append(node)
    _replace(graph.node, nodes)


def _without_prelu(prelu: onnx.NodeProto, complement: str) -> list[onnx.NodeProto]:
    """Return operators that compute a PRelu, for slopes of any size: ``slope * x + (1 - slope) * relu(x)``.

    ``complement`` is the name of ``1 - slope``.
    """
    (x, slope), y = prelu.input, prelu.output[0]
    return [
        helper.make_node("Mul", [x, slope], [f"{y}_linear"]),
        helper.make_node("Relu", [x], [f"{y}_positive"]),
        helper.make_node("Mul", [f"{y}_positive", complement], [f"{y}_remainder"]),
        helper.make_node("Add", [f"{y}_linear", f"{y}_remainder"], [y]),
    ]


def _used(nodes: Iterable[onnx.NodeProto]) -> set[str]:
    """Return the names of the inputs of nodes, including those in the subgraphs of branches and loops."""
    names: set[str] = set()
    for node in nodes:
        names.update(node.input)
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                names |= _used(graph.node) | {value.name for value in graph.output}
    return names


def _fold(node: onnx.NodeProto, constants: dict[str, NDArray[np.generic]]) -> bool:
    """Compute a node from constants and add its outputs to them. Return whether this was possible."""
    if node.op_type not in _FOLDED or not all(name in constants for name in node.input):
        return False
    outputs = ReferenceEvaluator(node).run(None, {name: constants[name] for name in node.input})
    constants.update((name, np.asarray(value)) for name, value in zip(node.output, outputs, strict=True))
    return True


def _replace(field: "object", values: Iterable[object]) -> None:
    """Replace the values of a repeated field."""
    kept = list(values)
    del field[:]  # type: ignore[attr-defined]  # protobuf's containers have no public type
    field.extend(kept)  # type: ignore[attr-defined]

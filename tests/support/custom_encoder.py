"""A simple encoder in ONNX, with a manifest, as an operator's own encoder has."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE = 112
ARCFACE = [[38.29, 51.70], [73.53, 51.50], [56.03, 71.74], [41.55, 92.37], [70.73, 92.20]]


def network(*, batch: int | str = "n", layout: str = "NCHW", weights_as_inputs: bool = False) -> bytes:
    """Return a simple network: it reduces its input to 8 by 8 by 3 values and subtracts their mean."""
    weight = numpy_helper.from_array(np.full((1,), 1.0, np.float32), "one")
    shape = [batch, 3, SIZE, SIZE] if layout == "NCHW" else [batch, SIZE, SIZE, 3]
    to_channels_first = helper.make_node("Transpose", ["x"], ["channels"], perm=[0, 3, 1, 2])
    nodes = [
        to_channels_first if layout == "NHWC" else helper.make_node("Identity", ["x"], ["channels"]),
        helper.make_node("AveragePool", ["channels"], ["pooled"], kernel_shape=[14, 14], strides=[14, 14]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("ReduceMean", ["flat"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["flat", "mean"], ["centred"]),
        helper.make_node("Mul", ["centred", "one"], ["embedding"]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    inputs = [x, helper.make_tensor_value_info("one", TensorProto.FLOAT, [1])] if weights_as_inputs else [x]
    if weights_as_inputs:  # and an unused input, as in networks of OpenCV Zoo
        inputs.append(helper.make_tensor_value_info("left_over", TensorProto.FLOAT, [1]))
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [batch, 192])
    graph = helper.make_graph(nodes, "crude", inputs, [embedding], [weight])
    data: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    ).SerializeToString()
    return data


def constant_network() -> bytes:
    """Return a network that gives every face the same embedding."""
    model = onnx.load_from_string(network())
    model.graph.node[-1].CopyFrom(helper.make_node("Sub", ["mean", "mean"], ["embedding"]))
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 1
    data: bytes = model.SerializeToString()
    return data


def manifest(folder: Path, data: bytes | None = None, **changes: Any) -> Path:
    """Write a network and its manifest to a folder. ``changes`` replace fields; None removes a field."""
    data = network() if data is None else data
    (folder / "crude.onnx").write_bytes(data)
    content = {
        "model": "crude.onnx",
        "sha256": hashlib.sha256(data).hexdigest(),
        "width": SIZE,
        "height": SIZE,
        "colour": "RGB",
        "mean": [127.5, 127.5, 127.5],
        "scale": 1 / 128,
        "template": ARCFACE,
        "metric": "cosine",
        "threshold": None,
        "false_match_rates": [[0.1, 0.00001], [0.3, 0.001], [0.5, 0.1]],
    }
    path = folder / "manifest.json"
    path.write_text(json.dumps({name: value for name, value in (content | changes).items() if value is not None}))
    return path

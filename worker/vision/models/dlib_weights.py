"""Conversion of dlib's face recognition network to an ONNX graph.

The published file ``dlib_face_recognition_resnet_model_v1.dat`` has dlib's own serialisation format: layer names with
a length prefix, variable-length integers, and raw little-endian float32 tensors. The file does not contain the
architecture. That is the ``anet_type`` of dlib's example ``dnn_face_recognition_ex.cpp``, and this module rebuilds it
layer by layer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from worker.vision.models.dlib_network import CHIP_SIZE, EMBEDDING_SIZE

_OPSET = 17

# Normalisation of the RGB values: dlib's input_rgb_image_sized subtracts the mean and divides by 256.
_MEAN_RGB = np.array([122.782, 117.001, 104.298], dtype=np.float64)
_SCALE = 256.0

# The residual stages in forward order: the number of channels, and for each block whether it halves the size of its
# input (ares_down) or not (ares).
_STAGES: tuple[tuple[int, tuple[bool, ...]], ...] = (
    (32, (False, False, False)),
    (64, (True, False, False, False)),
    (128, (True, False, False)),
    (256, (True, False, False)),
    (256, (True,)),
)

Array = NDArray[np.float32]


class WeightsFormatError(ValueError):
    """The file does not contain the expected network."""


def convert(data: bytes) -> onnx.ModelProto:
    """Convert the serialised dlib network to an ONNX model with the same output.

    Parameters
    ----------
    data
        The bytes of ``dlib_face_recognition_resnet_model_v1.dat``.

    Returns
    -------
    onnx.ModelProto
        Input ``chips``: float32 ``(N, 3, 150, 150)``, RGB, 0..255. Output ``embeddings``: float32 ``(N, 128)``.
        The normalisation of the input and every affine layer are folded into the convolutions.

    Raises
    ------
    WeightsFormatError
        The file does not contain the tensors of the network.

    """
    layers = list(zip(_tensors(data, b"con_4"), _tensors(data, b"affine_"), strict=False))
    # A fully connected layer writes its two sizes before its tensor.
    matrices = list(_tensors(data, b"fc_2", leading_integers=2))
    shapes = list(_shapes())
    if len(layers) != len(shapes) or len(matrices) != 1:
        raise WeightsFormatError(
            f"expected {len(shapes)} convolutions and 1 matrix, found {len(layers)} and {len(matrices)}"
        )
    convolutions = [_fold(filters, affine, shape) for (filters, affine), shape in zip(layers, shapes, strict=True)]
    _fold_normalisation(convolutions[0])
    return _Graph(convolutions).build(matrices[0].reshape(-1, EMBEDDING_SIZE))


@dataclass
class _Convolution:
    """One convolution with its affine layer folded in: weights ``(out, in, height, width)`` and bias ``(out,)``."""

    weight: Array
    bias: Array


def _tensors(data: bytes, layer: bytes, leading_integers: int = 0) -> Iterator[Array]:
    """Yield the flat parameter tensor of each layer with this name, in the order of the file (the forward order)."""
    # A name is stored as its length, in dlib's variable-length form (a count byte and the value), followed by its
    # bytes.
    marker = bytes([1, len(layer)]) + layer
    position = data.find(marker)
    while position >= 0:
        cursor = position + len(marker)
        for _ in range(leading_integers):
            _, cursor = _integer(data, cursor)
        version, cursor = _integer(data, cursor)
        if version != 2:  # noqa: PLR2004 - the only version that dlib has written since 2015
            raise WeightsFormatError(f"unknown tensor version {version} of layer {layer.decode()}")
        size = 1
        for _ in range(4):  # samples, channels, rows, columns
            extent, cursor = _integer(data, cursor)
            size *= extent
        if size <= 0 or cursor + 4 * size > len(data):
            raise WeightsFormatError(f"a tensor of layer {layer.decode()} is longer than the file")
        yield np.frombuffer(data, dtype="<f4", count=size, offset=cursor)
        position = data.find(marker, cursor + 4 * size)


def _integer(data: bytes, cursor: int) -> tuple[int, int]:
    """Read dlib's variable-length integer; return it and the position after it.

    It consists of a control byte, with the sign (0x80) and the number of bytes, and of those bytes.
    """
    control = data[cursor]
    end = cursor + 1 + (control & 0x0F)
    value = int.from_bytes(data[cursor + 1 : end], "little")
    return (-value if control & 0x80 else value), end


def _shapes() -> Iterator[tuple[int, int, int]]:
    """Yield (outputs, inputs, kernel side) of every convolution in forward order."""
    yield _STAGES[0][0], 3, 7
    inputs = _STAGES[0][0]
    for channels, blocks in _STAGES:
        for _ in blocks:
            yield channels, inputs, 3
            yield channels, channels, 3
            inputs = channels


def _fold(filters: Array, affine: Array, shape: tuple[int, int, int]) -> _Convolution:
    """Fold ``gamma * (W x + b) + beta`` into one convolution. The biases follow the filters, and beta follows gamma."""
    outputs, inputs, side = shape
    if filters.size != outputs * (inputs * side * side + 1) or affine.size != 2 * outputs:
        raise WeightsFormatError(
            f"a convolution of shape {shape} has {filters.size} parameters, and its affine layer has {affine.size}"
        )
    gamma, beta = affine[:outputs], affine[outputs:]
    weight = filters[:-outputs].reshape(outputs, inputs, side, side) * gamma[:, None, None, None]
    return _Convolution(weight, filters[-outputs:] * gamma + beta)


def _fold_normalisation(first: _Convolution) -> None:
    """Fold ``(pixel - mean) / 256`` into the first convolution. This is exact: that convolution has no padding."""
    weight = first.weight.astype(np.float64) / _SCALE
    shift = (weight * _MEAN_RGB[None, :, None, None]).sum(axis=(1, 2, 3))
    first.bias = (first.bias - shift).astype(np.float32)
    first.weight = weight.astype(np.float32)


@dataclass
class _Graph:
    """Builds the ONNX nodes. Each method adds nodes and returns the name of its output."""

    convolutions: list[_Convolution]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)
    used: int = 0

    def build(self, matrix: Array) -> onnx.ModelProto:
        x = self._relu(self._convolve("chips", stride=2, padding=0))
        x = self._add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2])
        side = 35  # 150 pixels; 72 after the first convolution; 35 after the pooling
        channels = _STAGES[0][0]
        for width, blocks in _STAGES:
            for halve in blocks:
                x, side = self._block(x, side, channels, width, halve=halve)
                channels = width
        pooled = self._add("Flatten", [self._add("GlobalAveragePool", [x])])
        self._add("MatMul", [pooled, self._constant("matrix", matrix)], output="embeddings")
        return self._model()

    def _block(self, x: str, side: int, channels: int, width: int, *, halve: bool) -> tuple[str, int]:
        """Add two convolutions and a shortcut. The smaller branch is zero-padded, as in dlib's add_prev."""
        inner = self._relu(self._convolve(x, stride=2 if halve else 1, padding=0 if halve else 1))
        branch = self._convolve(inner, stride=1, padding=1)
        if not halve:
            return self._relu(self._add("Add", [branch, x])), side
        branch_side, shortcut_side = (side - 3) // 2 + 1, (side - 2) // 2 + 1
        result_side = max(branch_side, shortcut_side)
        shortcut = self._add("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
        shortcut = self._pad(shortcut, width - channels, result_side - shortcut_side)
        branch = self._pad(branch, 0, result_side - branch_side)
        return self._relu(self._add("Add", [branch, shortcut])), result_side

    def _convolve(self, x: str, *, stride: int, padding: int) -> str:
        layer, name = self.convolutions[self.used], f"conv{self.used}"
        self.used += 1
        inputs = [x, self._constant(f"{name}.weight", layer.weight), self._constant(f"{name}.bias", layer.bias)]
        return self._add("Conv", inputs, strides=[stride, stride], pads=[padding] * 4)

    def _relu(self, x: str) -> str:
        return self._add("Relu", [x])

    def _pad(self, x: str, channels: int, pixels: int) -> str:
        """Append zero channels, zero rows at the bottom, and zero columns at the right."""
        if channels == 0 and pixels == 0:
            return x
        amounts = np.array([0, 0, 0, 0, 0, channels, pixels, pixels], dtype=np.int64)
        return self._add("Pad", [x, self._constant(f"pads{len(self.nodes)}", amounts)])

    def _constant(self, name: str, value: NDArray[np.float32] | NDArray[np.int64]) -> str:
        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def _add(self, operator: str, inputs: list[str], *, output: str = "", **attributes: Any) -> str:
        name = output or f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def _model(self) -> onnx.ModelProto:
        chips = helper.make_tensor_value_info("chips", TensorProto.FLOAT, ["n", 3, CHIP_SIZE, CHIP_SIZE])
        embeddings = helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["n", EMBEDDING_SIZE])
        graph = helper.make_graph(self.nodes, "dlib-resnet", [chips], [embeddings], self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=9)
        onnx.checker.check_model(model)
        return model

"""ONNX Runtime."""

import os
from collections.abc import Iterator
from typing import Any

import onnx
import onnx.parser
import onnxruntime

from bench import data
from bench.cases import Net
from bench.workers.serve import Task

VERSION = onnxruntime.__version__
HEADER = '<ir_version: 8, opset_import: ["": 17]> net'


def session(text: str, arrays: dict[str, Any]) -> onnxruntime.InferenceSession:
    """A net with these constants, with all optimizations."""
    made = onnx.parser.parse_model(f"{HEADER} {text}")
    named = ((array, name) for name, array in arrays.items())
    made.graph.initializer.extend(onnx.numpy_helper.from_array(*one) for one in named)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(made.SerializeToString(), options)


def predict(net: Net) -> Iterator[Task]:
    """A Gemm and a Relu for each layer, and a Softmax, on a NumPy array."""
    last = len(net.layers) - 1
    nodes = [
        f"z{i} = Gemm(a{i}, w{i}, b{i}) a{i + 1} = {'Relu' if i < last else 'Softmax'}(z{i})"
        for i in range(last + 1)
    ]
    ends = f"(float[N, {net.sizes[0]}] a0) => (float[N, {net.sizes[-1]}] a{last + 1})"
    layers = enumerate(data.weights(net))
    arrays = {f"{name}{i}": array for i, layer in layers for name, array in zip("wb", layer, strict=True)}
    of_net, inputs = session(f"{ends} {{ {' '.join(nodes)} }}", arrays), {"a0": data.samples(net)[0]}
    yield Task("predict", lambda: of_net.run(None, inputs)[0])

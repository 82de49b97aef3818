"""ONNX Runtime."""

import os
from collections.abc import Iterator

import onnx
import onnx.parser
import onnxruntime

from bench import data
from bench.cases import Net
from bench.workers.serve import Task

VERSION = onnxruntime.__version__


def model(net: Net) -> onnx.ModelProto:
    """A Gemm and a Relu for each layer, and a Softmax."""
    last = len(net.layers) - 1
    nodes = [
        f"z{i} = Gemm(a{i}, w{i}, b{i}) a{i + 1} = {'Relu' if i < last else 'Softmax'}(z{i})"
        for i in range(last + 1)
    ]
    ends = f"(float[N, {net.sizes[0]}] a0) => (float[N, {net.sizes[-1]}] a{last + 1})"
    text = f'<ir_version: 8, opset_import: ["": 17]> net {ends} {{ {" ".join(nodes)} }}'
    made = onnx.parser.parse_model(text)
    for i, arrays in enumerate(data.weights(net)):
        made.graph.initializer.extend(map(onnx.numpy_helper.from_array, arrays, (f"w{i}", f"b{i}")))
    return made


def predict(net: Net) -> Iterator[Task]:
    """InferenceSession.run with all of its optimizations, on a NumPy array."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model(net).SerializeToString(), options)
    inputs = {"a0": data.samples(net)[0]}
    yield Task("predict", lambda: session.run(None, inputs)[0])

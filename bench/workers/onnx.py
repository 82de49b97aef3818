"""ONNX Runtime."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from typing import Any

from bench import data
from bench.cases import Net
from bench.workers.serve import Task

onnx: Any = importlib.import_module("onnx")
onnxruntime: Any = importlib.import_module("onnxruntime")
VERSION = onnxruntime.__version__


def model(net: Net) -> Any:
    """A Gemm and a Relu for each layer, and a Softmax."""
    nodes, initializers, name = [], [], "x"
    layers = data.weights(net)
    for number, (weight, bias) in enumerate(layers, 1):
        for letter, array in (("w", weight), ("b", bias)):
            initializers.append(onnx.numpy_helper.from_array(array, f"{letter}{number}"))
        nodes.append(onnx.helper.make_node("Gemm", [name, f"w{number}", f"b{number}"], [f"z{number}"]))
        last = number == len(layers)
        name = "p" if last else f"a{number}"
        nodes.append(onnx.helper.make_node("Softmax" if last else "Relu", [f"z{number}"], [name]))
    inputs, outputs = (
        [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, units])]
        for name, units in (("x", net.sizes[0]), ("p", net.sizes[-1]))
    )
    graph = onnx.helper.make_graph(nodes, net.name, inputs, outputs, initializers)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


def predict(net: Net) -> Iterator[Task]:
    """InferenceSession.run with all of its optimizations, on a NumPy array."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model(net).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    inputs = {"x": data.samples(net)[0]}
    yield Task("predict", lambda: session.run(["p"], inputs)[0])

"""Prediction of ONNX Runtime."""

from __future__ import annotations

import importlib
import os
from typing import Any

from bench import data
from bench.cases import Net, Prediction
from bench.workers.serve import microseconds_per_call

onnx: Any = importlib.import_module("onnx")
onnxruntime: Any = importlib.import_module("onnxruntime")


def model(net: Net) -> Any:
    """A Gemm and a Relu for each layer, and a Softmax."""
    nodes, initializers, name = [], [], "x"
    layers = data.weights(net)
    for number, (weight, bias) in enumerate(layers, 1):
        initializers += [
            onnx.numpy_helper.from_array(weight, f"w{number}"),
            onnx.numpy_helper.from_array(bias, f"b{number}"),
        ]
        nodes.append(onnx.helper.make_node("Gemm", [name, f"w{number}", f"b{number}"], [f"z{number}"]))
        last = number == len(layers)
        name = "p" if last else f"a{number}"
        nodes.append(onnx.helper.make_node("Softmax" if last else "Relu", [f"z{number}"], [name]))
    float32 = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes,
        net.name,
        [onnx.helper.make_tensor_value_info("x", float32, [None, net.sizes[0]])],
        [onnx.helper.make_tensor_value_info("p", float32, [None, net.sizes[-1]])],
        initializers,
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


class Predictions:
    """InferenceSession.run with all of its optimizations, on a NumPy array."""

    version = onnxruntime.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        net = Prediction(**case).net
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            model(net).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self.inputs = {"x": data.samples(net)[0]}

    def predict(self) -> Any:
        return self.session.run(["p"], self.inputs)[0]

    def check(self, variant: str) -> list[float]:
        return [data.checksum(self.predict())]

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(self.predict, seconds, lambda: None)


WORKER = Predictions

"""scikit-learn's estimators as ONNX models: probabilities and labels, numbers, codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.export.onnx.models import outputs_of, rows_of, save, shape_of_outputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.export.onnx.graph import Graph
    from fanin.storage import Path


def save_classifier(net: Any, path: Path, opset: int, classes: NDArray[Any] | None, text: str) -> None:
    """Write a network with probabilities as outputs; without classes, each output is a label of its own."""

    def write(g: Graph) -> None:
        outputs = outputs_of(g, net, rows_of(g, net))
        if classes is not None and net.n_outputs == 1:
            second = g.add("Unsqueeze", outputs, np.array([1])) if net._core.vector_targets else outputs
            outputs = g.add("Concat", g.add("Sub", 1.0, second), second, axis=1)
        add_labels(
            g, outputs, classes, net.dtype, net.n_outputs if classes is None else max(net.n_outputs, 2)
        )

    save(path, opset, [net], write, text, {})


def add_labels(g: Graph, probabilities: str, classes: NDArray[Any] | None, dtype: Any, columns: int) -> None:
    """Add outputs for the labels of rows, and for their probabilities; without classes, labels are 0 and 1."""
    if classes is None:
        half = np.array(0.5, dtype)
        g.output(
            "label", g.cast(g.add("Greater", probabilities, half), np.int64), np.int64, ["rows", columns]
        )
    else:
        labels = _labels(classes)
        chosen = g.add("ArgMax", probabilities, axis=1, keepdims=0)
        chosen = g.add("Min", chosen, np.int64(len(labels) - 1))  # a single class is always the prediction
        g.output("label", g.add("Gather", labels, chosen), labels.dtype, ["rows"])
    g.output("probabilities", probabilities, dtype, ["rows", columns])


def _labels(classes: NDArray[Any]) -> NDArray[Any]:
    """Return labels in a type that ONNX has."""
    given = np.array(classes.tolist()) if classes.dtype == object else classes
    types = {"b": np.bool_, "f": np.float64, "i": np.int64, "u": np.int64, "U": object}
    if given.dtype.kind not in types:
        raise ValueError(f"classes_: expected text, numbers or booleans, which ONNX has, got {given.dtype}")
    labels: NDArray[Any] = given.astype(types[given.dtype.kind])
    if given.dtype.kind == "u" and (labels < 0).any():
        raise ValueError(f"classes_: expected numbers below 2^63, which ONNX has, got {given.max()}")
    return labels


def save_autoencoder(encoder: Any, decoder: Any, path: Path, opset: int, text: str) -> None:
    """Write an encoder and its decoder as one model, from rows to codes and reconstructions."""

    def write(g: Graph) -> None:
        codes = outputs_of(g, encoder, rows_of(g, encoder), "encoder.")
        rows = outputs_of(g, decoder, codes, "decoder.")
        g.output("codes", codes, encoder.dtype, shape_of_outputs(encoder))
        g.output("reconstruction", rows, decoder.dtype, shape_of_outputs(decoder))

    save(path, opset, [encoder, decoder], write, text, {})

"""Models of tables as ONNX models: the code of columns, and the weighted mean of what networks predict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.export.onnx.codes import coded
from fanin.export.onnx.estimators import add_labels
from fanin.export.onnx.models import outputs_of, save

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from fanin.export.onnx.graph import Graph
    from fanin.storage import Path

_NUMBER = "numbers, NaN where missing"
_CELLS: dict[str, Callable[[Any], str]] = {  # what inputs are, by the kind of column
    "number": lambda column: _NUMBER,
    "two_numbers": lambda column: _NUMBER,
    "two_levels": lambda column: f"text, {column['low']!r} or {column['high']!r}, empty where missing",
    "category": lambda column: (
        f"text such as {[*column['levels'], *column['rare']][0]!r}, empty where missing"
    ),
    "date": lambda column: "days since 1970-01-01, NaN where missing",
}


def save_table_classifier(
    model: Any, nets: Sequence[Any], text: str, classes: NDArray[Any] | None, path: Path, opset: int
) -> None:
    """Write a `TableModel` of classes, or of several labels of a row, if there are no classes."""

    def write(g: Graph) -> None:
        add_labels(g, _mean(g, model, nets), classes, np.float64, model.outputs)

    save(path, opset, nets, write, text, {})


def save_table_regressor(
    model: Any, nets: Sequence[Any], text: str, central: int | None, path: Path, opset: int
) -> None:
    """Write a `TableModel` of numbers; `central` is the column that `predict` returns, if it returns one."""

    def write(g: Graph) -> None:
        means, shape = _mean(g, model, nets), ["rows", model.outputs]
        if central is None:
            g.output("prediction", means, np.float64, shape)
            return
        g.output("prediction", g.add("Gather", means, np.int64(central), axis=1), np.float64, ["rows"])
        if model.outputs > 1:
            g.output("quantiles", means, np.float64, shape)

    save(path, opset, nets, write, text, {})


def _mean(g: Graph, model: Any, nets: Sequence[Any]) -> str:
    """Return the weighted mean of what networks predict, in float64."""
    rows = _coded_rows(g, model)
    parts = []
    for number, (net, weight) in enumerate(zip(nets, model.weights, strict=True), start=1):
        outputs = outputs_of(g, net, rows, f"member{number}.")
        found = _predicted(g, model, net, outputs)
        parts.append(g.add("Mul", found, np.float64(weight / sum(model.weights))))
    return parts[0] if len(parts) == 1 else g.add("Sum", *parts)


def _predicted(g: Graph, model: Any, net: Any, outputs: str) -> str:
    """Return probabilities, of sum 1 unless each label is one of its own, or targets in their units."""
    if net._core.vector_targets:
        outputs = g.add("Unsqueeze", outputs, np.array([1]))
    if not model.labels:
        mean, scale, low, high = np.array(model.targets).T
        if net.loss == "quantile" and net.n_outputs > 1:
            outputs, _ = g.add_several("TopK", outputs, np.array([net.n_outputs]), outputs=2, largest=0)
        found = g.add("Add", g.add("Mul", g.cast(outputs, np.float64), scale), mean)
        return g.add("Min", g.add("Max", found, low), high)
    found = g.cast(outputs, np.float64)
    if net.n_outputs == 1:
        return g.add("Concat", g.add("Sub", np.float64(1), found), found, axis=1)
    if model.several_labels:
        return found
    return g.add("Div", found, g.add("ReduceSum", found, np.array([1])))


def _coded_rows(g: Graph, model: Any) -> str:
    """Add an input for each column, or one for all columns of an array of numbers; return coded rows."""
    encoder = model.encoder
    if not hasattr(encoder, "_encoder"):
        return _sparse_rows(g, encoder)
    columns = encoder._encoder.columns
    cells = {
        column["column"]: _CELLS[column["kind"]](column) for column in columns if column["kind"] in _CELLS
    }
    if not encoder._named and set(cells.values()) == {_NUMBER}:
        x = g.input("X", np.float64, ["rows", len(encoder._names)], _NUMBER)
        places = {name: np.array([place]) for place, name in enumerate(encoder._names)}
        return coded(g, columns, lambda name: g.add("Gather", x, places[name], axis=1))
    for name, text in cells.items():
        if not name:
            raise ValueError('X: column "": expected a name, which inputs of ONNX models need')
        g.input(name, object if text.startswith("text") else np.float64, ["rows", 1], text)
    return coded(g, columns, lambda name: name)


def _sparse_rows(g: Graph, encoder: Any) -> str:
    """Add an input for rows of numbers as they are; raise ValueError for columns of text."""
    if texts := getattr(encoder, "texts", ()):
        raise ValueError(f'X: column "{texts[0]}": hashed text cannot be written as ONNX')
    x = g.input("X", np.float32, ["rows", encoder._columns])
    return g.add("Gather", x, encoder._kept.astype(np.int64), axis=1)

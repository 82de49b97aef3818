"""The text of `Network.summary`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.layers import Dense, Layer, RobustScale

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.adapting import AdaptedModel

_ROWS = 2000  # that condition numbers are computed from


def summary_of(net: AdaptedModel, X: ArrayLike | None) -> str:
    """Return the layers with their shapes and parameters, what the input layer has learned, and condition numbers."""
    sizes: dict[str, int] = {}
    for name, shape, trained in net._core.arrays:
        layer = name.split(".")[0]
        sizes[layer] = sizes.get(layer, 0) + (int(np.prod(shape)) if trained else 0)
    rows, columns = [("layer", "", "outputs", "parameters")], net.n_inputs
    for number, layer in enumerate(net.layers, start=1):
        columns = layer.outputs(columns)
        parameters = sizes.get(f"layer{number}", 0)
        rows.append(
            (f"layer{number}", _named(layer), f"{columns:,}", f"{parameters:,}" if parameters else "-")
        )
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    lines = [
        f"{a:{widths[0]}}  {b:{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}".rstrip()
        for a, b, c, d in rows
    ]
    weights = net.n_parameters * net.dtype.itemsize
    lines.append(
        f"{net.n_inputs:,} inputs, {net.n_parameters:,} parameters, {_bytes(weights)} in {net.dtype}"
    )
    lines += _learned_lines(net)
    if X is not None:
        before, after = condition_numbers(net, X)
        lines.append(
            f"condition number of the inputs: {before:.3g}, of what the first layer gets: {after:.3g}"
        )
    return "\n".join(lines)


def _named(layer: Layer) -> str:
    if not isinstance(layer, Dense):
        return layer.in_brief
    return f"dense, {layer.activation}" + (", batch norm" if layer.batch_norm else "")


def condition_numbers(net: AdaptedModel, X: ArrayLike) -> tuple[float, float]:
    """Return the condition number of X'X / m for the rows of X, at most 2,000 of them, and for the mapped rows."""
    rows = _core.numbers("X", X)
    rows = np.asarray(rows[:: -(-len(rows) // _ROWS)], dtype=float)
    return _condition(rows[~np.isnan(rows).any(axis=1)]), _condition(rows_after_input_layer(net, rows))


def rows_after_input_layer(net: AdaptedModel, rows: NDArray[Any]) -> NDArray[Any]:
    """Return rows of X, in float64, as the input layer maps them, if there is one that has learned."""
    if not net.learned:
        return rows
    centre, scale, fill = (net.learned[f"layer1.{name}"] for name in ("centre", "scale", "fill"))
    mapped = np.where(np.isnan(rows), fill, (rows - centre) * scale)
    if isinstance(net.layers[0], RobustScale):
        mapped = mapped / np.sqrt(1 + (mapped / 3) ** 2)
    return mapped


def _condition(rows: NDArray[Any]) -> float:
    """Return the ratio of the largest eigenvalue to the smallest that is not 0; 1 if there is none."""
    if not len(rows):
        return 1.0
    eigenvalues = np.linalg.eigvalsh(rows.T @ rows / len(rows))
    least = eigenvalues[-1] * len(eigenvalues) * np.finfo(float).eps
    positive = eigenvalues[eigenvalues > least]
    return float(positive[-1] / positive[0]) if len(positive) else 1.0


def _learned_lines(net: AdaptedModel) -> list[str]:
    """Return a line about the columns of X, if the input layer has learned."""
    if not net.learned:
        return ["the input layer has not learned yet"] if net._core.has_input_layer else []
    centre, scale = net.learned["layer1.centre"], net.learned["layer1.scale"]
    used = scale[scale > 0]
    constant = len(scale) - len(used)
    text = f"columns of X: centres {centre.min():.3g} to {centre.max():.3g}"
    if len(used):
        text += f", scales {1 / used.max():.3g} to {1 / used.min():.3g}"
    return [text + (f", {constant:,} constant" if constant else "")]


def _bytes(count: int) -> str:
    """Return a number of bytes in a readable unit."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"

"""Input layers that map each column, as operators of ONNX: in float64, then in the network's type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fanin.export.onnx.graph import Graph

_FAR = 1e18  # its square does not overflow in float32


def standardized(g: Graph, layer: Any, learned: Mapping[str, Any], x: str, name: str) -> str:
    """``(x - centre) scale``, and indicators."""
    centred = g.add("Sub", x, learned[f"{name}centre"])
    return _finished(g, layer, learned, x, name, g.add("Mul", centred, learned[f"{name}scale"]))


def robust_scaled(g: Graph, layer: Any, learned: Mapping[str, Any], x: str, name: str) -> str:
    """``u / sqrt(1 + (u / 3)^2)`` of what `standardized` gives; indicators are 0 or 1."""
    u = g.add("Sub", x, learned[f"{name}centre"])
    u = g.add("Mul", u, learned[f"{name}scale"])
    return _finished(g, layer, learned, x, name, u, squashes=True)


def whitened(g: Graph, layer: Any, learned: Mapping[str, Any], x: str, name: str) -> str:
    """What `standardized` gives, times the matrix."""
    u = standardized(g, layer, learned, x, name)
    return g.add("MatMul", u, learned[f"{name}matrix"].astype(g.dtype))


def quantiles(g: Graph, layer: Any, learned: Mapping[str, Any], x: str, name: str) -> str:
    """The sum, over the knots of a column, of the rise of its scores from one knot to the next."""
    knots, scores = learned[f"{name}knots"], learned[f"{name}scores"]
    width, rise = np.diff(knots), np.diff(scores)
    known = g.map_nan(x, x, np.float64(0))
    above = g.add("Sub", g.add("Unsqueeze", known, np.array([-1])), knots[:, :-1])
    share = g.add("Clip", g.add("Div", above, np.where(width > 0, width, 1)), np.float64(0), np.float64(1))
    total = g.add("ReduceSum", g.add("Mul", share, rise), np.array([-1]), keepdims=0)
    return _finished(g, layer, learned, x, name, g.add("Add", total, scores[:, 0]))


def squashed(g: Graph, u: str, dtype: Any) -> str:
    """``u / sqrt(1 + (u / 3)^2)``."""
    one, third, far = (np.array(number, dtype) for number in (1, 1 / 3, _FAR))
    u = g.add("Clip", u, -far, far)
    part = g.add("Mul", u, third)
    return g.add("Div", u, g.add("Sqrt", g.add("Add", g.add("Mul", part, part), one)))


def _finished(
    g: Graph, layer: Any, learned: Mapping[str, Any], x: str, name: str, y: str, squashes: bool = False
) -> str:
    """Return mapped columns in the network's type, with what missing values become, and indicators."""
    if layer.missing != "error":
        y = g.map_nan(x, y, learned[f"{name}fill"])
    largest = np.float64(np.finfo(g.dtype).max)
    y = g.cast(g.add("Clip", y, -largest, largest), g.dtype)
    if squashes:
        y = squashed(g, y, g.dtype)
    if len(indicators := learned.get(f"{name}indicators", ())) == 0:
        return y
    missing = g.add("IsNaN", g.add("Gather", x, indicators.astype(np.int64), axis=-1))
    return g.add("Concat", y, g.cast(missing, g.dtype), axis=-1)

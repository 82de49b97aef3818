"""The C calls of input layers, which read x in float: origins are subtracted first, where that is exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fanin.export.c.body import Buffer
from fanin.export.c.input_codes import one_hot, piecewise_linear
from fanin.export.c.program import Program, check_range_of_inputs, origin_of
from fanin.layers import Quantile, RobustScale, Standardize, Whiten

_INDICATORS = "layer1.indicators"


def _mapped_columns(program: Program, value: Buffer) -> Buffer:
    """Return memory for a map of each column, and of the indicators after them."""
    return Buffer(value.columns + len(program.weights.get(_INDICATORS, ())))


def _finish(program: Program, layer: Any, value: Buffer, name: str, y: Buffer) -> None:
    """Fill in for missing values, and add the indicators."""
    if layer.missing != "error":
        fill = program.floats(f"{name}fill", program.weight(f"{name}fill"))
        program.call("fill", value, value.columns, fill, y)
    if isinstance(layer, RobustScale):
        program.call("squash", y, value.columns, y)
    if _INDICATORS in program.weights:
        columns = program.weights[_INDICATORS]
        places = value.columns + np.arange(len(columns))
        _indicators(program, value, name, columns, np.zeros(len(columns)), places, y)


def _indicators(
    program: Program, x: Buffer, name: str, columns: Any, mean: Any, places: Any, y: Buffer
) -> None:
    names = (
        program.indices(f"{name}indicators", columns),
        program.floats(f"{name}indicator_mean", mean),
        program.indices(f"{name}indicator_place", places),
    )
    program.call("indicators", x, names[0], len(columns), *names[1:], y)


def _scaled(program: Program, layer: Standardize | RobustScale | Whiten, value: Buffer, name: str) -> Buffer:
    centre, scale = program.weight(f"{name}centre"), program.weight(f"{name}scale")
    check_range_of_inputs(f"{name}centre", centre)
    check_range_of_inputs(f"{name}scale", scale)
    y = _mapped_columns(program, value)
    program.standardized(value, name, centre, scale, np.zeros_like(centre), y)
    _finish(program, layer, value, name, y)
    return y


def _whiten(program: Program, layer: Whiten, value: Buffer, name: str) -> Buffer:
    scaled = _scaled(program, layer, value, name)
    return program.product(scaled, f"{name}matrix", program.weight(f"{name}matrix"))


def _quantile(program: Program, layer: Quantile, value: Buffer, name: str) -> Buffer:
    origins, knots, scores = list[float](), list[Any](), list[Any]()
    for of_column, their_scores in zip(
        program.weight(f"{name}knots"), program.weight(f"{name}scores"), strict=True
    ):
        check_range_of_inputs(f"{name}knots", of_column)
        origin = origin_of(of_column)
        distinct, same = np.unique((of_column - origin).astype(np.float32), return_inverse=True)
        origins.append(origin)
        knots.append(distinct)
        count = np.bincount(same)
        scores.append(np.bincount(same, their_scores) / count)
    names = (
        program.floats(f"{name}origin", origins),
        program.indices(f"{name}ends", np.cumsum([len(distinct) for distinct in knots])),
        program.floats(f"{name}knots", np.concatenate(knots)),
        program.floats(f"{name}scores", np.concatenate(scores)),
    )
    y = _mapped_columns(program, value)
    program.call("quantiles", value, value.columns, *names, y)
    _finish(program, layer, value, name, y)
    return y


INPUT_LAYERS: dict[str, Callable[[Program, Any, Buffer, str], Buffer]] = {
    "standardize": _scaled,
    "robust_scale": _scaled,
    "quantile": _quantile,
    "whiten": _whiten,
    "piecewise_linear": piecewise_linear,
    "one_hot": one_hot,
}

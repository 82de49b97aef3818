"""Layers as operators of ONNX: what each does in prediction; see `tests/reference/layers.py` for the formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.export.arrays import slope_and_mean, weight_and_bias
from fanin.export.errors import CannotExportError, located
from fanin.export.onnx.activations import activated
from fanin.export.onnx.codes import input_codes
from fanin.export.onnx.inputs import quantiles, robust_scaled, standardized, whitened
from fanin.export.onnx.recurrent import gated, recurrent

if TYPE_CHECKING:
    from fanin.export.onnx.graph import Graph
    from fanin.layers import Layer

Weights = Mapping[str, Any]
Writer = Callable[["Graph", Any, Weights, str, str], str]


def through(g: Graph, layers: Sequence[Layer], weights: Weights, x: str, prefix: str = "") -> str:
    """Return the outputs of layers whose arrays have names that begin with `prefix`."""
    for number, layer in enumerate(layers):
        with located(number, layer, "ONNX"):
            if layer.name not in WRITERS:
                raise CannotExportError("to_onnx does not know this kind of layer")
            x = WRITERS[layer.name](g, layer, weights, x, f"{prefix}layer{number + 1}.")
    return x


def _dense(g: Graph, layer: Any, weights: Weights, x: str, name: str) -> str:
    weight, bias = (array.astype(g.dtype) for array in weight_and_bias(layer, weights, name))
    z = g.add("MatMul", x, g.constant(weight, f"{name}weight"))
    return activated(g, layer.activation, g.add("Add", z, g.constant(bias, f"{name}bias")))


def _tied(g: Graph, layer: Any, weights: Weights, x: str, name: str) -> str:
    weight = g.add("Transpose", f"{g.prefix}layer{layer.layer}.weight", perm=[1, 0])
    z = g.add("Add", g.add("MatMul", x, weight), g.constant(weights[f"{name}bias"], f"{name}bias"))
    return activated(g, layer.activation, z)


def _batch_norm(g: Graph, layer: Any, weights: Weights, x: str, name: str) -> str:
    """Subtract means first: values far from zero keep their digits."""
    slope, _ = slope_and_mean(layer, weights, name)
    centred = g.add("Sub", x, weights[f"{name}running_mean"])
    return g.add("Add", g.add("Mul", centred, slope.astype(g.dtype)), weights[f"{name}beta"])


def _residual(g: Graph, layer: Any, weights: Weights, x: str, name: str) -> str:
    return g.add("Add", x, through(g, layer.layers, weights, x, name))


def _embedding(g: Graph, layer: Any, weights: Weights, x: str, name: str) -> str:
    table = g.constant(weights[f"{name}weight"], f"{name}weight")
    if layer.bags:
        return g.add("MatMul", x, table)
    if len(layer.sizes) > 1:
        x = g.add("Add", x, np.cumsum([0, *layer.sizes[:-1]], dtype=np.int64))
    kept = [0, 0] if g.sequences else [0]  # runtimes cannot infer -1 if there are no rows
    return g.add("Reshape", g.add("Gather", table, x), np.array([*kept, g.columns * layer.dim]))


WRITERS: dict[str, Writer] = {
    "dense": _dense,
    "tied": _tied,
    "batch_norm": _batch_norm,
    "dropout": lambda g, layer, weights, x, name: x,
    "activation": lambda g, layer, weights, x, name: activated(g, layer.activation, x),
    "residual": _residual,
    "embedding": _embedding,
    "recurrent": recurrent,
    "gru": gated,
    "lstm": gated,
    "standardize": standardized,
    "robust_scale": robust_scaled,
    "quantile": quantiles,
    "whiten": whitened,
    "piecewise_linear": input_codes,
    "one_hot": input_codes,
}

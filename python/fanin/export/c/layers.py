"""The C calls of each kind of layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fanin.export.arrays import GATES, side_by_side, slope_and_mean, weight_and_bias
from fanin.export.c.body import Buffer
from fanin.export.c.input_layers import INPUT_LAYERS
from fanin.export.c.program import Program
from fanin.export.errors import CannotExportError, located
from fanin.layers import (
    GRU,
    LSTM,
    Activation,
    BatchNorm,
    Dense,
    Embedding,
    Layer,
    Recurrent,
    Residual,
    Tied,
)

_MOST_ROWS = 2**24  # float has all whole numbers up to here


def through(
    program: Program, layers: Sequence[Layer], value: Buffer, prefix: str = "", first: int = 0
) -> Buffer:
    """Add the calls of these layers, the first of which has this number in its list, and return their output."""
    for number, layer in enumerate(layers, start=first):
        with located(number, layer, "C"):
            if layer.name not in KINDS:
                raise CannotExportError("to_c does not know this kind of layer")
            value = KINDS[layer.name](program, layer, value, f"{prefix}layer{number + 1}.")
    return value


def _activated(program: Program, activation: str, value: Buffer) -> Buffer:
    return value if activation == "identity" else program.map(activation, value)


def _activation(program: Program, layer: Activation, value: Buffer, name: str) -> Buffer:
    return _activated(program, layer.activation, value)


def _batch_norm(program: Program, layer: BatchNorm, value: Buffer, name: str) -> Buffer:
    slope, mean = slope_and_mean(layer, program.weights, name)
    return program.standardized(value, name, mean, slope, program.weight(f"{name}beta"))


def _dense(program: Program, layer: Dense, value: Buffer, name: str) -> Buffer:
    weight, bias = weight_and_bias(layer, program.weights, name)
    y = Buffer(layer.width)
    weight_name, bias_name = program.floats(f"{name}weight", weight), program.floats(f"{name}bias", bias)
    program.dense(value, weight_name, bias_name, y.columns, y)
    return _activated(program, layer.activation, y)


def _tied(program: Program, layer: Tied, value: Buffer, name: str) -> Buffer:
    of_weight = f"layer{int(layer.layer)}.weight"
    weight = program.weight(of_weight)
    outputs, units = weight.shape
    y = Buffer(outputs)
    program.products += outputs * units
    program.call(
        "tied", value, units, program.floats(of_weight, weight), _array(program, name, "bias"), outputs, y
    )
    return _activated(program, layer.activation, y)


def _embedding(program: Program, layer: Embedding, value: Buffer, name: str) -> Buffer:
    table, dim = program.weight(f"{name}weight"), int(layer.dim)
    if layer.bags:
        return program.product(value, f"{name}weight", table)
    if max(layer.sizes) > _MOST_ROWS:
        raise CannotExportError(f"expected at most 2^24 rows, which float can number, got {max(layer.sizes)}")
    y, rows = Buffer(value.columns * dim), program.floats(f"{name}weight", table)
    if len(layer.sizes) == 1:
        program.call("embedding", value, value.columns, rows, layer.rows, dim, y)
        return y
    first = 0
    for column, size in enumerate(layer.sizes):
        of_column = f"{rows} + {first * dim}"
        program.call("embedding", value.at(column), 1, of_column, size, dim, y.at(column * dim))
        first += size
    return y


def _residual(program: Program, layer: Residual, value: Buffer, name: str) -> Buffer:
    needed_before, value.kept = value.kept, True
    inner = through(program, layer.inside, value, name)
    value.kept = needed_before
    y = program.over(inner)
    program.call("add", value, inner, value.columns, y)
    return y


def _array(program: Program, name: str, array: str) -> str:
    """Define an array of a layer as it is."""
    return program.floats(f"{name}{array}", program.weight(f"{name}{array}"))


def _gates(program: Program, name: str, array: str, gates: Sequence[str]) -> str:
    """Define an array of these gates, side by side."""
    return program.floats(f"{name}{array}", side_by_side(program.weights, name, array, gates))


def _recurrent(program: Program, layer: Recurrent, value: Buffer, name: str) -> Buffer:
    h, z = program.state(f"{name}h", layer.width), Buffer(layer.width)
    weight, recurrent, bias = (_array(program, name, array) for array in ("weight", "recurrent", "bias"))
    program.dense(value, weight, bias, h.columns, z)
    program.dense(h, recurrent, z, h.columns, z)
    program.call(layer.activation, z, h.columns, h)
    return h


def _gru(program: Program, layer: GRU, value: Buffer, name: str) -> Buffer:
    gates, units = GATES[layer.name], layer.width
    h, z = program.state(f"{name}h", units), Buffer(4 * units)
    weight, bias = (_gates(program, name, array, gates) for array in ("weight", "bias"))
    program.dense(value, weight, bias, 3 * units, z)
    program.dense(h, _gates(program, name, "recurrent", gates[:2]), z, 2 * units, z)
    of_state, own = (_array(program, name, f"candidate.{array}") for array in ("recurrent", "recurrent_bias"))
    program.dense(h, of_state, own, units, z.at(3 * units))
    program.call("gru", z, units, h)
    return h


def _lstm(program: Program, layer: LSTM, value: Buffer, name: str) -> Buffer:
    gates, units = GATES[layer.name], layer.width
    h, c, z = program.state(f"{name}h", units), program.state(f"{name}c", units), Buffer(4 * units)
    weight, recurrent, bias = (
        _gates(program, name, array, gates) for array in ("weight", "recurrent", "bias")
    )
    program.dense(value, weight, bias, 4 * units, z)
    program.dense(h, recurrent, z, 4 * units, z)
    program.call("lstm", z, units, c, h)
    return h


KINDS: dict[str, Callable[[Program, Any, Buffer, str], Buffer]] = {
    "dense": _dense,
    "batch_norm": _batch_norm,
    "dropout": lambda program, layer, value, name: value,
    "activation": _activation,
    "residual": _residual,
    **INPUT_LAYERS,
    "embedding": _embedding,
    "recurrent": _recurrent,
    "gru": _gru,
    "lstm": _lstm,
    "tied": _tied,
}

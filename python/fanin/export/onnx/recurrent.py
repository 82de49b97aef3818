"""Recurrent layers as operators of ONNX; between layers, sequences are (rows, time, columns)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.export.arrays import side_by_side
from fanin.export.onnx.activations import activated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.export.onnx.graph import Graph

    Weights = Mapping[str, NDArray[Any]]

_SIMPLE = {"tanh": "Tanh", "relu": "Relu", "logistic": "Sigmoid"}
# gates in the order of ONNX, which has two biases for each, W's and R's
_GATES = {
    "recurrent": ("",),
    "gru": ("update.", "reset.", "candidate."),
    "lstm": ("input.", "output.", "forget.", "cell."),
}


def recurrent(g: Graph, layer: Any, weights: Weights, x: str, name: str) -> str:
    """``h_t = f(x_t W + h_(t-1) R + b)``: an RNN if ONNX has f there, else a loop."""
    if g.dtype == np.float32 and layer.activation in _SIMPLE:
        return _operator(g, "RNN", layer, weights, x, name, activations=[_SIMPLE[layer.activation]])

    def advance(h: Sequence[str], sums: str) -> list[str]:
        of_state = g.add("MatMul", h[0], weights[f"{name}recurrent"])
        return [activated(g, layer.activation, g.add("Add", sums, of_state))]

    return _loop(g, layer, weights, x, name, advance, states=1)


def gated(g: Graph, layer: Any, weights: Weights, x: str, name: str) -> str:
    """A GRU or an LSTM: ONNX's own, or in float64, which ONNX Runtime does not have, a loop."""
    if g.dtype == np.float32:
        options = {"linear_before_reset": 1} if layer.name == "gru" else {}
        return _operator(g, layer.name.upper(), layer, weights, x, name, **options)
    advance = _gru if layer.name == "gru" else _lstm
    own = weights.get(f"{name}candidate.recurrent_bias")
    recurrent = _stacked(layer, weights, name, "recurrent")
    sizes = np.full(len(_GATES[layer.name]), layer.width)

    def step(states: Sequence[str], sums: str) -> list[str]:
        of_input = g.add_several("Split", sums, sizes, outputs=len(sizes), axis=-1)
        products = g.add("MatMul", states[0], recurrent)
        of_state = g.add_several("Split", products, sizes, outputs=len(sizes), axis=-1)
        if own is not None:
            of_state[-1] = g.add("Add", of_state[-1], own)
        return advance(g, states, of_input, of_state)

    return _loop(g, layer, weights, x, name, step, states=1 if layer.name == "gru" else 2)


def _gru(g: Graph, states: Sequence[str], of_input: Sequence[str], of_state: Sequence[str]) -> list[str]:
    z, r = (g.add("Sigmoid", g.add("Add", *parts)) for parts in zip(of_input[:2], of_state[:2], strict=True))
    n = g.add("Tanh", g.add("Add", of_input[2], g.add("Mul", r, of_state[2])))
    kept = g.add("Mul", z, g.add("Sub", states[0], n))
    return [g.add("Add", n, kept)]


def _lstm(g: Graph, states: Sequence[str], of_input: Sequence[str], of_state: Sequence[str]) -> list[str]:
    *sums, cell = (g.add("Add", *parts) for parts in zip(of_input, of_state, strict=True))
    i, o, f = (g.add("Sigmoid", gate) for gate in sums)
    c = g.add("Add", g.add("Mul", f, states[1]), g.add("Mul", i, g.add("Tanh", cell)))
    return [g.add("Mul", o, g.add("Tanh", c)), c]


def _operator(g: Graph, kind: str, layer: Any, weights: Weights, x: str, name: str, **options: Any) -> str:
    """Add one of ONNX's recurrent operators, whose weights are transposed, and whose first axis is time."""
    weight, recurrent = (_stacked(layer, weights, name, array).T[None] for array in ("weight", "recurrent"))
    first = _stacked(layer, weights, name, "bias")
    second = np.zeros_like(first)
    if layer.name == "gru":
        second[-layer.width :] = weights[f"{name}candidate.recurrent_bias"]
    arrays = {"weight": weight, "recurrent": recurrent, "bias": np.concatenate([first, second])[None]}
    constants = [g.constant(array, f"{name}{part}") for part, array in arrays.items()]
    steps = g.add("Transpose", x, perm=[1, 0, 2])
    lengths = [g.lengths] if g.lengths else []
    every, last = g.add_several(
        kind, steps, *constants, *lengths, outputs=2, hidden_size=layer.width, **options
    )
    if not layer.return_sequences:
        return g.add("Squeeze", last, np.array([0]))
    return g.add("Transpose", g.add("Squeeze", every, np.array([1])), perm=[1, 0, 2])


def _loop(
    g: Graph,
    layer: Any,
    weights: Weights,
    x: str,
    name: str,
    advance: Callable[[Sequence[str], str], list[str]],
    states: int,
) -> str:
    """Add a loop over the steps, whose sums ``x_t W + b`` are made at once."""
    sums = g.add("MatMul", x, g.constant(_stacked(layer, weights, name, "weight"), f"{name}weight"))
    sums = g.add("Add", sums, g.constant(_stacked(layer, weights, name, "bias"), f"{name}bias"))
    steps = g.add("Transpose", sums, perm=[1, 0, 2])
    rows = g.add("Gather", g.add("Shape", x), np.array([0]))
    zeros = g.add("Expand", np.zeros((1, layer.width), g.dtype), g.add("Concat", rows, np.array([1]), axis=0))
    over = {steps: g.dtype}
    if g.lengths:
        time = g.add("Gather", g.add("Shape", x), np.int64(1))
        over[g.cast(g.add("Range", np.int64(0), time, np.int64(1)), np.int32)] = np.dtype(np.int32)

    def step(before: list[str], now: list[str]) -> list[str]:
        after = advance(before, now[0])
        if not g.lengths:
            return after
        goes_on = g.add("Less", now[1], g.add("Unsqueeze", g.lengths, np.array([1])))
        return [g.add("Where", goes_on, new, old) for new, old in zip(after, before, strict=True)]

    *last, every = g.scan([zeros] * states, over, step)
    return g.add("Transpose", every, perm=[1, 0, 2]) if layer.return_sequences else last[0]


def _stacked(layer: Any, weights: Weights, name: str, array: str) -> NDArray[Any]:
    return side_by_side(weights, name, array, _GATES[layer.name])

"""Recurrent layers, step by step: x (..., time, inputs) to outputs (..., time, units), from zeros or a given state.

    recurrent   h_t = f(x_t W + h_(t-1) R + b)                                         (Elman 1990)
    gru         r = s(x_t W_r + h_(t-1) R_r + b_r),  z = s(x_t W_z + h_(t-1) R_z + b_z)
                n = tanh(x_t W_n + b_n + r * (h_(t-1) R_n + b_rn))
                h_t = (1 - z) * n + z * h_(t-1)                                        (Cho et al. 2014)
    lstm        i, f, o = s(x_t W + h_(t-1) R + b) and g = tanh(x_t W + h_(t-1) R + b), each with its own W, R, b
                c_t = f * c_(t-1) + i * g,  h_t = o * tanh(c_t)      (Hochreiter and Schmidhuber 1997; Gers et al. 2000)

s is the logistic function. The GRU is the variant of cuDNN and PyTorch, which multiplies by r after the product with
R_n. Weights are named "layer1.forget.weight" (W_f), "layer1.forget.recurrent" (R_f), "layer1.forget.bias" (b_f), and
b_rn "layer1.candidate.recurrent_bias". Complex numbers are allowed: their imaginary parts give derivatives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.activations import ACTIVATIONS, logistic

Array = NDArray[Any]
State = tuple[Array, ...]  # (h,), or (h, c) of an LSTM


def recurrent(layer: Any, weights: Mapping[str, Array], x: Array, state: State, name: str) -> State:
    z = x @ weights[name + "weight"] + state[0] @ weights[name + "recurrent"] + weights[name + "bias"]
    return (ACTIVATIONS[layer.activation].value(z),)


def gru(layer: Any, weights: Mapping[str, Array], x: Array, state: State, name: str) -> State:
    def of_input(gate: str) -> Array:
        return x @ weights[f"{name}{gate}.weight"] + weights[f"{name}{gate}.bias"]

    def of_state(gate: str) -> Array:
        return h @ weights[f"{name}{gate}.recurrent"]

    (h,) = state
    r, z = (logistic(of_input(gate) + of_state(gate)) for gate in ("reset", "update"))
    inner = of_state("candidate") + weights[name + "candidate.recurrent_bias"]
    n = np.tanh(of_input("candidate") + r * inner)
    return ((1 - z) * n + z * h,)


def lstm(layer: Any, weights: Mapping[str, Array], x: Array, state: State, name: str) -> State:
    def sums(gate: str) -> Array:
        of_input, of_state = (weights[f"{name}{gate}.{array}"] for array in ("weight", "recurrent"))
        return x @ of_input + h @ of_state + weights[f"{name}{gate}.bias"]

    h, c = state
    i, f, o = (logistic(sums(gate)) for gate in ("input", "forget", "output"))
    c = f * c + i * np.tanh(sums("cell"))
    return o * np.tanh(c), c


STEPS = {"recurrent": recurrent, "gru": gru, "lstm": lstm}


def unrolled(
    layer: Any, weights: Mapping[str, Array], x: Array, name: str, state: State | None = None
) -> tuple[Array, State]:
    """The outputs of all steps, and the state after the last one."""
    if state is None:
        zeros = np.zeros((*x.shape[:-2], layer.units), dtype=x.dtype)
        state = (zeros,) * (2 if layer.name == "lstm" else 1)
    outputs = []
    for t in range(x.shape[-2]):
        state = STEPS[layer.name](layer, weights, x[..., t, :], state, name)
        outputs.append(state[0])
    return np.stack(outputs, axis=-2), state


def outputs(layer: Any, weights: Mapping[str, Array], x: Array, name: str) -> Array:
    """The outputs of all steps, or of the last one, (..., units)."""
    every, _ = unrolled(layer, weights, x, name)
    return every if layer.return_sequences else every[..., -1, :]

"""Activations as operators that ONNX Runtime has for float32 and float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fanin.export.onnx.graph import Graph


def activated(g: Graph, activation: str, z: str) -> str:
    """Return f(z): see `fanin.Activation`."""
    return z if activation == "identity" else _OPERATORS[activation](g, z)


def _expm1_below_0(g: Graph, z: str) -> str:
    return g.add("Sub", g.add("Exp", g.add("Min", z, 0.0)), 1.0)


def _elu(g: Graph, z: str) -> str:
    return g.add("Add", g.add("Max", z, 0.0), _expm1_below_0(g, z))


def _selu(g: Graph, z: str) -> str:
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    below = g.add("Mul", _expm1_below_0(g, z), alpha)
    return g.add("Mul", g.add("Add", g.add("Max", z, 0.0), below), scale)


def _softplus(g: Graph, z: str) -> str:
    """Return max(z, 0) + log(1 + e^-|z|)."""
    small = g.add("Exp", g.add("Neg", g.add("Abs", z)))
    return g.add("Add", g.add("Max", z, 0.0), g.add("Log", g.add("Add", small, 1.0)))


def _silu(g: Graph, z: str) -> str:
    """Return z / (1 + e^-z), because old versions of ONNX Runtime make z Sigmoid(z) an operator of float32 alone."""
    return g.add("Div", z, g.add("Add", g.add("Exp", g.add("Neg", z)), 1.0))


def _gelu(g: Graph, z: str) -> str:
    """Return z Phi(z); ONNX Runtime has erf in float32 alone."""
    inner = g.add("Mul", z, math.sqrt(0.5))
    erf = g.cast(g.add("Erf", g.cast(inner, np.float32)), g.dtype)
    return _halved(g, z, erf)


def _gelu_tanh(g: Graph, z: str) -> str:
    cubic = g.add("Mul", g.add("Mul", g.add("Mul", z, z), z), 0.044715)
    inner = g.add("Mul", g.add("Add", z, cubic), math.sqrt(2 / math.pi))
    return _halved(g, z, g.add("Tanh", inner))


def _halved(g: Graph, z: str, t: str) -> str:
    """Return z (1 + t) / 2."""
    return g.add("Mul", z, g.add("Mul", g.add("Add", t, 1.0), 0.5))


_OPERATORS: dict[str, Callable[[Graph, str], str]] = {
    "logistic": lambda g, z: g.add("Sigmoid", z),
    "tanh": lambda g, z: g.add("Tanh", z),
    "relu": lambda g, z: g.add("Relu", z),
    "symmetric_logistic": lambda g, z: g.add("Tanh", g.add("Mul", z, 0.5)),
    "leaky_relu": lambda g, z: g.add("Max", z, g.add("Mul", z, 0.01)),
    "elu": _elu,
    "selu": _selu,
    "softplus": _softplus,
    "softsign": lambda g, z: g.add("Div", z, g.add("Add", g.add("Abs", z), 1.0)),
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": _silu,
    "mish": lambda g, z: g.add("Mul", z, g.add("Tanh", _softplus(g, z))),
    "hard_sigmoid": lambda g, z: g.add("Clip", g.add("Add", g.add("Div", z, 6.0), 0.5), 0.0, 1.0),
}

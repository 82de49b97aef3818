"""What detectors ask about a network: the reach of its outputs, and its weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.layers import Activation, Dense, Layer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.model import Model

_REACH = {
    "logistic": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "symmetric_logistic": (-1.0, 1.0),
    "relu": (0.0, math.inf),
    "softplus": (0.0, math.inf),
    "elu": (-1.0, math.inf),
    "selu": (-1.7581, math.inf),
    "gelu": (-0.17, math.inf),
    "gelu_tanh": (-0.1701, math.inf),
    "silu": (-0.2785, math.inf),
    "mish": (-0.3089, math.inf),
}


def reach(activation: str) -> tuple[float, float]:
    """Return the ends of the values of an activation."""
    return _REACH.get(activation, (-math.inf, math.inf))


def with_last_activation(layers: Sequence[Layer], activation: Any) -> tuple[Layer, ...] | None:
    """Return the layers with this activation of the outputs; None if their last layer has none to change."""
    *before, last = layers
    if isinstance(last, Activation) and activation == "identity" and before:
        return with_last_activation(before, activation)
    if not isinstance(last, Dense | Activation):
        return None
    return (*before, replace(last, activation=activation))


def dense_weights(net: Model) -> dict[str, NDArray[Any]]:
    """Return the weights of dense layers by name, in order; none before an input layer has learned its columns."""
    if net._core.first_columns is None:
        return {}
    named = net.get_weights(averaged=False)
    return {name: W for name, W in named.items() if name.endswith(".weight") and W.ndim == 2}


def root_mean_square(W: NDArray[Any]) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(W, dtype=float))))

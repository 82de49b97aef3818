"""Losses as means over the m samples of a batch, and their gradients with respect to the output.

    squared_error          E = 1/m sum_i 1/2 sum_j (a_ij - y_ij)^2       dE/da = (a - y) / m
    softmax_cross_entropy  p = softmax(z)
                           E = 1/m sum_i -log p_i[label_i]               dE/dz = (p - onehot(label)) / m

The 1/2 makes the Hessian of a linear neuron X'X/m. Soft-max subtracts each row's maximum, which changes
nothing and keeps exp finite.
Source: Bishop, Pattern Recognition and Machine Learning, 5.2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class Loss(NamedTuple):
    value: Callable[[Array, NDArray], float]
    gradient: Callable[[Array, NDArray], Array]
    output: Callable[[Array], Array]  # what predict shows


def squared_error(a: Array, y: NDArray) -> float:
    return float(np.mean(0.5 * np.sum((a - y) ** 2, axis=1)))


def squared_error_gradient(a: Array, y: NDArray) -> Array:
    return (a - y) / len(a)


def log_softmax(z: Array) -> Array:
    shifted = z - z.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def softmax(z: Array) -> Array:
    return np.exp(log_softmax(z))


def softmax_cross_entropy(z: Array, labels: NDArray) -> float:
    return float(-np.mean(log_softmax(z)[np.arange(len(z)), labels]))


def softmax_cross_entropy_gradient(z: Array, labels: NDArray) -> Array:
    onehot = np.eye(z.shape[1], dtype=z.dtype)[labels]
    return (softmax(z) - onehot) / len(z)


LOSSES = {
    "squared_error": Loss(squared_error, squared_error_gradient, lambda a: a),
    "softmax_cross_entropy": Loss(softmax_cross_entropy, softmax_cross_entropy_gradient, softmax),
}

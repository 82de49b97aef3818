"""Losses as weighted means over the samples of a batch, and their gradients with respect to the outputs.

    E = sum_i w_i E_i / sum_i w_i,    dE/da_ij = w_i / sum w dE_i/da_ij;    w_i = 1 without sample weights

    squared_error           E_i = 1/2 sum_j d_ij^2,  d_ij = a_ij - y_ij
    absolute_error          E_i = sum_j |d_ij|
    huber                   E_i = sum_j d_ij^2 / 2 where |d_ij| <= delta, else delta (|d_ij| - delta / 2)
    quantile                E_i = sum_j max(q_j d, (q_j - 1) d),  d = y_i - a_ij
    poisson                 E_i = sum_j exp(a_ij) - y_ij a_ij
    gamma                   E_i = sum_j y_ij exp(-a_ij) + a_ij
    logistic                E_i = -sum_j y_ij log p_ij + (1 - y_ij) log(1 - p_ij),  p = 1 / (1 + exp(-a))
                            with p_ij clipped to [clip, 1 - clip]
    softmax_cross_entropy   E_i = -sum_j t_ij log p_ij,  p_i = softmax(a_i),  t = (1 - s) y + s / k, where y
                            is onehot(label) or a row of probabilities, and s the label smoothing

The 1/2 makes the Hessian of a linear neuron X'X/m. Soft-max subtracts each row's maximum, which does not
change the result and keeps exp finite. The metric is the weighted mean of a score over samples (and
outputs), or its root for squared errors.
Source: Bishop, Pattern Recognition and Machine Learning, 4.3 and 5.2; Huber 1964; Koenker and Bassett 1978;
McCullagh and Nelder, Generalized Linear Models, 6 and 8 (deviances); Szegedy et al. 2016 (label smoothing).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reference.activations import logistic

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Loss:
    """The loss and gradient of a batch, from `errors` (E_i) and `slopes` (dE_i/da_ij) of single samples."""

    def value(self, a: Array, y: NDArray, weights: Array | None = None) -> float:
        return float(np.average(self.errors(a, y), weights=weights))

    def gradient(self, a: Array, y: NDArray, weights: Array | None = None) -> Array:
        w = np.ones(len(a), dtype=a.dtype) if weights is None else np.asarray(weights, dtype=a.dtype)
        return self.slopes(a, y) * (w / w.sum())[:, None]

    def metric(self, a: Array, y: NDArray, weights: Array | None = None) -> float:
        return float(np.average(self.scores(a, y).reshape(len(a), -1).mean(axis=1), weights=weights))

    def output(self, a: Array) -> Array:
        """What predict returns."""
        return a


@dataclass(frozen=True)
class SquaredError(Loss):
    def errors(self, a: Array, y: NDArray) -> Array:
        return 0.5 * np.sum((a - y) ** 2, axis=1)

    def slopes(self, a: Array, y: NDArray) -> Array:
        return a - y

    def metric(self, a: Array, y: NDArray, weights: Array | None = None) -> float:
        return float(np.sqrt(np.average(np.mean((a - y) ** 2, axis=1), weights=weights)))


@dataclass(frozen=True)
class AbsoluteError(Loss):
    def errors(self, a: Array, y: NDArray) -> Array:
        return np.sum(np.abs(a - y), axis=1)

    def slopes(self, a: Array, y: NDArray) -> Array:
        return np.sign(a - y)

    def scores(self, a: Array, y: NDArray) -> Array:
        return np.abs(a - y)


@dataclass(frozen=True)
class Huber(Loss):
    delta: float = 1.0

    def errors(self, a: Array, y: NDArray) -> Array:
        d = np.abs(a - y)
        return np.sum(np.where(d <= self.delta, d**2 / 2, self.delta * (d - self.delta / 2)), axis=1)

    def slopes(self, a: Array, y: NDArray) -> Array:
        return np.clip(a - y, -self.delta, self.delta)

    def scores(self, a: Array, y: NDArray) -> Array:
        return np.abs(a - y)


@dataclass(frozen=True)
class Quantile(Loss):
    """y holds one target per sample, shape (m,) or (m, 1)."""

    levels: tuple[float, ...] = (0.5,)

    def scores(self, a: Array, y: NDArray) -> Array:
        q, d = np.asarray(self.levels, dtype=a.dtype), y.reshape(-1, 1) - a
        return np.maximum(q * d, (q - 1) * d)

    def errors(self, a: Array, y: NDArray) -> Array:
        return self.scores(a, y).sum(axis=1)

    def slopes(self, a: Array, y: NDArray) -> Array:
        q, d = np.asarray(self.levels, dtype=a.dtype), y.reshape(-1, 1) - a
        return np.where(d == 0, 0, np.where(d > 0, -q, 1 - q)).astype(a.dtype)


@dataclass(frozen=True)
class Poisson(Loss):
    def errors(self, a: Array, y: NDArray) -> Array:
        return np.sum(np.exp(a) - y * a, axis=1)

    def slopes(self, a: Array, y: NDArray) -> Array:
        return np.exp(a) - y

    def scores(self, a: Array, y: NDArray) -> Array:
        log_ratio = np.log(np.where(y > 0, y, 1)) - a
        return 2 * (np.where(y > 0, y * log_ratio, 0) - y + np.exp(a))

    def output(self, a: Array) -> Array:
        return np.exp(a)


@dataclass(frozen=True)
class Gamma(Loss):
    def errors(self, a: Array, y: NDArray) -> Array:
        return np.sum(y * np.exp(-a) + a, axis=1)

    def slopes(self, a: Array, y: NDArray) -> Array:
        return 1 - y * np.exp(-a)

    def scores(self, a: Array, y: NDArray) -> Array:
        ratio = y * np.exp(-a)
        return 2 * (ratio - 1 - np.log(ratio))

    def output(self, a: Array) -> Array:
        return np.exp(a)


@dataclass(frozen=True)
class Logistic(Loss):
    clip: float = 0.0

    def errors(self, a: Array, y: NDArray) -> Array:
        if self.clip > 0:
            p = np.clip(logistic(a), self.clip, 1 - self.clip)
            a = np.log(p) - np.log1p(-p)
        log_p, log_not_p = -np.log1p(np.exp(-a)), -np.log1p(np.exp(a))
        return -np.sum(y * log_p + (1 - y) * log_not_p, axis=1)

    def slopes(self, a: Array, y: NDArray) -> Array:
        return logistic(a) - y

    def scores(self, a: Array, y: NDArray) -> Array:
        return ((logistic(a) > 0.5) == (y > 0.5)).astype(a.dtype)

    def output(self, a: Array) -> Array:
        return logistic(a)


def log_softmax(z: Array) -> Array:
    shifted = z - z.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def softmax(z: Array) -> Array:
    return np.exp(log_softmax(z))


@dataclass(frozen=True)
class SoftmaxCrossEntropy(Loss):
    label_smoothing: float = 0.0
    clip: float = 0.0

    def targets(self, a: Array, y: NDArray) -> Array:
        k, s = a.shape[1], self.label_smoothing
        given = y if y.ndim == 2 else np.eye(k, dtype=a.dtype)[y]
        return (1 - s) * given + s / k

    def errors(self, a: Array, y: NDArray) -> Array:
        errors = -np.sum(self.targets(a, y) * log_softmax(a), axis=1)
        return np.minimum(errors, -np.log(self.clip)) if self.clip > 0 else errors

    def slopes(self, a: Array, y: NDArray) -> Array:
        t = self.targets(a, y)
        return softmax(a) * t.sum(axis=1, keepdims=True) - t

    def scores(self, a: Array, y: NDArray) -> Array:
        labels = y.argmax(axis=1) if y.ndim == 2 else y
        return (a.argmax(axis=1) == labels).astype(a.dtype)

    def output(self, a: Array) -> Array:
        return softmax(a)


LOSSES = {
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "huber": Huber,
    "quantile": Quantile,
    "poisson": Poisson,
    "gamma": Gamma,
    "logistic": Logistic,
    "softmax_cross_entropy": SoftmaxCrossEntropy,
}

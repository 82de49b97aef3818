"""Scores that decide: the mean of a loss over rows, of mixed predictions, the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.losses import AbsoluteError, Huber, Logistic, Loss, Quantile, SoftmaxCrossEntropy, SquaredError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]

_TERMS = 12  # of the series of the logarithm; the next one is below half a unit in the last place
_SMALLEST = 2.0**-24  # probability of a label: half of what separates float32 from 1


def natural_log(x: Float) -> Float:
    """Return log x of positive numbers by operations that IEEE 754 rounds, so with the same bits on every machine.

    ``log x = e log 2 + 2 (s + s^3 / 3 + s^5 / 5 + ...)``, with ``x = m 2^e``, ``1/sqrt(2) <= m < sqrt(2)`` and
    ``s = (m - 1) / (m + 1)``
    """
    mantissa, exponent = np.frexp(np.asarray(x, dtype=np.float64))
    low = mantissa < np.sqrt(0.5)
    mantissa = np.where(low, 2 * mantissa, mantissa)
    s = (mantissa - 1) / (mantissa + 1)
    square, series = s * s, np.zeros_like(s)
    for term in range(_TERMS, -1, -1):
        series = series * square + 1 / (2 * term + 1)
    result: Float = (exponent - low) * 0.6931471805599453 + 2 * s * series
    return result


def evidence(loss: Loss, y: NDArray[Any], predicted: Float) -> Float:
    """Return what a score needs of predictions: of probabilities those of what is true, (n, 1 or labels), else all.

    The evidence of mixed predictions is the mixture of their evidence.
    """
    if isinstance(loss, SoftmaxCrossEntropy):
        return np.take_along_axis(predicted, y[:, None], axis=1)
    if isinstance(loss, Logistic):
        return np.where(y.reshape(predicted.shape) == 1, predicted, 1 - predicted)
    return predicted


def row_losses(loss: Loss, y: NDArray[Any], found: Float) -> Float:
    """Return the loss of each row, (n,), of its target y and its evidence: a sum over labels, targets or quantiles."""
    if isinstance(loss, SoftmaxCrossEntropy | Logistic):
        logs: Float = np.add.reduce(natural_log(np.maximum(found, _SMALLEST)), axis=1)
        return -logs
    d = np.reshape(y, (len(found), -1)) - found
    if isinstance(loss, SquaredError):
        each = d * d
    elif isinstance(loss, AbsoluteError):
        each = np.abs(d)
    elif isinstance(loss, Huber):
        size = np.abs(d)
        each = np.where(size <= loss.delta, d * d / 2, loss.delta * (size - loss.delta / 2))
    elif isinstance(loss, Quantile):
        each = np.maximum(np.asarray(loss.levels) * d, (np.asarray(loss.levels) - 1) * d)
    else:
        logs = natural_log(np.maximum(found, np.finfo(np.float64).tiny))
        each = found - (d + found) * logs if loss.name == "poisson" else (d + found) / found + logs
    total: Float = np.add.reduce(each, axis=1)
    return total


def weighted_mean(values: Float, weight: Float | None) -> float:
    """Return the mean of values, weighted if there are weights."""
    if weight is None:
        return float(np.add.reduce(values) / len(values))
    return float(np.add.reduce(values * weight) / np.add.reduce(weight))

"""What detectors know about the targets of a fit, computed in a few passes over y."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.data.inputs import as_array
from fanin.diagnose.evidence import Kind, Target
from fanin.losses import Huber, Quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.model import Model

    Floats = NDArray[np.float64]

_NUMBERS = 1 << 18  # targets that are looked at, about; of more, some in blocks of neighbours
_BLOCKS = 64
_LABELS = 100  # classes that numbers may stand for, at most
_ROWS_PER_LABEL = 5  # and the rows that they need
_BALANCE = 0.3  # the rarest of such classes over the most frequent, at least: counts and grades thin out


def target_of(net: Model, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Target:
    """Return the statistics of targets that the network can be trained on, weighted by the sample weights.

    Examples
    --------
    >>> import fanin
    >>> from fanin.diagnose.targets import target_of
    >>> net = fanin.Network(2, [fanin.Dense(3)], "softmax_cross_entropy")
    >>> target = target_of(net, [0, 0, 1, 1, 2, 2])
    >>> target.kind, target.classes, round(target.baseline, 4)
    ('classes', array([2., 2., 2.]), 1.0986)
    """
    if type(y) is not np.ndarray:
        y = as_array("y", y, net._data_dtype, {}, dict(net._core.column_names))
    targets = _core.numbers("y", y)
    rows = len(targets)
    chosen = _sample(rows, targets.size)
    targets = targets[chosen]
    weights = None
    if sample_weight is not None:
        weights = np.asarray(_core.numbers("sample_weight", sample_weight), float)[chosen]
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    with np.errstate(all="ignore"):
        if net.loss == "softmax_cross_entropy" and targets.ndim == 1:
            return _of_labels(net, targets.astype(np.intp, copy=False), weights, rows)
        return _of_numbers(net, targets.astype(float, copy=False), weights, rows)


def _sample(rows: int, numbers: int) -> Any:
    """Return the indices of the rows to look at: all, or blocks that are equally spaced."""
    if numbers <= _NUMBERS:
        return slice(None)
    size = max(1, rows * _NUMBERS // numbers // _BLOCKS)
    starts = np.linspace(0, rows - size, min(_BLOCKS, rows)).astype(np.intp)
    return (starts[:, None] + np.arange(size)).ravel()


def _of_labels(net: Model, labels: NDArray[np.intp], weights: Floats | None, rows: int) -> Target:
    """Return the statistics of integer labels of a soft-max."""
    seen = np.bincount(labels, minlength=net.n_outputs)
    counts = seen.astype(float) if weights is None else np.bincount(labels, weights, minlength=net.n_outputs)
    shares = counts / counts.sum()
    baseline, neighbours = _entropy(_smoothed(net, shares)), _alike(labels, seen)
    deviation = math.sqrt((1 - float(shares @ shares)) / len(shares))
    top = float(seen.nonzero()[0][-1])
    return Target(
        rows, baseline, deviation, counts * (rows / len(labels)), "classes", 1, 0.0, top, neighbours
    )


def _of_numbers(net: Model, y: Floats, weights: Floats | None, rows: int) -> Target:
    """Return the statistics of numbers, or of probabilities."""
    columns = 1 if y.ndim == 1 else y.shape[1]
    low, high = float(y.min()), float(y.max())
    kind, labels = _kind_of(net, y, low, high)
    mean = _mean(y, weights)
    centred = y - mean
    squares = centred * centred
    variance = _mean(squares, weights)
    classes = None
    if labels is not None:
        classes = np.bincount(labels, weights) * (rows / len(labels))
        neighbours = _alike(labels, np.bincount(labels))
    else:
        total = float(squares.sum())
        neighbours = float((centred[1:] * centred[:-1]).sum()) / total if total > 0 else 0.0
    baseline = _baseline(net, y, weights, np.atleast_1d(mean), np.atleast_1d(variance))
    deviation = math.sqrt(float(variance.sum()) / columns)
    floor = _floor(net, y, weights)
    return Target(rows, baseline, deviation, classes, kind, columns, low, high, neighbours, floor)


def _mean(values: Floats, weights: Floats | None) -> Any:
    """Return the mean of each column."""
    return values.sum(0) / len(values) if weights is None else weights @ values / weights.sum()


def _kind_of(net: Model, y: Floats, low: float, high: float) -> tuple[Kind, NDArray[np.intp] | None]:
    """Return the kind of the targets and, if they are classes, the class of each row."""
    whole = bool((np.rint(y) == y).all())
    if y.ndim == 2:
        if whole and low == 0 and high == 1 and (y.sum(1) == 1).all():
            return "one_hot", y.argmax(1)
        if net.loss == "softmax_cross_entropy":
            return "probabilities", None
    if whole and high == 1 and (low == 0 or (low == -1 and bool((y * y == 1).all()))):
        return "binary", (y > 0).astype(np.intp) if y.ndim == 1 else None
    if not whole or low < 0:
        return "numbers", None
    if y.ndim == 1 and low == 0 and 2 <= high < min(_LABELS, len(y) / _ROWS_PER_LABEL):
        labels = y.astype(np.intp)
        counts = np.bincount(labels)
        if counts.min() >= _BALANCE * counts.max():
            return "classes", labels
    return "counts", None


def _baseline(net: Model, y: Floats, weights: Floats | None, mean: Floats, variance: Floats) -> float:
    """Return the loss of the best constant outputs; for Huber's, of the medians, which are close to the best."""
    loss = net._loss
    if net.loss == "squared_error":
        return float(variance.sum()) / 2
    if net.loss == "softmax_cross_entropy":
        return _entropy(_smoothed(net, mean))
    if net.loss == "logistic":
        return _entropy(mean) + _entropy(1 - mean)
    if net.loss == "poisson":
        return float(np.where(mean > 0, mean - mean * np.log(mean), 0).sum())
    if net.loss == "gamma":
        return float((1 + np.log(mean)).sum())
    of_columns = y[:, None] if y.ndim == 1 else y
    if isinstance(loss, Quantile):
        levels: Any = loss.levels
        best = [_quantile(of_columns[:, 0], weights, level) for level in levels]
    else:
        best = [_quantile(column, weights, 0.5) for column in of_columns.T]
    distances = of_columns - np.array(best)
    sizes = np.abs(distances)
    if isinstance(loss, Huber):
        each = np.where(sizes <= loss.delta, sizes**2 / 2, loss.delta * (sizes - loss.delta / 2))
    elif isinstance(loss, Quantile):
        each = distances * (np.array(levels) - (distances < 0))
    else:
        each = sizes
    return float(_mean(each.sum(1), weights))


def _floor(net: Model, y: Floats, weights: Floats | None) -> float:
    """Return the loss of outputs that equal the targets, where that is not 0."""
    if net.loss == "poisson":
        return float(np.sum(_mean(y - y * np.log(np.where(y > 0, y, 1)), weights)))
    if net.loss == "gamma":
        return float(np.sum(_mean(1 + np.log(y), weights)))
    return 0.0


def _entropy(shares: Floats) -> float:
    """Return the sum of -p log p."""
    kept = shares[shares > 0]
    return -float(kept @ np.log(kept))


def _smoothed(net: Model, shares: Floats) -> Floats:
    """Return the shares of classes after label smoothing."""
    smoothing: float = getattr(net._loss, "label_smoothing", 0.0)
    return (1 - smoothing) * shares + smoothing / len(shares) if smoothing else shares


def _alike(labels: NDArray[np.intp], counts: Any) -> float:
    """Return how often neighbours have the same class, beyond chance."""
    if len(labels) < 2:
        return 0.0
    by_chance = float(counts @ counts) / len(labels) ** 2
    same = np.count_nonzero(labels[1:] == labels[:-1]) / (len(labels) - 1)
    return float((same - by_chance) / (1 - by_chance)) if by_chance < 1 else 0.0


def _quantile(column: Floats, weights: Floats | None, level: float) -> float:
    """Return the value below which this share of the weight lies."""
    if weights is None:
        return float(np.quantile(column, level))
    order = np.argsort(column, kind="stable")
    below = np.cumsum(weights[order])
    return float(column[order[min(np.searchsorted(below, level * below[-1]), len(order) - 1)]])

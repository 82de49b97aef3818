"""Redundancy: how well a half of the samples stands for the whole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.checks import check_integer
from fanin.data.inputs import row_count
from fanin.data.order import weighted_in_random_order
from fanin.data.sequences import Sequences, as_samples
from fanin.optim.momentum import SGD

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.network import Network

_SPLITS = 4


def redundancy(
    net: Network, X: ArrayLike, y: ArrayLike, *, sample_weight: ArrayLike | None = None, seed: int = 0
) -> float:
    """Return the cosine of the gradients of two halves of the samples, the mean of four random splits.

    Near 1, a half teaches as much as the whole, so mini-batches pay off. A fresh network is measured as it is once its
    input layer has learned from X; the network does not change. It costs eight gradients over all samples.

    Parameters
    ----------
    net : Network
        Trained or not.
    X, y, sample_weight
        As in `Network.fit`.
    seed : int
        Chooses the halves, in 0..2^64-1.

    Returns
    -------
    float
        In [-1, 1].

    Raises
    ------
    ValueError, TypeError
        As `Network.fit` does; also if fewer than two samples have a weight above 0, or a gradient is not finite.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.tile(np.linspace(-1, 1, 10), 40)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(16, "tanh"), fanin.Dense(1)])
    >>> fanin.diagnose.redundancy(net, X, X**2) > 0.9
    True
    """
    check_integer("seed", seed, 0, 64)
    fork = opened_copy(net, X, y, sample_weight)
    X, y, sample_weight = as_samples(net, X, y, sample_weight)
    return cosine_of_halves(fork, X, y, sample_weight, comparable(X, sample_weight, seed))


def opened_copy(net: Network, X: Any, y: Any, sample_weight: Any, steps: int = 1) -> Network:
    """Return a copy after steps of length 0: its input layer has learned, and biases are at the base rate."""
    if not hasattr(net, "objective"):
        raise TypeError(f"net: expected a fanin.Network, got {type(net).__name__}")
    fork = net.copy()
    fork.fit(X, y, rule=SGD(0.0), sample_weight=sample_weight, epochs=steps, max_steps=steps)
    return fork


def comparable(X: Any, sample_weight: Any, seed: int) -> NDArray[np.int64]:
    """Return the numbers of the rows of weight above 0 in random order; raise unless there are two."""
    order = weighted_in_random_order(X, sample_weight, seed)
    if len(order) < 2:
        raise ValueError(f"X: expected at least 2 samples of weight above 0 to compare, got {len(order)}")
    return order


def cosine_of_halves(
    net: Network, X: Any, y: Any, sample_weight: Any, order: NDArray[np.int64], **options: bool
) -> float:
    """Return the mean cosine of the gradients of the two halves of each split; `options` are of `objective`.

    The data are those of `as_samples`.
    """
    steps = sample_weight if isinstance(sample_weight, Sequences) else None
    whole = np.zeros(row_count("X", X))
    each = sample_weight is None or steps is not None
    whole[order] = 1 if each else _core.numbers("sample_weight", sample_weight)[order]
    cosines = []
    for split in range(_SPLITS):
        begin = split * len(order) // (2 * _SPLITS)
        first = whole.copy()
        first[np.roll(order, -begin)[len(order) // 2 :]] = 0
        parts: list[Any] = [first, whole - first]
        if steps is not None:
            parts = [steps.with_steps(steps.steps * np.repeat(part, steps.lengths)) for part in parts]
        halves = [net.objective(X, y, sample_weight=part, **options) for part in parts]
        gradients = [half.loss_and_gradient(half.weights())[1].astype(np.float64) for half in halves]
        if not np.isfinite(gradients).all():
            raise ValueError(
                "net: expected weights where the gradient of the loss is finite, got NaN or infinity"
            )
        cosines.append(_cosine(*gradients))
    return math.fsum(cosines) / _SPLITS


def _cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the cosine of the angle between two vectors, 0 if one of them is 0."""
    sizes = np.abs(a).max(), np.abs(b).max()
    if min(sizes) == 0:
        return 0.0
    a, b = a / sizes[0], b / sizes[1]  # squares do not overflow
    product, squares = _dot(a, b), _dot(a, a) * _dot(b, b)
    return min(max(product / math.sqrt(squares), -1.0), 1.0)


def _dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return math.fsum((a * b).tolist())  # rounded once, so the same on every processor

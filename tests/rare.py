"""Rows with values in few columns, of which most are rare, and networks trained on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import fanin

ROWS, COLUMNS, BATCH, EPOCHS = 400, 300, 8, 4  # 200 steps
SAME_BITS = ("sgd", "sign_sgd", "adagrad")  # a weight without a gradient stays as it is
OTHERS = (
    "momentum",
    "nesterov",
    "rmsprop",
    "adadelta",
    "adam",
    "adamw",
    "amsgrad",
    "adamax",
    "nadam",
    "radam",
)
LAZY = SAME_BITS + OTHERS


def rows_of_rare_columns() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """A dense array with four values a row, and labels; some rows are empty, and some columns, too."""
    rng = np.random.default_rng(0)
    X, share = np.zeros((ROWS, COLUMNS)), 1 / np.arange(1, COLUMNS + 1)
    for row in X:
        row[rng.choice(COLUMNS, 4, replace=False, p=share / share.sum())] = rng.normal(size=4)
    X[[0, 17, -1]] = 0
    return X, np.argmax(X @ rng.normal(size=(COLUMNS, 3)), axis=1)


def trained(X, y, rule, dtype="float64", *, layers=None, net=None, **options) -> fanin.Network:
    """A network after 200 steps, or `net` trained further."""
    if net is None:
        layers = layers or [fanin.Dense(6, "tanh"), fanin.Dense(3)]
        net = fanin.Network(X.shape[1], layers, "softmax_cross_entropy", dtype=dtype, seed=2)
    net.fit(X, y, rule=rule, **{"epochs": EPOCHS, "batch_size": BATCH, **options})
    return net


def difference(net: fanin.Network, other: fanin.Network) -> float:
    """The largest difference of weights, in proportion to the largest weight of an array."""
    pairs = zip(net.get_weights().values(), other.get_weights().values(), strict=True)
    return max(float(np.abs(a - b.astype(float)).max() / np.abs(b).max()) for a, b in pairs)

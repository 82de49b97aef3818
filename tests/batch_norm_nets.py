"""A classifier with batch norm in its hidden layers, and its data, shared by several test files."""

from __future__ import annotations

import numpy as np

import fanin


def data(rows=200, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 12)) + 1
    return x.astype("float32"), (x[:, 0] * x[:, 1] > 1).astype("int64")


def classifier(dtype="float32", seed=3, **options):
    options.setdefault("batch_norm", True)
    layers = [fanin.Dense(70, "relu", **options), fanin.Dense(33, "gelu", **options), fanin.Dense(2)]
    return fanin.Network(12, layers, "softmax_cross_entropy", seed=seed, dtype=dtype)

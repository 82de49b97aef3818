"""Prints the active instruction set, and the bits of a net trained on sparse rows and on the dense array."""

from __future__ import annotations

import hashlib
import sys

import numpy as np

import fanin
from helpers import digest


def matrices(absent=9):
    """Rows of 75 values k / 8, of which `absent` of 11 are 0, and labels; two rows are empty.

    Of more than 1/8 of the values, a first layer is a dense product; of fewer, a sum of rows of weights.
    """
    cells = np.arange(150 * 75, dtype="int64").reshape(150, 75)
    X = ((cells * cells * 31 + cells * 17) % 127 - 63) / 8
    X[(cells * 7 + cells // 75 * 3) % 11 < absent] = 0
    X[[1, 149]] = 0
    return X, (np.arange(150) * 7) % 3


def net_for(X, dtype="float32"):
    layers = [fanin.Dense(33, "tanh"), fanin.Dense(3)]
    return fanin.Network(X.shape[1], layers, "softmax_cross_entropy", dtype=dtype, seed=3)


def bits_of(X, y, dtype, batches="shuffled", **options):
    """One digest of a fit with validation, predictions, an evaluation, and an objective."""
    net = net_for(X, dtype)
    weights = y + 1
    options |= {"epochs": 2, "batch_size": 32, "batches": batches, "sample_weight": weights}
    history = net.fit(X, y, validation_data=(X, y), **options)
    objective = net.objective(X, y)
    loss, gradient = objective.loss_and_gradient(objective.weights())
    numbers = (history.loss, history.val_loss, net.evaluate(X, y, sample_weight=weights), loss)
    parts = (digest(net).encode(), net.predict(X).tobytes(), gradient.tobytes(), repr(numbers).encode())
    return hashlib.sha256(b"".join(parts)).hexdigest()


if __name__ == "__main__":
    from scipy.sparse import csr_array

    print(fanin.cpu.active())
    for absent, rule in ((9, "adamw"), (10, "adagrad")):  # which have the dense form's bits
        X, y = matrices(absent)
        print(*(bits_of(given, y, sys.argv[1], rule=rule) for given in (csr_array(X), X)))

"""Problems of Hochreiter and Schmidhuber (1997) that need a memory of many steps."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fanin
from fanin import optim
from sequences import LAYERS


def clipped(rate):
    return optim.Around(optim.Adam(rate), clip_norm=1.0)


def adding_problem(sequences, length, rng):
    """Numbers in [0, 1] and marks of two of them, one in each half; the target is the sum of the marked ones.

    Always predicting the mean has a squared error of 1/6.
    """
    numbers, marks = rng.random((sequences, length)), np.zeros((sequences, length))
    rows, half = np.arange(sequences), length // 2
    marks[rows, rng.integers(half, size=sequences)] = 1
    marks[rows, half + rng.integers(half, size=sequences)] = 1
    return np.stack([numbers, marks], axis=2), (numbers * marks).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_numbers_a_hundred_steps_apart_are_added(kind):
    rng = np.random.default_rng(0)
    net = fanin.Network(2, [LAYERS[kind](64), fanin.Dense(1)], seed=0)
    net.fit(*adding_problem(10_000, 100, rng), rule=clipped(0.01), epochs=3, batch_size=50)
    X, y = adding_problem(1000, 100, rng)
    assert np.mean((net.predict(X) - y) ** 2) < 0.01 < 1 / 6 / 10


def copying_memory(sequences, delay, rng):
    """Ten symbols of eight, to be repeated after a delay, when a cue is seen; blank until then.

    Without a memory, the least cross-entropy is that of ten guesses among eight symbols.
    """
    symbols, blank, cue = rng.integers(8, size=(sequences, 10)), 8, 9
    X = np.full((sequences, delay + 20), blank)
    y = X.copy()
    X[:, :10], X[:, -11], y[:, -10:] = symbols, cue, symbols
    return X[:, :, None], y


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_symbols_are_copied_better_than_a_net_without_memory_can(kind):
    rng, delay = np.random.default_rng(0), 20
    layers = [
        fanin.Embedding(10, 10, initializer=np.eye(10)),
        LAYERS[kind](64, return_sequences=True),
        fanin.Dense(9),
    ]
    net = fanin.Network(1, layers, "softmax_cross_entropy", seed=0)
    net.fit(*copying_memory(5000, delay, rng), rule=clipped(0.02), epochs=8, batch_size=50)
    found = net.evaluate(*copying_memory(500, delay, rng))
    assert found["loss"] < 0.85 * 10 * math.log(8) / (delay + 20)

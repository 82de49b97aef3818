"""Recurrent nets have the same bits on any number of threads, on each instruction set, and again."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np

import fanin
from fanin import optim
from helpers import bits_everywhere, digest, rule_named

FEATURES, CLASSES = 11, 4
KINDS = (fanin.Recurrent, fanin.GRU, fanin.LSTM)


def sequences_of_values(count, longest):
    """Sequences of 1 to `longest` steps of values k / 32 that look random, and labels of their steps."""
    lengths = [1 + (7 * number * number + 3 * number) % longest for number in range(count)]
    cells = np.arange(sum(lengths) * FEATURES, dtype="int64")
    steps = (((cells * cells * 31 + cells * 17) % 127 - 63) / 32).reshape(-1, FEATURES)
    ends = np.cumsum(lengths)[:-1]
    return np.split(steps, ends), np.split(np.arange(len(steps)) * 7 % CLASSES, ends)


def bits_of_recurrent_nets():
    """Of ragged sequences, many to one and many to many, on one level or two with dropout, whole or truncated."""
    digests = []
    for of, dtype, units, truncation in itertools.product(
        KINDS, ("float32", "float64"), (1, 19, 65), (None, 5)
    ):
        X, y = sequences_of_values(37, 23)
        many = truncation is not None
        layers = [of(units, return_sequences=many), fanin.Dense(CLASSES)]
        if units == 19:
            layers = [of(units, return_sequences=True), fanin.Dropout(0.2), *layers]
        net = fanin.Network(FEATURES, layers, "softmax_cross_entropy", dtype=dtype, seed=units)
        targets = y if many else np.array([steps[-1] for steps in y])
        options = {"epochs": 2, "batch_size": 10, "truncation": truncation}
        history = net.fit(X, targets, rule=optim.Around(optim.Adam(0.01), clip_norm=1.0), **options)
        assert np.isfinite(history.loss).all()
        predicted = np.concatenate([np.atleast_2d(steps) for steps in net.predict(X)])
        digests += [digest(net), repr(history.loss), predicted.tobytes().hex()]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def test_recurrent_nets_have_the_same_bits_everywhere(threads):
    assert len(bits_everywhere(bits_of_recurrent_nets, threads)) == 1


def test_every_rule_trains_recurrent_nets_with_the_same_bits_on_one_thread_and_on_three(every_rule, threads):
    X, y = sequences_of_values(37, 9)
    found = set()
    for number in (1, 3):
        threads(number)
        net = fanin.Network(FEATURES, [fanin.LSTM(19), fanin.Dense(CLASSES)], "softmax_cross_entropy", seed=2)
        net.fit(X, [steps[-1] for steps in y], rule=rule_named(every_rule), epochs=2, batch_size=10)
        found.add(digest(net))
    assert len(found) == 1

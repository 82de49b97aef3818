"""Streams: steps one at a time give the bits of predictions on whole sequences."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from sequences import CLASSES, FEATURES, LAYERS, every_kind, labels, many_or_one, net_of, sequences

LENGTH, ROWS = 12, 5
WINDOWS = np.stack(sequences((LENGTH,) * ROWS))


def streamed(net, X):
    """The outputs after each step, (n, time, k), for rows side by side."""
    state = net.new_state(rows=len(X))
    return np.stack([net.step(X[:, t], state) for t in range(X.shape[1])], axis=1)


@every_kind
@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("units", [1, 7, 16, 33, 130])
def test_streamed_steps_have_the_bits_of_a_window(kind, levels, units, dtype):
    net = net_of(kind, many=True, units=units, levels=levels, dtype=dtype)
    assert np.array_equal(streamed(net, WINDOWS), net.predict(WINDOWS))


@every_kind
@pytest.mark.parametrize("rows", [1, 2, 15, 16, 17, 70])
def test_any_number_of_rows_may_be_streamed(kind, rows, dtype):
    net = net_of(kind, many=True, units=9, dtype=dtype)
    X = np.stack(sequences((4,) * rows))
    assert np.array_equal(streamed(net, X), net.predict(X))


@every_kind
def test_a_single_row_is_a_row_of_many(kind, dtype):
    net = net_of(kind, many=True, levels=2, dtype=dtype)
    expected = net.predict(WINDOWS)[0]
    alone = net.new_state()
    assert alone.rows == 1
    for t, x in enumerate(WINDOWS[0]):
        y = net.step(x, alone)
        assert y.shape == (CLASSES,)
        assert y.dtype == dtype
        assert np.array_equal(y, expected[t])


@every_kind
def test_a_stream_of_a_many_to_one_net_gives_the_output_after_the_steps_so_far(kind, dtype):
    net = net_of(kind, levels=2, dtype=dtype)
    found = streamed(net, WINDOWS)
    for t in range(LENGTH):
        assert np.array_equal(found[:, t], net.predict(WINDOWS[:, : t + 1]))


@every_kind
def test_layers_around_recurrent_ones_are_streamed_too(kind, dtype):
    of = LAYERS[kind]
    layers = [
        fanin.Standardize(),
        fanin.Dense(8, "tanh", batch_norm=True),
        of(9, return_sequences=True),
        fanin.Dropout(0.3),
        fanin.Residual([fanin.Dense(9, "relu")]),
        of(6, return_sequences=True),
        fanin.BatchNorm(),
        fanin.Dense(3),
    ]
    net = fanin.Network(FEATURES, layers, "softmax_cross_entropy", dtype=dtype, seed=1)
    y = np.stack(labels(many=True, lengths=(LENGTH,) * ROWS))
    net.fit(WINDOWS, y, rule=optim.Adam(), epochs=2, batch_size=2)
    assert np.array_equal(streamed(net, WINDOWS), net.predict(WINDOWS))


@every_kind
@many_or_one
def test_letters_are_streamed_one_by_one(kind, many):
    layers = [fanin.Embedding(8, 4), LAYERS[kind](7, return_sequences=many), fanin.Dense(3)]
    net = fanin.Network(1, layers, "softmax_cross_entropy", seed=5)
    letters = np.arange(24).reshape(2, 12, 1) * 3 % 8
    found = streamed(net, letters)
    expected = net.predict(letters)
    assert np.array_equal(found if many else found[:, -1], expected)


@every_kind
def test_two_streams_of_a_net_do_not_touch_each_other(kind, dtype):
    net = net_of(kind, many=True, levels=2, dtype=dtype)
    expected = net.predict(WINDOWS)
    states = [net.new_state() for _ in range(ROWS)]
    for t in range(LENGTH):
        for row, state in enumerate(states):
            assert np.array_equal(net.step(WINDOWS[row, t], state), expected[row, t])


@every_kind
def test_the_bits_of_a_stream_do_not_depend_on_the_number_of_threads(kind, threads, dtype):
    net = net_of(kind, many=True, units=70, dtype=dtype)
    X = np.stack(sequences((3,) * 70))
    expected = net.predict(X)
    for number in (1, 2, 3, 7):
        threads(number)
        assert np.array_equal(streamed(net, X), expected)

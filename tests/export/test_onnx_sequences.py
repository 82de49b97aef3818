"""Recurrent networks as ONNX models: operators of ONNX in float32, loops in float64."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from onnx_models import TOLERANCE, assert_close, assert_same, model_of, run, set_all_at_random
from sequences import every_kind, many_or_one, net_of, sequences

LENGTHS = np.array([6, 1, 9, 4, 6], np.int32)


def padded(X):
    """Sequences of one length, filled up with numbers that must not matter."""
    rows = np.full((len(X), 9, 5), 7.0)
    for row, x in zip(rows, X, strict=True):
        row[: len(x)] = x
    return rows


@every_kind
@many_or_one
@pytest.mark.parametrize("opset", [13, 17, 20])
def test_recurrent_layers_are_the_same_in_onnx(kind, many, opset, dtype):
    net = net_of(kind, many, levels=2, dtype=dtype)
    for time in (1, 12):
        assert_same(net, np.random.default_rng(0).normal(size=(6, time, 5)), opset=opset)


@every_kind
@many_or_one
def test_lengths_of_sequences_are_an_input_on_demand(kind, many, dtype):
    net, X = net_of(kind, many, levels=2, dtype=dtype), sequences(LENGTHS)
    found = run(net, padded(X), to_onnx={"lengths": True}, lengths=LENGTHS)["prediction"]
    for steps, of_sequence, length in zip(found, net.predict(X), LENGTHS, strict=True):
        assert_close(steps[:length] if many else steps, of_sequence, TOLERANCE[dtype])
    assert [value.name for value in model_of(net, lengths=True).graph.input] == ["X", "lengths"]
    assert [value.name for value in model_of(net).graph.input] == ["X"]


def test_simple_recurrent_layers_take_any_activation(every_activation, dtype, rng):
    net = fanin.Network(2, [fanin.Recurrent(4, every_activation), fanin.Dense(1)], dtype=dtype)
    tolerance = 1e-6 if every_activation == "gelu" else None  # erf is in float32
    assert_same(set_all_at_random(net, rng), rng.normal(size=(5, 7, 2)), tolerance=tolerance)


def test_float32_has_the_operators_of_onnx_and_float64_loops(dtype):
    found = {
        node.op_type
        for kind in ("recurrent", "gru", "lstm")
        for node in model_of(net_of(kind, dtype=dtype)).graph.node
    }
    assert found & {"RNN", "GRU", "LSTM", "Scan"} == (
        {"RNN", "GRU", "LSTM"} if dtype == "float32" else {"Scan"}
    )


def test_layers_between_recurrent_ones_act_on_every_step(dtype, rng):
    middle = [fanin.BatchNorm(), fanin.Residual([fanin.Dense(6, "relu")]), fanin.Dropout()]
    layers = [fanin.LSTM(6, return_sequences=True), *middle, fanin.GRU(3), fanin.Dense(2)]
    net = fanin.Network(3, [fanin.Quantile(missing="mean"), *layers], dtype=dtype)
    X = rng.normal(size=(8, 5, 3))
    X[2, 3, 1] = np.nan
    net.adapt(X)
    assert_same(set_all_at_random(net, rng), X)


def test_words_are_looked_up_at_every_step(dtype, rng):
    for n in (9, [5, 9]):
        net = fanin.Network(2, [fanin.Embedding(n, 3), fanin.LSTM(4), fanin.Dense(2)], dtype=dtype)
        assert_same(set_all_at_random(net, rng), rng.integers(0, 5, size=(4, 6, 2)))


def test_outputs_at_every_step_have_the_shape_of_the_targets(rng):
    X = rng.normal(size=(6, 4, 2))
    net = fanin.Network(2, [fanin.GRU(3, return_sequences=True), fanin.Dense(1)])
    assert run(net, X)["prediction"].shape == (6, 4, 1)
    net.fit(X, X[..., 0], epochs=1)
    assert_same(net, X)
    assert run(net, X)["prediction"].shape == (6, 4)

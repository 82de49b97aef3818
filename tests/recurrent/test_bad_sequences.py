"""Sequences, states and layers that do not fit are refused with a message that says what was expected."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fanin
from helpers import digest
from sequences import CLASSES, FEATURES, labels, net_of, sequences

X, ONE, MANY = sequences(), labels(), labels(many=True)


def changed(arrays, number, value):
    return [value if i == number else array for i, array in enumerate(arrays)]


def with_value(value):
    spoilt = X[2].copy()
    spoilt[3, 1] = value
    return changed(X, 2, spoilt)


def assert_refused(many, message, error=ValueError, **options):
    net = net_of("lstm", many)
    data = {"X": X, "y": MANY if many else ONE, **options}
    before = digest(net)
    with pytest.raises(error, match="^" + re.escape(message)):
        net.fit(**data, epochs=1)
    assert digest(net) == before


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (changed(X, 1, np.zeros((0, FEATURES))), "X: sequence 1 has no steps"),
        (changed(X, 1, np.zeros((4, FEATURES + 1))), "X: sequence 1: expected shape (time, 5), got (4, 6)"),
        (changed(X, 1, np.zeros(4)), "X: sequence 1: expected shape (time, 5), got (4,)"),
        (changed(X, 1, np.zeros((1, 4, FEATURES))), "X: sequence 1: expected shape (time, 5), got (1, 4, 5)"),
        (with_value(np.nan), "X: sequence 2, step 3, column 1 is nan"),
        (with_value(np.inf), "X: sequence 2, step 3, column 1 is inf"),
        ([], "X: expected at least one sequence, got none"),
        (np.zeros((0, 4, FEATURES)), "X: expected at least one sequence, got none"),
        (np.zeros((5, 0, FEATURES)), "X: sequence 0 has no steps"),
        (np.zeros((5, FEATURES)), "X: expected sequences, shape (n, time, 5)"),
        (np.zeros((5, 4, 3)), "X: expected sequences, shape (n, time, 5)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "X",
)
def test_sequences_that_a_net_cannot_read_are_refused(given, message, many):
    assert_refused(many, message, X=given)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (changed(MANY, 3, MANY[3][:-1]), "y: sequence 3 has 3 steps, expected 4 to match X"),
        (MANY[:-1], "y: expected 5 sequences to match X, got 4"),
        (ONE, "y: expected numbers for each step, because every recurrent layer returns sequences"),
        (np.stack([MANY[0]] * 5), "y: sequence 1 has 6 steps, expected 1 to match X"),
        (changed(MANY, 2, MANY[2] + 7), "y: sequence 2, step 0"),
    ],
    ids=["too short", "too few", "one each", "one length", "no label"],
)
def test_targets_of_steps_must_match_the_steps(y, message):
    assert_refused(True, message, y=y)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (
            changed([np.ones(len(x)) for x in X], 3, np.ones(9)),
            "sample_weight: sequence 3 has 9 steps, expected 4",
        ),
        (np.ones(4), "sample_weight: expected 5 sequences to match X, got 4"),
        ([np.ones((len(x), 1)) for x in X], "sample_weight: expected a number for each step"),
        (changed([np.ones(len(x)) for x in X], 2, -np.ones(9)), "sample_weight: sequence 2, step 0"),
        (np.zeros(5), "sample_weight: "),
    ],
    ids=["too long", "too few", "columns", "negative", "zeros"],
)
def test_weights_of_steps_must_match_the_steps(weights, message):
    assert_refused(True, message, sample_weight=weights)


def test_a_net_with_one_output_for_a_sequence_has_no_weights_or_targets_of_steps():
    assert_refused(False, "sample_weight: ", sample_weight=[np.ones(len(x)) for x in X])
    assert_refused(False, "y: ", y=MANY)
    assert_refused(False, "y: ", y=ONE[:-1])


@pytest.mark.parametrize("truncation", [0, -1])
def test_a_truncation_is_at_least_one_step(truncation):
    assert_refused(True, f"truncation: expected at least 1, got {truncation}", truncation=truncation)


@pytest.mark.parametrize("truncation", [2.5, "4", True])
def test_a_truncation_is_a_whole_number(truncation):
    assert_refused(True, "truncation: ", TypeError, truncation=truncation)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([fanin.LSTM(4)], "layers: "),
        ([fanin.LSTM(4), fanin.Dropout(0.5)], "layers: "),
        ([fanin.LSTM(4), fanin.LSTM(4), fanin.Dense(1)], "layers: "),
        ([fanin.LSTM(4), fanin.Dense(3), fanin.GRU(4, return_sequences=True), fanin.Dense(1)], "layers: "),
        ([fanin.Residual([fanin.Recurrent(FEATURES)]), fanin.Dense(1)], "layers: "),
    ],
    ids=["last", "before dropout", "after one step", "after one step, too", "inside"],
)
def test_places_where_a_recurrent_layer_cannot_stand_are_refused(layers, message):
    with pytest.raises(ValueError, match=message):
        fanin.Network(FEATURES, layers)


@pytest.mark.parametrize("layer", [fanin.Recurrent, fanin.GRU, fanin.LSTM])
@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"units": 0}, ValueError, "units.*0"),
        ({"units": 2.5}, TypeError, "units"),
        ({"return_sequences": "yes"}, TypeError, "return_sequences"),
        ({"initializer": "nonsense"}, ValueError, "initializer.*nonsense"),
        (
            {"recurrent_initializer": np.zeros((4, 3))},
            ValueError,
            r"recurrent_initializer.*\(4, 4\).*\(4, 3\)",
        ),
        ({"initializer": np.zeros((4, 4))}, ValueError, r"initializer.*\(5, 4\).*\(4, 4\)"),
        ({"bias_initializer": np.zeros(3)}, ValueError, r"bias_initializer.*\(4,\).*\(3,\)"),
        ({"bias_initializer": "base_rate"}, ValueError, "base_rate"),
    ],
    ids=str,
)
def test_a_recurrent_layer_refuses_wrong_arguments(layer, options, error, words):
    with pytest.raises(error, match=words):
        fanin.Network(FEATURES, [layer(**{"units": 4, **options}), fanin.Dense(1)])


@pytest.mark.parametrize("value", [np.nan, np.inf, "1", None])
def test_a_forget_bias_is_a_number(value):
    with pytest.raises((TypeError, ValueError), match="forget_bias"):
        fanin.LSTM(4, forget_bias=value)


def test_a_state_belongs_to_its_net():
    net = net_of("lstm")
    others = [
        net_of("lstm", units=8),
        net_of("gru"),
        net_of("lstm", levels=2),
        net_of("lstm", dtype="float32"),
    ]
    for other in others:
        with pytest.raises(ValueError, match=r"^state: "):
            net.step(X[0][0], other.new_state())
    for wrong in (None, 3, np.zeros(7)):
        with pytest.raises(TypeError, match="state"):
            net.step(X[0][0], wrong)


@pytest.mark.parametrize(
    ("rows", "x"),
    [
        (1, np.zeros(FEATURES + 1)),
        (1, np.zeros((2, FEATURES))),
        (2, np.zeros(FEATURES)),
        (2, np.zeros((3, FEATURES))),
        (1, np.zeros((1, 1, FEATURES))),
        (1, np.full(FEATURES, np.nan)),
    ],
    ids=["columns", "rows", "no rows", "more rows", "axes", "nan"],
)
def test_a_step_of_the_wrong_shape_or_with_nan_is_refused_and_leaves_the_state(rows, x):
    net = net_of("gru")
    state, twin = net.new_state(rows=rows), net.new_state(rows=rows)
    good = np.stack([X[0][0]] * rows)
    for each in (state, twin):
        net.step(good, each)
    with pytest.raises(ValueError, match=r"^x: "):
        net.step(x, state)
    assert np.array_equal(net.step(good, state), net.step(good, twin))


@pytest.mark.parametrize("rows", [0, -1])
def test_a_state_has_at_least_one_row(rows):
    with pytest.raises(ValueError, match=r"^rows: "):
        net_of("lstm").new_state(rows=rows)


def test_a_net_without_recurrent_layers_has_no_streams():
    net = fanin.Network(FEATURES, [fanin.Dense(CLASSES)])
    with pytest.raises(ValueError, match="recurrent"):
        net.new_state()

"""Recurrent layers in the wrong places, targets of the wrong kind, and states of other networks are refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fanin
from helpers import digest
from sequences import FEATURES, labels, net_of, sequences

X, ONE, MANY = sequences(), labels(), labels(many=True)


def assert_refused(many, message, error=ValueError, **options):
    net = net_of("lstm", many)
    data = {"X": X, "y": MANY if many else ONE, **options}
    before = digest(net)
    with pytest.raises(error, match="^" + re.escape(message)):
        net.fit(**data, epochs=1)
    assert digest(net) == before


def test_a_net_with_one_output_for_a_sequence_has_no_weights_or_targets_of_steps():
    assert_refused(False, "sample_weight: ", sample_weight=[np.ones(len(x)) for x in X])
    assert_refused(False, "y: ", y=MANY)
    assert_refused(False, "y: ", y=ONE[:-1])


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


def test_a_state_belongs_to_its_net():
    net = net_of("lstm")
    others = [
        net_of("lstm", units=8),
        net_of("gru"),
        net_of("lstm", levels=2),
    ]
    for other in others:
        with pytest.raises(ValueError, match=r"^state: "):
            net.step(X[0][0], other.new_state())
    for wrong in (None, 3, np.zeros(7), net_of("lstm", dtype="float32").new_state()):
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
    with pytest.raises(ValueError, match=r"^[xX]: "):
        net.step(x, state)
    assert np.array_equal(net.step(good, state), net.step(good, twin))

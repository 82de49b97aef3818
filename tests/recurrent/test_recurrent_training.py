"""Recurrent nets train by every rule, with dropout, masks, class weights and validation, and resume after saving."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest, rule_named
from sequences import (
    CLASSES,
    FEATURES,
    LAYERS,
    assert_close,
    every_kind,
    labels,
    many_or_one,
    net_of,
    sequences,
    step,
)
from slopes import assert_a_step_goes_down_the_slope

LENGTHS = [1 + 5 * number % 9 for number in range(40)]
X = sequences(LENGTHS)
SIGNS = np.array([int(x[:, 0].sum() > 0) + int(x[-1, 1] > 0) for x in X])
STEPS = labels(many=True, lengths=LENGTHS)
ADAM = {"rule": optim.Adam(0.01), "batch_size": 8}


def targets(many):
    return STEPS if many else SIGNS


def test_every_rule_trains_an_lstm(every_rule):
    net = fanin.Network(FEATURES, [fanin.LSTM(9), fanin.Dense(CLASSES)], "softmax_cross_entropy", seed=1)
    loss = net.fit(X, SIGNS, rule=rule_named(every_rule), epochs=40, batch_size=40).loss
    assert np.isfinite(loss).all()
    assert loss[-1] < loss[0]


@every_kind
@many_or_one
def test_recurrent_nets_learn(kind, many):
    """Labels of many-to-many nets are the signs of the sums so far."""
    y = [(np.cumsum(x[:, 0]) > 0).astype(int) for x in X] if many else SIGNS
    net = fanin.Network(
        FEATURES,
        [LAYERS[kind](16, return_sequences=many), fanin.Dense(CLASSES)],
        "softmax_cross_entropy",
        seed=1,
    )
    net.fit(X, y, epochs=60, **ADAM)
    assert net.evaluate(X, y)["accuracy"] > 0.95


@every_kind
@many_or_one
def test_recurrent_nets_give_the_same_bits_again(kind, many, dtype):
    nets = [net_of(kind, many, levels=2, units=17, dtype=dtype) for _ in range(2)]
    losses = [net.fit(X, targets(many), epochs=2, **ADAM).loss for net in nets]
    assert losses[0] == losses[1]
    assert digest(nets[0]) == digest(nets[1])


@every_kind
def test_a_step_is_clipped_by_its_norm(kind):
    free, clipped = (net_of(kind) for _ in range(2))
    before = free.get_weights()
    _, gradients = step(free, X, SIGNS)
    norm = np.sqrt(sum(np.vdot(g, g) for g in gradients.values()))
    rule = optim.Around(optim.SGD(1.0), clip_norm=norm / 3)
    clipped.fit(X, SIGNS, rule=rule, epochs=1, batch_size=len(X), batches="in_order")
    change = {name: 3 * (before[name] - array) for name, array in clipped.get_weights().items()}
    assert_close(change, gradients, 1e-12)


@every_kind
def test_rates_penalties_and_frozen_arrays_are_named_as_the_arrays_are(kind):
    net = net_of(kind)
    before = net.get_weights()
    frozen = [name for name in before if "recurrent" in name]
    rule = optim.Around(optim.Adam(0.01), frozen=frozen, l2=0.1, rate_scales={"layer1": 0.5})
    net.fit(X, SIGNS, rule=rule, epochs=1, batch_size=8)
    for name, array in net.get_weights().items():
        assert np.array_equal(array, before[name]) == (name in frozen), name


@every_kind
def test_penalties_pull_recurrent_weights_and_no_biases(kind):
    plain, pulled = (net_of(kind) for _ in range(2))
    before = plain.get_weights()
    _, gradients = step(plain, X, SIGNS)
    rule = optim.Around(optim.SGD(1.0), l2=0.1)
    pulled.fit(X, SIGNS, rule=rule, epochs=1, batch_size=len(X), batches="in_order")
    for name, array in pulled.get_weights().items():
        pull = 0.1 * before[name] * (before[name].ndim == 2)
        np.testing.assert_allclose(
            before[name] - array, gradients[name] + pull, rtol=0, atol=1e-12, err_msg=name
        )


@every_kind
@many_or_one
def test_dropout_and_batch_norm_between_recurrent_layers_have_the_slope_of_their_loss(kind, many):
    def make():
        layers = [
            LAYERS[kind](4, return_sequences=True),
            fanin.Dropout(0.4),
            fanin.Dense(6, "tanh", batch_norm=True),
            LAYERS[kind](4, return_sequences=many),
            fanin.BatchNorm(),
            fanin.Dense(CLASSES),
        ]
        return fanin.Network(FEATURES, layers, "softmax_cross_entropy", dtype="float64", seed=3)

    assert_a_step_goes_down_the_slope(make, (X[:12], STEPS[:12] if many else SIGNS[:12]))


def test_dropout_drops_other_values_at_each_step():
    """The layers copy their input, which is 1: its share of zeros over all steps is the rate."""
    layers = [
        fanin.Recurrent(1, "identity", True, initializer=[[1.0]], recurrent_initializer=[[0.0]]),
        fanin.Dropout(0.5),
        fanin.Dense(1, initializer=[[1.0]]),
    ]
    net = fanin.Network(1, layers, dtype="float64", seed=0)
    ones = np.ones((20, 50, 1))
    assert np.array_equal(net.predict(ones), ones)
    loss = net.fit(ones, ones, rule=optim.SGD(0.0), epochs=1, batch_size=20).loss[0]
    assert loss == pytest.approx(0.5, abs=1e-12)  # half of the values are 2 and half 0: the error is always 1
    outputs = net.fit(ones, 2 * ones, rule=optim.SGD(0.0), epochs=1, batch_size=20).loss[0]
    assert outputs / 2 == pytest.approx(0.5, abs=0.05)  # the share of zeros


@every_kind
@many_or_one
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_recurrent_net_resumes_from_files_copies_and_pickles(kind, many, dtype, tmp_path):
    def new_net():
        layers = [
            LAYERS[kind](9, return_sequences=True),
            fanin.Dropout(0.2),
            LAYERS[kind](5, return_sequences=many),
        ]
        layers.append(fanin.Dense(CLASSES))
        return fanin.Network(FEATURES, layers, "softmax_cross_entropy", dtype=dtype, seed=6)

    at_once, halfway = new_net(), new_net()
    at_once.fit(X, targets(many), epochs=4, **ADAM)
    halfway.fit(X, targets(many), epochs=2, **ADAM)
    halfway.save(tmp_path / "halfway")
    for net in (
        fanin.load(tmp_path / "halfway"),
        halfway.copy(),
        copy.deepcopy(halfway),
        pickle.loads(pickle.dumps(halfway)),
    ):
        assert net.layers == at_once.layers
        net.fit(X, targets(many), epochs=2, **ADAM)
        assert digest(net) == digest(at_once)
        assert net.to_bytes() == at_once.to_bytes()


@every_kind
@many_or_one
def test_recurrent_nets_train_together_with_the_bits_of_each_alone(kind, many):
    nets, alone = ([net_of(kind, many, units=units) for units in (3, 9)] for _ in range(2))
    for net in alone:
        net.fit(X, targets(many), epochs=2, **ADAM)
    fanin.train_together([(net, X, targets(many), {**ADAM, "epochs": 2}) for net in nets])
    assert [digest(net) for net in nets] == [digest(net) for net in alone]


@every_kind
@many_or_one
def test_batches_are_of_sequences(kind, many, dtype):
    nets, y = [net_of(kind, many, dtype=dtype) for _ in range(2)], targets(many)
    options = {"rule": optim.SGD(0.1), "epochs": 1, "batch_size": 7, "batches": "in_order"}
    nets[0].fit(X, y, **options)
    for start in range(0, len(X), 7):
        nets[1].fit(X[start : start + 7], y[start : start + 7], **options)
    assert digest(nets[0]) == digest(nets[1])


def test_batch_norm_after_the_last_step_passes_over_a_batch_of_a_single_sequence():
    layers = [fanin.GRU(4), fanin.Dense(6, "tanh", batch_norm=True), fanin.Dense(CLASSES)]
    net = fanin.Network(FEATURES, layers, "softmax_cross_entropy", seed=1)
    history = net.fit(X[:9], SIGNS[:9], epochs=2, rule=optim.Adam(0.01), batch_size=8)
    assert np.isfinite(history.loss).all()
    assert all(np.isfinite(array).all() for array in net.get_weights().values())


@pytest.mark.parametrize("inside", [True, False])
def test_batch_norm_after_the_last_step_has_the_statistics_of_sequences(inside):
    units, norm = 40, fanin.BatchNorm(decay=0.0)
    layers = [fanin.Dense(units), fanin.Residual([norm, fanin.Dense(units)]), fanin.Dense(CLASSES)]
    if inside:
        layers = [fanin.Dense(units, batch_norm=norm), fanin.Dense(CLASSES)]
    net = fanin.Network(FEATURES, [fanin.GRU(4), *layers], "softmax_cross_entropy", seed=1, dtype="float64")
    net.fit(X, SIGNS, epochs=1, rule=optim.SGD(1e-12), batch_size=len(X))
    weights = net.get_weights()
    plain = fanin.Network(FEATURES, [fanin.GRU(4), fanin.Dense(units)], seed=1, dtype="float64")
    names = {name: weights.get(name, values) for name, values in plain.get_weights().items()}
    names["layer2.bias"] = np.zeros(units) if inside else weights["layer2.bias"]
    plain.set_weights(names)
    outputs, layer = plain.predict(X), "layer2" if inside else "layer3.layer1"
    np.testing.assert_allclose(weights[f"{layer}.running_mean"], outputs.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(weights[f"{layer}.running_variance"], outputs.var(axis=0, ddof=1), rtol=1e-8)

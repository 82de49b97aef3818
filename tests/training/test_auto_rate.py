"""The learning rate "auto" is a value that rules accept or reject, and which rates and rows it leads to."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import fanin
from fanin import optim
from fanin.data.order import in_random_order
from fanin.training.rates import hold_out, largest_curvature, rates_around
from helpers import linear_neuron, rule_classes

X = np.random.default_rng(0).normal(size=(200, 3)).astype("float32")
Y = np.tanh(X[:, :1] - X[:, 1:2])


def network():
    return fanin.Network(3, [fanin.Dense(8, "tanh"), fanin.Dense(1)], seed=1)


ACCEPTED = {
    *("sgd", "momentum", "nesterov", "rmsprop", "adagrad"),
    *("adam", "adamw", "nadam", "radam", "amsgrad", "adamax", "ademamix"),
}


def test_auto_is_a_value_of_a_learning_rate(every_rule):
    kind = rule_classes()[every_rule]
    if every_rule not in ACCEPTED:
        with pytest.raises(ValueError, match=f'got "auto", which {kind.__name__} does not support, because '):
            kind("auto")
        return
    rule = kind("auto")
    assert repr(rule).startswith(f"{kind.__name__}(learning_rate='auto'")
    assert rule == kind(learning_rate="auto") != kind()
    assert copy.deepcopy(rule) == pickle.loads(pickle.dumps(rule)) == rule
    assert rule.at_rate(0.5) == kind(0.5)
    assert optim.Around(rule, l2=0.1).at_rate(0.5) == optim.Around(kind(0.5), l2=0.1)


@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_every_rule_that_supports_auto_trains_with_it(name):
    net = network()
    history = net.fit(X, Y, rule=rule_classes()[name]("auto"), epochs=12, batch_size=10)
    assert len(history.decisions) == 6
    assert history.loss[-1] < history.loss[0]
    assert net.rule.rate.first == history.decisions[-1].choice


def test_only_a_fit_resolves_auto():
    words = 'learning_rate: expected a number or a schedule, got "auto", which only Network.fit can resolve'
    rule = optim.Around(optim.Adam("auto"), l2=0.1)
    with pytest.raises(ValueError, match=words):
        optim.Optimizer(rule, [np.zeros(2)])
    with pytest.raises(ValueError, match=words):
        network().fit_chunks([(X, Y)], rule=rule)
    with pytest.raises(ValueError, match=f"^member 1: {words}"):
        fanin.train_together([(network(), X, Y, {"rule": rule})])
    with pytest.raises(ValueError, match=words):
        fanin.plot.trajectories([optim.Adam("auto")])


@pytest.mark.parametrize("value", ["Auto", "automatic", ""])
def test_no_other_text_is_a_learning_rate(value):
    with pytest.raises(TypeError, match=f"^learning_rate: expected a number, got '{value}'"):
        optim.Adam(value)
    with pytest.raises(TypeError, match=r"^momentum: expected a number, got 'auto'"):
        optim.Momentum(momentum="auto")


def test_a_tenth_of_the_weighted_rows_is_held_out_by_the_seed():
    weights = np.r_[np.zeros(100), np.full(100, 2.0)]
    (_, _, kept), (apart, _, of_apart) = hold_out((X, Y, weights), 7)
    assert apart.shape == (10, 3)
    assert set(of_apart) == {2.0}
    assert kept.sum() == 2 * 90
    assert weights.sum() == 200
    again, other = hold_out((X, Y, None), 7)[1][0], hold_out((X, Y, None), 8)[1][0]
    assert apart.shape != again.shape == other.shape
    assert not np.array_equal(again, other)
    np.testing.assert_array_equal(np.sort(in_random_order(1000, 3)), np.arange(1000))


def test_the_middle_rate_of_sgd_follows_the_largest_curvature():
    """``E = w'Hw / 2`` with curvatures 1, 4 and 25, and 1 for the bias."""
    X = (
        np.concatenate([scale * np.array([e, -e]) for scale, e in zip((1, 2, 5), np.eye(3), strict=True)])
        * 3**0.5
    )
    net = linear_neuron([1, 1, 1])
    assert largest_curvature(net, (X, np.zeros(6), None)) == pytest.approx(25, rel=1e-3)
    assert largest_curvature(net, (X, np.zeros(6), [1, 1, 1, 1, 0, 0])) == pytest.approx(6, rel=1e-3)
    assert largest_curvature(net, (np.zeros((6, 3)), np.zeros(6), None)) == 0  # no gradient to begin with
    for rule, middle in {optim.SGD("auto"): 0.03, optim.Momentum("auto", 0.5): 0.01}.items():
        curve = fanin.find_rate(net, X, np.zeros(6), rule=rule, validation_data=(X, np.zeros(6)))
        assert curve.legs[2].rate == middle


@pytest.mark.parametrize(
    ("middle", "rates"),
    [
        (3e-3, (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)),
        (1.0, (0.1, 0.3, 1.0, 3.0, 10.0)),
        (0.0173, (1e-3, 3e-3, 1e-2, 3e-2, 0.1)),
        (0.0174, (3e-3, 1e-2, 3e-2, 0.1, 0.3)),
        (9.7, (1.0, 3.0, 10.0, 30.0, 100.0)),
    ],
)
def test_rates_are_ones_and_threes_of_the_decades(middle, rates):
    assert rates_around(middle) == rates


def test_a_network_whose_input_layer_has_not_learned_yet_can_race():
    layers = [fanin.Standardize(), fanin.Dense(8, "tanh"), fanin.Dense(1)]
    net, twin = (fanin.Network(3, layers, seed=1) for _ in range(2))
    for rule in (optim.Adam("auto"), optim.SGD("auto")):
        curve = fanin.find_rate(twin, 1e3 * X, Y, rule=rule, epochs=5)
        assert dict(twin.learned) == {}
    history = net.fit(1e3 * X, Y, rule=optim.SGD("auto"), epochs=5)
    assert history.decisions == curve.decisions
    twin.fit(1e3 * X, Y, rule=curve.rule, epochs=5)
    assert net.to_bytes() == twin.to_bytes()

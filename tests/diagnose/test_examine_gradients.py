"""Gradients by `diagnose.examine`: redundancy, noise and consistency, against what is known of the data."""

import numpy as np
import pytest

import fanin
from fanin import optim
from fanin.diagnose import examine, redundancy

RNG = np.random.default_rng(1)


def constant_net(value=0.0, **options):
    """A network whose only trained weight that matters is its bias: inputs are 0."""
    layer = fanin.Dense(1, initializer="zeros", bias_initializer=[value])
    return fanin.Network(1, [layer], dtype="float64", **options)


def test_the_noise_scale_is_the_variance_over_the_squared_mean_of_known_gradients():
    """G of a sample is b - y for the bias, and 0 for the weight of an input that is 0."""
    y = RNG.normal(2.0, 3.0, size=6400)
    found = examine(constant_net(), np.zeros((6400, 1)), y).figures["noise_scale"]
    # the estimate of the variance has a relative error of sqrt(2 / 199)
    assert found == pytest.approx(9 / 4, rel=0.35)


def test_the_noise_scale_is_infinite_at_a_minimum_and_0_without_noise():
    y = RNG.normal(size=640)
    X = np.zeros((640, 1))
    assert examine(constant_net(float(y.mean())), X, y).figures["noise_scale"] == np.inf
    same = np.full(640, 2.0)
    assert examine(constant_net(), X, same).figures["noise_scale"] == 0


def test_consistency_is_the_mean_over_the_deviation_of_the_gradients_of_batches():
    y = RNG.normal(2.0, 3.0, size=6400)
    examination = examine(constant_net(), np.zeros((6400, 1)), y)
    # a batch of 32: deviation 3 / sqrt(32)
    assert examination.consistency["layer1.bias"][0] == pytest.approx(2 / (3 / 32**0.5), rel=0.2)
    assert examination.consistency["layer1.weight"][0, 0] == 0
    assert examination.figures["consistent_share"] == 0.5


def test_adaptive_rules_move_consistent_weights_further_for_their_gradient_than_sgd_does():
    """The report beside each rule's step, for a weight of small consistent gradients and one of large noisy ones."""
    signs = np.where(RNG.random((6400, 2)) < [0.9, 0.55], 1.0, -1.0)  # mean over deviation: 1.33 and 0.1
    y, scales = signs * [0.01, 1.0], np.array([0.01, 1.0])
    layer = fanin.Dense(2, initializer="zeros", bias_initializer="zeros")
    net = fanin.Network(1, [layer], dtype="float64")
    report = examine(net, np.zeros((6400, 1)), y).consistency["layer1.bias"]
    assert report[0] > 5 * report[1]
    moved = {}
    for rule in (optim.SGD(1e-3), optim.Momentum(1e-3), optim.RMSprop(1e-3), optim.Adam(1e-3)):
        w = np.zeros(2)
        optimizer = optim.Optimizer(rule, [w])
        for row in y[:400]:
            optimizer.step([-row])
        moved[rule.kind] = np.abs(w) / scales
    for name in ("RMSprop", "Adam"):
        relative = moved[name][0] / moved[name][1]
        assert relative > 100 * moved["SGD"][0] / moved["SGD"][1]
        assert moved[name][0] * scales[0] > moved[name][1] * scales[1]  # further in absolute terms, too
    for name in ("SGD", "Momentum"):
        assert moved[name][0] * scales[0] < moved[name][1] * scales[1]


def test_redundancy_of_an_examination_is_near_1_for_repeated_rows_and_agrees_with_suggest():
    X = np.tile(RNG.normal(size=(50, 3)), (20, 1))
    y = np.tanh(X @ [1.0, 2.0, -1.0])
    net = fanin.Network(3, [fanin.Dense(8, "tanh"), fanin.Dense(1)], dtype="float64")
    assert redundancy(net, X, y) == optim.suggest(net, X, y).redundancy
    assert 0.95 < redundancy(net, X, y) <= 1
    assert 0.95 < examine(net, X, y).figures["redundancy"] <= 1


def test_a_fresh_network_with_batch_norm_is_examined_with_the_statistics_of_the_data():
    X = RNG.normal(5.0, 2.0, size=(400, 3))
    y = X[:, 0]
    layers = [fanin.Dense(8, "tanh", batch_norm=True), fanin.Dense(1)]
    net = fanin.Network(3, layers, dtype="float64")
    loss = examine(net, X, y).figures["loss"]
    trained = net.copy()
    first = trained.fit(X, y, rule=optim.SGD(0.0), batch_size=400, epochs=1).loss[0]
    assert loss == pytest.approx(first, rel=0.02)

"""Schedule-Free AdamW: the authors' own form of it, and what their paper promises."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import flat


def by_the_authors(rule, y, gradient_at, steps):
    """Return y and z of AdamWScheduleFree (facebookresearch/schedule_free), written out for one array."""
    y, z, v = y.copy(), y.copy(), np.zeros_like(y)
    weight_sum = largest = 0.0
    for k in range(steps):
        rate = rule.learning_rate * min(1, (k + 1) / rule.warm_up)
        largest = max(largest, rate)
        weight_sum += largest**2
        newest = largest**2 / weight_sum
        g = gradient_at(y, k)
        v = v * rule.beta2 + (1 - rule.beta2) * g * g
        d = g / (np.sqrt(v / (1 - rule.beta2 ** (k + 1))) + rule.epsilon) + rule.weight_decay * y
        y = y + newest * (z - y) + rate * (rule.beta1 * (1 - newest) - 1) * d
        z = z - rate * d
    return y, z


@pytest.mark.parametrize("warm_up", [1, 20, 200])
def test_the_rule_is_the_algorithm_of_the_authors(warm_up):
    rule = optim.ScheduleFreeAdamW(0.02, 0.85, 0.98, epsilon=1e-7, warm_up=warm_up, weight_decay=0.1)
    start = np.random.default_rng(1).normal(size=(5, 4))

    def gradient_at(y, k):
        return y**3 - y + np.random.default_rng(k).normal(size=y.shape)

    w = start.copy()
    opt = optim.Optimizer(rule, [w])
    for k in range(300):
        opt.step([gradient_at(w, k)])
    y, z = by_the_authors(rule, start, gradient_at, 300)
    np.testing.assert_allclose(w, y, rtol=0, atol=1e-11)
    np.testing.assert_allclose(w + opt.state["lead"][0], z, rtol=0, atol=1e-11)
    np.testing.assert_allclose(opt.weights()[0], y + (1 - 1 / rule.beta1) * (z - y), rtol=0, atol=1e-11)


def test_the_weights_shown_are_the_mean_of_all_z_by_squares_of_their_rates():
    w, rng = np.ones(6), np.random.default_rng(2)
    opt = optim.Optimizer(optim.ScheduleFreeAdamW(0.1, warm_up=30), [w])
    squares, total = 0.0, np.zeros(6)
    for t in range(1, 100):
        opt.step([rng.normal(size=6)])
        square = (0.1 * min(1, t / 30)) ** 2
        squares, total = squares + square, total + square * (w + opt.state["lead"][0])
        np.testing.assert_allclose(opt.weights()[0], total / squares, rtol=1e-12)
    assert opt.state["S"] == pytest.approx(squares, rel=1e-14)


def test_noise_that_keeps_adam_moving_is_averaged_away():
    """Gradients w + noise: at a constant rate Adam stays at a distance that depends on the rate."""
    distances = []
    for rule in (optim.Adam(0.05), optim.ScheduleFreeAdamW(0.05)):
        w, rng = np.full(1000, 2.0), np.random.default_rng(3)
        opt = optim.Optimizer(rule, [w])
        for _ in range(3000):
            opt.step([w + rng.normal(size=1000)])
        distances.append(float(np.sqrt(np.mean(opt.weights()[0] ** 2))))
    assert distances[1] < 0.3 * distances[0]


def test_decay_of_the_rule_or_of_around_is_the_same_and_spares_biases():
    results = []
    for rule in (
        optim.ScheduleFreeAdamW(0.05, weight_decay=0.3),
        optim.Around(optim.ScheduleFreeAdamW(0.05), weight_decay=0.3),
    ):
        arrays = [np.ones((3, 4)), np.ones(4)]
        opt = optim.Optimizer(rule, arrays)
        for _ in range(50):
            opt.step([np.zeros((3, 4)), np.zeros(4)])
        results.append(arrays[0])
        assert (arrays[1] == 1).all()
    assert np.array_equal(results[0], results[1])
    assert (results[0] < 0.99).all()


def test_a_rate_of_0_moves_nothing_and_the_first_other_rate_counts_alone():
    w = np.ones(3)
    opt = optim.Optimizer(optim.ScheduleFreeAdamW(optim.Piecewise([0, 0.1], [2]), warm_up=0), [w])
    for _ in range(2):
        opt.step([np.ones(3)])
    assert (w == 1).all()
    assert opt.state["S"] == 0
    opt.step([np.ones(3)])
    np.testing.assert_allclose(opt.weights()[0], 0.9, rtol=1e-7)


def test_exact_statistics_of_batch_norm_are_those_at_the_weights_shown(classification):
    X, y = classification
    layers = [fanin.BatchNorm(exact_statistics=True), fanin.Dense(4, "tanh")]
    layers += [fanin.BatchNorm(exact_statistics=True), fanin.Dense(3)]
    net = fanin.Network(5, layers, "softmax_cross_entropy", dtype="float64")
    net.fit(X, y, rule=optim.ScheduleFreeAdamW(0.05, warm_up=5), epochs=20, batch_size=10)
    w = net.get_weights()
    normal = (X - X.mean(axis=0)) / np.sqrt(X.var(axis=0, ddof=1) + 1e-5)
    hidden = np.tanh((normal * w["layer1.gamma"] + w["layer1.beta"]) @ w["layer2.weight"] + w["layer2.bias"])
    np.testing.assert_allclose(w["layer3.running_mean"], hidden.mean(axis=0), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(w["layer3.running_variance"], hidden.var(axis=0, ddof=1), rtol=1e-10)


def test_weights_that_are_set_are_shown_and_trained_on(classification):
    net = fanin.Network(5, [fanin.Dense(7, "tanh"), fanin.Dense(3)], "softmax_cross_entropy")
    options = {"rule": optim.ScheduleFreeAdamW(0.1), "batch_size": 53}
    net.fit(*classification, epochs=3, **options)
    chosen = {name: np.full_like(w, 0.25) for name, w in net.get_weights().items()}
    net.set_weights(chosen)
    net.fit(*classification, epochs=0, **options)
    assert all(np.array_equal(w, chosen[name]) for name, w in net.get_weights().items())


@pytest.mark.parametrize("beta1", [0.0, 1.0])
def test_a_beta1_from_which_x_does_not_follow_is_rejected(beta1):
    with pytest.raises(ValueError, match=r"beta1: expected a number in \(0, 1\), got"):
        optim.ScheduleFreeAdamW(beta1=beta1)


def test_a_gradient_that_is_not_finite_is_a_diverged_error_that_restores_the_weights():
    X, y = np.ones((8, 2), "float32"), np.full(8, 3e38, "float32")
    net = fanin.Network(2, [fanin.Dense(1)])
    before = flat(net.get_weights())
    with pytest.raises(
        fanin.DivergedError, match="training diverged: in epoch 1, step 1, the loss is not finite"
    ):
        net.fit(X, y, rule=optim.ScheduleFreeAdamW(), epochs=1)
    assert np.array_equal(flat(net.get_weights()), before)

"""Known results about the rules on a quadratic bowl with curvatures 1..1000, and on constructed gradients."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import linear_neuron

CURVATURES = np.array([1.0, 10, 100, 1000])


def descend(rule, H, start, steps):
    """The true weights on the bowl 1/2 w' H w, step by step from the start."""
    w = np.array(start, dtype="float64")
    opt, path = optim.Optimizer(rule, [w]), [w.copy()]
    for _ in range(steps):
        opt.step([H @ w])
        path.append(opt.weights()[0])
    return np.array(path)


def follow(rule, gradients, dtype="float64"):
    """The true weight, starting at 0, after each of the given gradients."""
    opt, path = optim.Optimizer(rule, [np.zeros(1, dtype)]), []
    for g in gradients:
        opt.step([np.array([g], dtype)])
        path.append(float(opt.weights()[0][0]))
    return np.array(path)


ALPHA = 0.9
LIMITS = {
    "sgd": (lambda rate: optim.SGD(rate), 2 / 1000),
    "classical momentum": (lambda rate: optim.Momentum(rate, ALPHA), 2 * (1 + ALPHA) / 1000),
    "nesterov": (lambda rate: optim.Nesterov(rate, ALPHA), 2 * (1 + ALPHA) / (1000 * (1 + 2 * ALPHA))),
}


@pytest.mark.parametrize("name", LIMITS)
def test_rates_converge_just_inside_the_limit_of_their_rule_and_diverge_just_outside(name):
    make, limit = LIMITS[name]
    for factor, converges in ((0.99, True), (1.01, False)):
        steepest = descend(make(factor * limit), np.diag(CURVATURES), np.ones(4), 3000)[:, -1]
        assert (np.abs(steepest[-10:]).max() < 1e-3) == converges
        assert (np.abs(steepest[-10:]).max() > 1e3) != converges


def test_nesterov_in_a_network_has_the_limit_of_theory():
    X = np.array([[1.0], [-1.0]])  # curvature 1 for the weight, 1 for the bias
    limit = 2 * (1 + ALPHA) / (1 + 2 * ALPHA)
    for factor, converges in ((0.99, True), (1.01, False)):
        net = linear_neuron([1.0])
        rule = optim.Nesterov(factor * limit, ALPHA)
        net.fit(X, np.zeros(2), rule=rule, epochs=2000, batch_size=2, batches="in_order")
        assert (abs(net.get_weights()["layer1.weight"][0, 0]) < 1e-3) == converges


@pytest.mark.parametrize(
    ("rule", "factor"),
    [(optim.Nesterov(1e-3, 0.99), 0.99449), (optim.Momentum(1e-3, 0.99), 0.99499)],
    ids=["nesterov", "classical"],
)
def test_momentum_decays_by_the_factors_of_theory(rule, factor):
    """Classical: sqrt(alpha); Nesterov: sqrt(alpha (1 - rate curvature)), along the axis of smallest curvature.

    An oscillation r^t cos(a t + b) has w_t^2 - w_(t-1) w_(t+1) = r^(2 t) sin(a)^2.
    """
    w = descend(rule, np.diag(CURVATURES), np.ones(4), 2000)[:, 0]
    envelope = w[1:-1] ** 2 - w[:-2] * w[2:]
    assert (envelope[-1] / envelope[0]) ** (0.5 / (len(envelope) - 1)) == pytest.approx(factor, abs=1e-5)
    exact = np.sqrt(0.99 * (1 - 1e-3)) if factor < 0.9949 else np.sqrt(0.99)
    assert exact == pytest.approx(factor, abs=1e-5)


@pytest.mark.parametrize("make", [optim.Momentum, optim.Nesterov])
def test_both_momenta_reach_the_terminal_velocity(make):
    velocity = np.diff(follow(make(0.01, 0.9), np.full(300, 3.0)))
    assert velocity[-1] == pytest.approx(-0.01 * 3 / (1 - 0.9), rel=1e-9)


def test_a_network_shows_the_weights_before_the_look_ahead(classification):
    X, y = classification
    nets = [fanin.Network(5, [fanin.Dense(3)], "softmax_cross_entropy", dtype="float64") for _ in range(2)]
    rule = optim.Nesterov(0.1, 0.5)
    history = nets[0].fit(
        X, y, rule=rule, epochs=1, batch_size=53, batches="in_order", validation_data=(X, y)
    )
    nets[1].fit(X, y, rule=optim.SGD(0.1), epochs=1, batch_size=53, batches="in_order")
    for mine, theirs in zip(*(net.get_weights().values() for net in nets), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-15)  # the first step is SGD's
    assert history.val_loss == [nets[0].evaluate(X, y)["loss"]]
    assert history.val_loss == pytest.approx([nets[1].evaluate(X, y)["loss"]])
    np.testing.assert_allclose(nets[0].predict(X), nets[1].predict(X), atol=1e-14)


def test_a_network_with_nesterov_shows_the_weights_that_were_set_between_fits(classification):
    X, y = classification
    net = fanin.Network(5, [fanin.Dense(7, "tanh"), fanin.Dense(3)], "softmax_cross_entropy")
    options = {"rule": optim.Nesterov(0.1), "batch_size": 53, "batches": "in_order"}
    net.fit(X, y, epochs=3, **options)
    chosen = {name: np.full_like(w, 0.25) for name, w in net.get_weights().items()}
    net.set_weights(chosen)
    assert all(np.array_equal(w, chosen[name]) for name, w in net.get_weights().items())
    net.fit(X, y, epochs=0, **options)
    assert all(np.array_equal(w, chosen[name]) for name, w in net.get_weights().items())
    early = fanin.EarlyStopping(patience=3)
    history = net.fit(X, y, epochs=30, validation_data=(X, 2 - y), callbacks=[early], **options)
    assert net.evaluate(X, 2 - y)["loss"] == min(history.val_loss)


def test_another_momentum_moves_nesterovs_arrays_and_not_the_weights():
    w = np.zeros(3)
    opt = optim.Optimizer(optim.Nesterov(0.1, 0.9), [w])
    opt.step([np.ones(3)])
    before = opt.weights()[0]
    assert w == pytest.approx(before + 0.9 * opt.state["v"][0])
    opt.rule = optim.Nesterov(0.1, 0.5)
    assert opt.weights()[0] == pytest.approx(before, rel=1e-15)
    assert w == pytest.approx(before + 0.5 * opt.state["v"][0])
    plain = optim.Optimizer(optim.Adam(), [w])
    assert np.array_equal(plain.weights()[0], w)


@pytest.mark.parametrize("variant", ["rprop-", "rprop+", "irprop-", "irprop+"])
def test_rprops_path_does_not_change_when_the_loss_is_scaled(variant, dtype):
    rng = np.random.default_rng(4)
    gradients, losses = rng.normal(size=(200, 1)), rng.normal(size=200)
    paths = []
    for scale in (1.0, 2.0**20):
        opt, path = optim.Optimizer(optim.Rprop(variant=variant), [np.zeros(1, dtype)]), []
        for g, loss in zip(gradients, losses, strict=True):
            opt.step([(scale * g).astype(dtype)], loss=scale * loss)
            path.append(float(opt.arrays[0][0]))
        paths.append(path)
    assert paths[0] == paths[1]


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}], ids=str)
def test_rmsprops_path_without_epsilon_does_not_change_when_the_loss_is_scaled(options, dtype):
    gradients = np.random.default_rng(5).normal(size=200)
    rule = optim.RMSprop(0.01, epsilon=0.0, **options)
    scaled = follow(rule, gradients.astype(dtype) * 2.0**20, dtype)
    assert np.array_equal(follow(rule, gradients.astype(dtype), dtype), scaled)


def test_gains_help_on_a_bowl_along_the_axes_but_not_on_a_rotated_one():
    rng = np.random.default_rng(6)
    Q = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    aligned, rotated = np.diag(CURVATURES), Q @ np.diag(CURVATURES) @ Q.T
    start, rate, steps = np.ones(4), 1e-3, 800
    errors = [
        np.linalg.norm(descend(make(rate), H, v, steps)[-1])
        for make, (H, v) in itertools.product(
            (optim.SGD, optim.AdaptiveGain), ((aligned, start), (rotated, Q @ start))
        )
    ]
    assert errors[0] == pytest.approx(errors[1])
    assert errors[2] < 0.01 * errors[0]
    assert errors[3] > 10 * errors[2]


def gains(rule, gradients):
    opt, path = optim.Optimizer(rule, [np.zeros(1)]), []
    for g in gradients:
        opt.step([np.array([g])])
        path.append(float(opt.state["gain"][0][0]))
    return np.array(path)


def test_gains_grow_by_addition_shrink_by_multiplication_and_stay_at_the_first_step_and_at_zero():
    path = gains(optim.AdaptiveGain(0.1), [1, 2, 3, -1, 0, -1, -1])
    assert path == pytest.approx([1, 1.05, 1.1, 1.045, 1.045, 1.045, 1.095])


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_gains_stay_within_their_limits(momentum):
    rule = optim.AdaptiveGain(0.1, momentum)
    assert gains(rule, np.ones(400)).max() == 10
    assert gains(optim.AdaptiveGain(0.1), np.tile([1, -1], 200)).min() == pytest.approx(0.1)


def test_with_momentum_gains_compare_the_gradient_with_the_velocity():
    # the third gradient changes sign, but v still follows the first two: -g and v disagree for two steps
    path = gains(optim.AdaptiveGain(0.1, momentum=0.9), [1, 1, -0.1, -0.1])
    assert path == pytest.approx([1, 1.05, 1.05 * 0.95, 1.05 * 0.95**2])


def test_big_gains_decay_quickly_under_oscillation_and_random_signs_hover_about_1():
    rising = gains(optim.AdaptiveGain(0.1), np.ones(181))
    assert rising[-1] == pytest.approx(10)
    falling = gains(optim.AdaptiveGain(0.1), [*np.ones(181), *np.tile([-1, 1], 23)])
    assert falling[-1] == pytest.approx(10 * 0.95**46)
    assert falling[-1] < 1  # 180 steps of growth are gone after 46
    random = gains(optim.AdaptiveGain(0.1), np.random.default_rng(7).choice([-1, 1], size=20_000))
    assert random[1000:].mean() == pytest.approx(1, abs=0.05)


def test_only_the_sign_counts_so_that_plateaus_of_tiny_gradients_are_left_at_full_speed(dtype):
    signs = np.random.default_rng(8).choice([-1, 0, 1], size=100)
    for rule in (optim.SignSGD(0.01), optim.Rprop(0.01)):
        assert np.array_equal(follow(rule, signs * 1e-8, dtype), follow(rule, signs, dtype))
    assert follow(optim.SGD(0.01), signs * 1e-8, dtype)[-1] == pytest.approx(0, abs=1e-7)


# the mean is zero: the weight should not move
ZERO_ON_AVERAGE = np.tile([0.1] * 9 + [-0.9], 30)


def drift(rule):
    """Return how far ten mini-batches move the weight in the long run."""
    path = follow(rule, ZERO_ON_AVERAGE)
    return (path[-1] - path[-101]) / 10


def test_rprop_drifts_with_mini_batches_for_which_sgd_does_not_move():
    assert drift(optim.SGD(0.01)) == pytest.approx(0, abs=1e-15)
    assert drift(optim.SignSGD(0.01)) == pytest.approx(-8 * 0.01)
    path = follow(optim.Rprop(0.01), ZERO_ON_AVERAGE)
    assert path[99] < -100 * 0.01


@pytest.mark.parametrize(("decay", "expected"), [(0.9, 0.68), (0.99, 0.067)])
def test_rmsprop_divides_adjacent_mini_batches_by_similar_numbers_so_that_less_drift_is_left(decay, expected):
    path = follow(optim.RMSprop(0.01, decay, epsilon=0.0), np.tile(ZERO_ON_AVERAGE, 10))
    left = (path[-1] - path[-101]) / 10 / 0.01
    assert abs(left) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_schaul_vsgd_converges_on_a_noisy_bowl_with_no_rate_given(scale):
    """E = mean of curvature (w - c)^2 / 2 with c about 0, a rate found for each weight."""
    rng, curvatures = np.random.default_rng(9), scale * np.array([0.1, 1, 10])
    w = np.full((1000, 3), 5.0)
    opt = optim.Optimizer(optim.SchaulVSGD(), [w])
    errors = []
    for _ in range(1500):
        noise = rng.normal(size=w.shape)
        g = curvatures * (w - noise)
        opt.step([g], second_gradients=[curvatures * (opt.shifted([g])[0] - noise)])
        errors.append((w**2).mean(axis=0))
    assert (errors[9] == 25 * np.ones(3)).all()  # warm-up
    assert (np.mean(errors[1000:], axis=0) < 0.2).all()
    sgd_floor = 0.1 / 1.9  # of the rate 0.1 / curvature: rate c / (2 - rate c)
    assert (np.mean(errors[1400:], axis=0) < 2 * sgd_floor).all()


def test_schaul_vsgd_trains_a_network_with_no_rate_given(regression):
    X, y = regression
    net = fanin.Network(5, [fanin.Dense(3)], dtype="float64")
    before = net.evaluate(X, y)["loss"]
    net.fit(X, y, rule=optim.SchaulVSGD(), epochs=200, batch_size=8)
    A = np.column_stack([X, np.ones(len(X))])
    best = 0.5 * np.sum((A @ np.linalg.lstsq(A, y, rcond=None)[0] - y) ** 2) / len(X)
    assert net.evaluate(X, y)["loss"] < best + 0.05 * (before - best)

"""Averages of the weights over steps, which a network shows."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest, flat


def net_of(*units, dtype="float64"):
    layers = [*(fanin.Dense(n, "tanh") for n in units), fanin.Dense(3)]
    return fanin.Network(5, layers, "softmax_cross_entropy", dtype=dtype)


def test_the_network_shows_the_average_of_its_weights_and_trains_the_weights(classification, dtype):
    X, y = classification
    raw, shown = net_of(6, dtype=dtype), net_of(6, dtype=dtype)
    decay, expected, total = 0.8, 0.0, 0.0
    for _ in range(5):
        raw.fit(X, y, rule=optim.Nesterov(0.2), epochs=1, batch_size=53, batches="in_order")
        shown.fit(
            X,
            y,
            rule=optim.Around(optim.Nesterov(0.2), average_decay=decay),
            epochs=1,
            batch_size=53,
            batches="in_order",
        )
        w = flat(raw.get_weights()).astype("float64")
        expected, total = decay * expected + (1 - decay) * w, decay * total + 1 - decay
        mean = expected / total
        np.testing.assert_allclose(
            flat(shown.get_weights()), mean, rtol=0, atol=1e-5 if dtype == "float32" else 1e-13
        )
    twin = net_of(6, dtype=dtype)
    twin.set_weights(shown.get_weights())
    assert np.array_equal(twin.predict(X), shown.predict(X))
    assert twin.evaluate(X, y) == shown.evaluate(X, y)


@pytest.mark.parametrize("share", [0.5, 0.3, 0.05, 1e-300])
def test_an_average_by_share_weighs_weights_so_that_their_mean_age_is_this_share_of_the_steps(share):
    """The weight counts the steps, so that its average shows the mean age."""
    w, average = np.zeros((2, 3)), np.zeros((2, 3))
    opt = optim.Optimizer(optim.Around(optim.SGD(1.0), average_share=share), [w])
    eta = 1 / share - 2
    for t in range(1, 1001):
        opt.step([-np.ones((2, 3))])
        average += (w - average) * (eta + 1) / (t + eta)
        np.testing.assert_allclose(opt.averages()[0], average, rtol=1e-12)
        # sum_s s Gamma(s + eta) / Gamma(s): the mean of s is 1 + (t - 1) (1 - share)
        np.testing.assert_allclose(t - opt.averages()[0], (t - 1) * share, rtol=1e-9, atol=1e-9)


def test_an_average_by_share_goes_on_from_fit_to_fit_and_with_groups_of_batches(classification, dtype):
    rule = optim.Around(optim.Nesterov(0.1), average_share=0.1, accumulate=2)
    at_once, apart = net_of(6, dtype=dtype), net_of(6, dtype=dtype)
    at_once.fit(*classification, rule=rule, epochs=4, batch_size=10)
    for _ in range(4):
        apart.fit(*classification, rule=rule, epochs=1, batch_size=10)
        apart = fanin.Network.from_bytes(apart.to_bytes())
    assert at_once.to_bytes() == apart.to_bytes()
    behind = net_of(6, dtype=dtype)
    behind.fit(*classification, rule=optim.Around(optim.Nesterov(0.1), accumulate=2), epochs=4, batch_size=10)
    for name, w in behind.get_weights().items():
        assert np.array_equal(w, at_once.get_weights(averaged=False)[name])
        assert not np.array_equal(w, at_once.get_weights()[name])


def test_another_weighting_continues_the_average_with_its_number_of_steps():
    opt = optim.Optimizer(optim.Around(optim.SGD(1.0), average_decay=0.5), [np.zeros(1)])
    for _ in range(3):
        opt.step([-np.ones(1)])
    before = opt.averages()[0][0]
    opt.rule = optim.Around(optim.SGD(1.0), average_share=0.5)
    opt.step([-np.ones(1)])
    assert opt.state["averaged"] == 4
    assert opt.averages()[0][0] == pytest.approx(before + (4 - before) / 4)


@pytest.mark.parametrize("rule", [optim.Adam(0.01), optim.Nesterov(0.1)], ids=str)
def test_the_weights_behind_an_average_are_those_of_a_net_without_one(rule, classification, dtype):
    layers = [fanin.Dense(6, "tanh", batch_norm=True), fanin.Dense(3)]
    nets = [fanin.Network(5, layers, "softmax_cross_entropy", dtype=dtype) for _ in range(2)]
    for net, chosen in zip(nets, (rule, optim.Around(rule, average_decay=0.9)), strict=True):
        net.fit(*classification, rule=chosen, epochs=3, batch_size=20)
    behind, shown = (nets[1].get_weights(averaged=averaged) for averaged in (False, True))
    for name, w in nets[0].get_weights().items():
        np.testing.assert_array_equal(behind[name], w)
        assert np.array_equal(shown[name], w) == (".running" in name)
    assert all(np.array_equal(w, behind[name]) for name, w in nets[1].get_weights(averaged=False).items())
    raw = nets[0].get_weights(averaged=False)
    assert all(np.array_equal(w, raw[name]) for name, w in nets[0].get_weights().items())


def test_an_average_is_the_same_from_one_fit_or_many_and_changes_no_training(classification):
    nets = [net_of(6) for _ in range(3)]
    rule = optim.Around(optim.Adam(0.01), average_decay=0.9)
    nets[0].fit(*classification, rule=rule, epochs=4)
    for _ in range(4):
        nets[1].fit(*classification, rule=rule, epochs=1)
    assert digest(nets[0]) == digest(nets[1])
    losses = [net_of(6).fit(*classification, rule=r, epochs=5).loss for r in (rule, optim.Adam(0.01))]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("after", [optim.Adam(0.01), optim.Nesterov(0.01)], ids=str)
def test_without_an_average_training_continues_from_the_weights_shown(after, classification):
    X, y = classification
    net, twin = net_of(6), net_of(6)
    net.fit(X, y, rule=optim.Around(optim.Nesterov(0.1), average_decay=0.9), epochs=3)
    shown = net.get_weights()
    net.fit(X, y, rule=after, epochs=0)
    assert all(np.array_equal(shown[name], w) for name, w in net.get_weights().items())
    twin.set_weights(shown)
    first = [n.fit(X, y, rule=after, epochs=1, batch_size=53).loss[0] for n in (net, twin)]
    if isinstance(after, optim.Adam):  # Nesterov continues with its velocity
        assert first[0] == pytest.approx(first[1], rel=1e-12)


def test_set_weights_sets_the_weights_and_their_average(classification):
    X, y = classification
    net, twin = net_of(6), net_of(6)
    rule = optim.Around(optim.SGD(0.1), average_decay=0.5)
    net.fit(X, y, rule=rule, epochs=3)
    net.set_weights(twin.get_weights())
    assert digest(net) == digest(twin)
    losses = [n.fit(X, y, rule=rule, epochs=1, batch_size=53).loss for n in (net, twin)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)


def test_early_stopping_keeps_the_best_average(classification):
    X, y = classification
    net = net_of(6)
    stopping = fanin.EarlyStopping(patience=3)
    rule = optim.Around(optim.SGD(3.0), average_decay=0.9)
    history = net.fit(X, y, rule=rule, epochs=40, validation_data=(X, y), callbacks=[stopping])
    assert net.evaluate(X, y)["loss"] == min(history.val_loss)


def test_a_fit_that_diverges_restores_the_last_finite_average(regression):
    X, y = regression
    net = fanin.Network(5, [fanin.Dense(3)])
    rule = optim.Around(optim.SGD(0.1), average_decay=0.9)
    net.fit(X, y, rule=rule, epochs=2)
    shown = digest(net)
    with pytest.raises(fanin.DivergedError):
        net.fit(X, y, rule=optim.Around(optim.SGD(1e30), average_decay=0.9), epochs=50)
    assert digest(net) == shown


def test_the_average_averages_the_noise_away():
    rng = np.random.default_rng(1)
    w = np.zeros(1000)
    opt = optim.Optimizer(optim.Around(optim.SGD(0.5), average_decay=0.99), [w])
    for _ in range(1000):
        opt.step([w + rng.normal(size=1000)])
    assert np.std(opt.averages()[0]) < np.std(w) / 4

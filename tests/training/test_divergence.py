"""A loss that stops being finite stops the fit, says where, and leaves the last finite weights."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import digest, linear_neuron, rule_named


def assert_usable(net, X, y):
    assert all(np.isfinite(w).all() for w in net.get_weights().values())
    assert np.isfinite(net.predict(X)).all()
    history = net.fit(X, y, rule=optim.SGD(1e-3), epochs=2)
    assert np.isfinite(history.loss).all()


@pytest.mark.parametrize("shuffle", [False, True])
def test_an_absurd_learning_rate_is_a_diverged_error_and_restores_the_weights(dtype, shuffle, regression):
    net = fanin.Network(5, [fanin.Dense(8, "relu"), fanin.Dense(3)], dtype=dtype)
    before = digest(net)
    with pytest.raises(fanin.DivergedError, match=r"epoch 1\b") as raised:
        net.fit(
            *regression, rule=optim.SGD(1e200 if dtype == "float64" else 1e20), batch_size=16, shuffle=shuffle
        )
    assert re.search(r"step \d+", str(raised.value))
    assert re.search(r"layer ?\d", str(raised.value))
    assert digest(net) == before
    assert_usable(net, *regression)


def test_a_kept_error_does_not_keep_the_net_busy(regression):
    """A notebook keeps the last traceback, and with it all that the frames of fit refer to."""
    net = fanin.Network(5, [fanin.Dense(3)])
    try:
        net.fit(*regression, rule=optim.SGD(1e38))
    except fanin.DivergedError as error:
        kept = error
    assert kept.__traceback__ is not None
    assert_usable(net, *regression)


def test_diverged_error_is_an_arithmetic_error():
    assert issubclass(fanin.DivergedError, ArithmeticError)


def test_weights_return_to_the_end_of_the_last_finite_epoch(rng):
    """A neuron at a rate just unstable: its weights grow for many epochs before its loss overflows."""
    X = rng.normal(size=(40, 3))
    y = X @ [1.0, 2.0, 3.0]
    rule = optim.SGD(1e3)
    options = {"rule": rule, "batch_size": 10, "shuffle": True}
    net, twin = linear_neuron([0.0, 0, 0]), linear_neuron([0.0, 0, 0])
    with pytest.raises(fanin.DivergedError) as raised:
        net.fit(X, y, epochs=1000, **options)
    epoch = int(re.search(r"epoch (\d+)", str(raised.value))[1])
    step = int(re.search(r"step (\d+)", str(raised.value))[1])
    assert epoch > 2
    assert 1 <= step <= 4 or 4 * (epoch - 1) < step <= 4 * epoch
    history = twin.fit(X, y, epochs=epoch - 1, **options)
    assert np.isfinite(history.loss).all()
    assert digest(net) == digest(twin)


def test_a_good_fit_survives_a_diverging_one(classification):
    net = fanin.Network(5, [fanin.Dense(8, "relu"), fanin.Dense(3)], loss="softmax_cross_entropy")
    net.fit(*classification, rule=optim.Adam(), epochs=3)
    before = digest(net)
    with pytest.raises(fanin.DivergedError):
        net.fit(*classification, rule=optim.SGD(1e38), epochs=3)
    assert digest(net) == before
    assert_usable(net, *classification)


@pytest.mark.parametrize("culprit", [1, 2, 3])
def test_the_layer_that_overflowed_is_named(culprit, regression):
    net = fanin.Network(5, [fanin.Dense(8), fanin.Dense(8), fanin.Dense(3)])
    weights = net.get_weights()
    for layer in (1, 2, 3):
        weights[f"layer{layer}.weight"][:] = 1e-3
    weights[f"layer{culprit}.weight"][:] = 3e38
    weights[f"layer{culprit}.bias"][:] = 3e38
    net.set_weights(weights)
    before = digest(net)
    with pytest.raises(fanin.DivergedError, match=rf"(?s)epoch 1\b.*layer ?{culprit}\b"):
        net.fit(10 + np.abs(regression.X), regression.y, rule=optim.SGD())
    assert digest(net) == before


def test_momentum_gathered_before_a_divergence_does_not_poison_the_next_fit(every_rule, regression):
    net = fanin.Network(5, [fanin.Dense(8, "relu"), fanin.Dense(3)])
    rule = rule_named(every_rule, learning_rate=1e30)
    with pytest.raises(fanin.DivergedError):
        net.fit(*regression, rule=rule, epochs=20)
    with pytest.raises(
        fanin.DivergedError
    ):  # the same rule again: it diverges again, it does not start at nan
        net.fit(*regression, rule=rule, epochs=20)
    assert_usable(net, *regression)

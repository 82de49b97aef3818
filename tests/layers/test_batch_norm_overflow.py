"""Batch norm in a network with values whose squares overflow, or nearly overflow."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from batch_norm_nets import data
from fanin import optim
from helpers import digest

TIMES = 9e17 + 3.15e16 * np.random.default_rng(0).uniform(0, 25, size=(100_000, 1))  # nanoseconds since 1970


@pytest.mark.parametrize(
    ("dtype", "x"), [("float32", TIMES), ("float32", np.sqrt(TIMES) * 1e9), ("float64", TIMES * 1e133)]
)
def test_running_statistics_are_right_if_sums_of_squares_overflow_and_the_variance_does_not(dtype, x):
    for exact in (False, True):
        net = fanin.Network(
            1, [fanin.BatchNorm(decay=0.0, exact_statistics=exact), fanin.Dense(1)], dtype=dtype
        )
        net.fit(x, np.zeros(len(x)), rule=optim.SGD(0.0), epochs=1, batch_size=len(x))
        w = net.get_weights()
        assert w["layer1.running_variance"][0] == pytest.approx(x.var(ddof=1), rel=1e-4)
        assert w["layer1.running_mean"][0] == pytest.approx(x.mean(), rel=1e-5)
        z = (x[:9] - x.mean()) / x.std() * w["layer2.weight"] + w["layer2.bias"]
        np.testing.assert_allclose(net.predict(x[:9]), z[:, 0], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("dtype", "size"), [("float32", 1e30), ("float64", 1e200)])
def test_a_variance_beyond_the_largest_number_is_a_diverged_error_of_its_layer(dtype, size):
    x, y = data()
    net = fanin.Network(12, [fanin.Dense(5), fanin.BatchNorm(), fanin.Dense(1)], dtype=dtype)
    before = digest(net)
    with pytest.raises(
        fanin.DivergedError, match="running statistics of batch norm are not finite, first in layer 2"
    ):
        net.fit(x * np.array(size, dtype), y, rule=optim.SGD(0.0), epochs=1)
    assert digest(net) == before
    objective = net.objective(x * np.array(size, dtype), y)  # it needs no running statistics
    value, gradient = objective.loss_and_gradient(objective.weights())
    expected = net.objective(x, y).loss(objective.weights())
    assert value == pytest.approx(expected, rel=1e-3)
    assert np.isfinite(gradient).all()


def test_exact_statistics_that_overflow_are_a_diverged_error_and_keep_the_running_statistics():
    """Each batch of equal numbers has variance 0, but the variance of all of them overflows in float32."""
    x = np.repeat(np.float32([1, -1, 2, -2]) * np.float32(5e19), 32)[:, None]
    layers = [fanin.BatchNorm(decay=0.5, exact_statistics=True), fanin.Dense(1)]
    net = fanin.Network(1, layers)
    words = "after epoch 3 exact statistics of batch norm are not finite, first in layer 1"
    with pytest.raises(fanin.DivergedError, match=words) as raised:
        net.fit(x, np.zeros(128), rule=optim.SGD(0.1), epochs=3, batch_size=32, batches="in_order")
    assert (raised.value.epoch, raised.value.layer) == (3, 1)
    assert 0 < net.get_weights()["layer1.running_variance"][0] < 1e-3
    assert np.isfinite(net.predict(x[:3])).all()

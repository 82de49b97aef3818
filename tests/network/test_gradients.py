"""The backward pass against finite differences of fanin's own loss: an SGD step is -rate times the slope."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import H, loss_for


def away_from_kinks(net):
    """Biases other than 0, so that no z is exactly 0, where relu has two slopes."""
    rng, weights = np.random.default_rng(10), net.get_weights()
    net.set_weights({k: w + rng.uniform(0.1, 0.5, w.shape) * (w.ndim == 1) for k, w in weights.items()})
    return net


def slopes_of_the_loss(net, X, y):
    weights = net.get_weights()
    slopes = {}
    for name, array in weights.items():
        slopes[name] = np.empty_like(array)
        for index in np.ndindex(array.shape):
            sides = []
            for h in (H, -H):
                nudged = array.copy()
                nudged[index] += h
                net.set_weights({**weights, name: nudged})
                sides.append(net.evaluate(X, y)["loss"])
            slopes[name][index] = (sides[0] - sides[1]) / (2 * H)
    net.set_weights(weights)
    return slopes


def gradients_of_one_step(net, X, y):
    before = net.get_weights()
    net.fit(X, y, rule=optim.SGD(1.0), epochs=1, batch_size=len(X), batches="in_order")
    after = net.get_weights()
    return {name: before[name] - after[name] for name in before}


@pytest.mark.parametrize("rows", [1, 13])
def test_a_step_of_sgd_goes_down_the_slope_of_the_loss(rows, every_activation, every_loss, data_for):
    X, y = (array[:rows] for array in data_for(every_loss))
    layers = [fanin.Dense(6, every_activation), fanin.Dense(4, every_activation), fanin.Dense(3)]
    net = away_from_kinks(fanin.Network(5, layers, loss=loss_for(every_loss, 3), dtype="float64", seed=13))
    slopes = slopes_of_the_loss(net, X, y)
    for name, gradient in gradients_of_one_step(net, X, y).items():
        np.testing.assert_allclose(gradient, slopes[name], rtol=0, atol=1e-8, err_msg=name)


def test_activations_of_output_units_contribute_to_the_slope(every_activation, regression):
    X, y = regression
    layers = [fanin.Dense(4, "tanh"), fanin.Dense(3, every_activation)]
    net = away_from_kinks(fanin.Network(5, layers, dtype="float64", seed=13))
    slopes = slopes_of_the_loss(net, X, y)
    for name, gradient in gradients_of_one_step(net, X, y).items():
        np.testing.assert_allclose(gradient, slopes[name], rtol=0, atol=1e-8, err_msg=name)

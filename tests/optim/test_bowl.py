"""The quadratic bowl, on which the paths of a linear neuron, SGD and momentum are known in closed form.

The bowl of a neuron z = x w + b with squared error is E(v) = E* + 1/2 (v - v*)' H (v - v*), where v = (w, b),
H = A'A / m and A is X with a column of ones.
"""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import flat, linear_neuron


class Bowl:
    def __init__(self, X, y):
        self.X, self.y = X, y
        A = np.column_stack([X, np.ones(len(X))])
        self.H = A.T @ A / len(X)
        self.curvatures, self.axes = np.linalg.eigh(self.H)
        self.minimum = np.linalg.lstsq(A, y, rcond=None)[0]
        self.least_loss = np.mean((A @ self.minimum - y) ** 2) / 2

    def neuron(self, start):
        return linear_neuron(start[:-1], start[-1])

    def descend(self, net, rule, steps):
        """Take full-batch steps; return the distance of the weights from the minimum."""
        net.fit(self.X, self.y, rule=rule, epochs=steps, batch_size=len(self.X), batches="in_order")
        return flat(net.get_weights()) - self.minimum

    def excess_loss(self, net):
        return net.evaluate(self.X, self.y)["loss"] - self.least_loss


@pytest.fixture
def bowl(rng):
    X = rng.normal(size=(40, 3)) * [3.0, 1.0, 0.3] + [0.5, 0, 0]
    return Bowl(X, X @ [1.0, -2.0, 3.0] + 0.7 + 0.1 * rng.normal(size=40))


def along_the_steepest_axis(bowl, rule, steps):
    """Return the growth of the error along the axis of largest curvature after some steps."""
    start = bowl.minimum + bowl.axes[:, -1]
    return abs(bowl.descend(bowl.neuron(start), rule, steps) @ bowl.axes[:, -1])


@pytest.mark.parametrize("steps", [1, 2, 30])
def test_sgd_follows_the_closed_form_of_the_quadratic_bowl(bowl, steps):
    start, rate = np.array([2.0, -1.0, 0.5, 0.0]), 0.1
    error = bowl.descend(bowl.neuron(start), optim.SGD(rate), steps)
    expected = np.linalg.matrix_power(np.eye(4) - rate * bowl.H, steps) @ (start - bowl.minimum)
    np.testing.assert_allclose(error, expected, rtol=0, atol=1e-12)


def test_loss_of_a_linear_neuron_is_the_quadratic_bowl(bowl, rng):
    for _ in range(5):
        v = rng.normal(size=4)
        excess = 0.5 * (v - bowl.minimum) @ bowl.H @ (v - bowl.minimum)
        assert bowl.excess_loss(bowl.neuron(v)) == pytest.approx(excess, rel=1e-10)


def test_sgd_diverges_just_above_two_over_the_largest_curvature_and_not_below(bowl):
    limit = 2 / bowl.curvatures[-1]
    assert along_the_steepest_axis(bowl, optim.SGD(0.99 * limit), 200) < 0.1
    assert along_the_steepest_axis(bowl, optim.SGD(1.01 * limit), 200) > 10


def test_too_big_a_rate_oscillates_along_the_steepest_axis(bowl):
    net = bowl.neuron(bowl.minimum + bowl.axes[:, -1])
    rule = optim.SGD(1.5 / bowl.curvatures[-1])
    sides = [np.sign(bowl.descend(net, rule, 1) @ bowl.axes[:, -1]) for _ in range(6)]
    assert sides == [-1, 1, -1, 1, -1, 1]


def test_momentum_is_stable_to_its_larger_limit_and_not_above(bowl):
    for alpha in (0.5, 0.9):
        limit = 2 * (1 + alpha) / bowl.curvatures[-1]
        assert along_the_steepest_axis(bowl, optim.Momentum(0.99 * limit, alpha), 1000) < 0.1
        assert along_the_steepest_axis(bowl, optim.Momentum(1.01 * limit, alpha), 1000) > 10


def test_momentum_allows_a_rate_at_which_sgd_diverges(bowl):
    rate = 3 / bowl.curvatures[-1]
    assert along_the_steepest_axis(bowl, optim.SGD(rate), 100) > 1e6
    assert along_the_steepest_axis(bowl, optim.Momentum(rate, 0.9), 500) < 1e-3


def gentle_slope(g):
    """A neuron far from the minimum of a very flat bowl: the gradient of its weight remains g."""
    X, y = np.array([[1e-6], [-1e-6]]), np.array([-1e6, 1e6]) * g
    return linear_neuron([0.0]), X, y


def test_momentum_reaches_its_terminal_velocity_on_a_gentle_slope():
    rate, alpha, g = 0.01, 0.9, 2.0
    net, X, y = gentle_slope(g)
    rule, positions = optim.Momentum(rate, alpha), []
    for _ in range(300):
        net.fit(X, y, rule=rule, epochs=1, batch_size=2, batches="in_order")
        positions.append(float(net.get_weights()["layer1.weight"][0, 0]))
    velocities = np.diff([0.0, *positions])
    assert velocities[0] == pytest.approx(-rate * g, rel=1e-9)
    assert velocities[-1] == pytest.approx(-rate * g / (1 - alpha), rel=1e-6)
    assert (np.diff(velocities[:50]) < 0).all()


def test_velocity_decays_by_momentum_if_the_gradient_is_zero():
    rate, alpha = 0.01, 0.9
    rule = optim.Momentum(rate, alpha)
    net = linear_neuron([0.0])
    net.fit([[1.0], [-1.0]], [1.0, -1.0], rule=rule, epochs=1, batch_size=2, batches="in_order")
    positions = [0.0, float(net.get_weights()["layer1.weight"][0, 0])]
    for _ in range(20):  # with x = 0 the weight has no gradient
        net.fit([[0.0], [0.0]], [0.0, 0.0], rule=rule, epochs=1, batch_size=2, batches="in_order")
        positions.append(float(net.get_weights()["layer1.weight"][0, 0]))
    velocities = np.diff(positions)
    assert velocities[0] == rate
    np.testing.assert_allclose(velocities, rate * alpha ** np.arange(21), rtol=1e-10)


def test_momentum_does_not_follow_steepest_descent(bowl):
    net = bowl.neuron(bowl.minimum + np.array([1.0, 1.0, 1.0, 1.0]))
    rule = optim.Momentum(0.3 / bowl.curvatures[-1], 0.9)
    before = bowl.descend(net, rule, 10)
    change = bowl.descend(net, rule, 1) - before
    downhill = -bowl.H @ before
    cosine = change @ downhill / np.linalg.norm(change) / np.linalg.norm(downhill)
    assert cosine < 0.9


def test_negative_gradient_does_not_point_at_the_minimum_of_an_ellipse(bowl):
    start = bowl.minimum + bowl.axes @ np.ones(4)
    net = bowl.neuron(start)
    step = bowl.descend(net, optim.SGD(1e-3), 1) - (start - bowl.minimum)
    newton = bowl.minimum - start
    assert step @ newton / np.linalg.norm(step) / np.linalg.norm(newton) < 0.8


def test_one_step_at_the_inverse_curvature_solves_a_circular_bowl(rng):
    Q = np.linalg.qr(np.column_stack([np.ones(40), rng.normal(size=(40, 3))]))[0]
    round_bowl = Bowl(Q[:, 1:] * np.sqrt(40), rng.normal(size=40))
    np.testing.assert_allclose(round_bowl.curvatures, 1, rtol=1e-12)
    error = round_bowl.descend(round_bowl.neuron(np.array([2.0, -1.0, 0.5, 3.0])), optim.SGD(1.0), 1)
    np.testing.assert_allclose(error, 0, atol=1e-12)


@pytest.mark.parametrize(
    ("raw", "remedied"),
    [
        (np.array([[101.0, 101], [101, 99]]), np.array([[0.0, 1], [0, -1]])),  # centred
        (np.array([[0.1, 10], [0.1, -10]]), np.array([[1.0, 1], [1, -1]])),  # scaled
    ],
    ids=["shifted inputs", "unequal scales"],
)
def test_shifted_or_unequally_scaled_inputs_make_an_elongated_bowl(raw, remedied):
    y, excess = np.array([2.0, 0.0]), []
    for X in (raw, remedied):
        bowl = Bowl(X, y)
        net = bowl.neuron(np.zeros(3))
        bowl.descend(net, optim.SGD(1 / bowl.curvatures[-1]), 60)
        excess.append(bowl.excess_loss(net))
    assert excess[0] > 1e-3
    assert excess[1] < 1e-12


@pytest.mark.parametrize("n_inputs", [4, 16, 64, 256])
def test_largest_stable_rate_falls_with_the_number_of_inputs(n_inputs):
    """Inputs that agree add up: with x = +-(1, ..., 1) the largest curvature is the fan-in."""
    X = np.outer([1.0, -1.0], np.ones(n_inputs))
    bowl = Bowl(X, np.zeros(2))
    assert bowl.curvatures[-1] == pytest.approx(n_inputs)
    assert along_the_steepest_axis(bowl, optim.SGD(1.9 / n_inputs), 60) < 0.01
    assert along_the_steepest_axis(bowl, optim.SGD(2.1 / n_inputs), 60) > 100


@pytest.mark.parametrize("n_inputs", [4, 64, 1024])
def test_one_step_changes_z_in_proportion_to_the_fan_in(n_inputs):
    net, x, rate = linear_neuron(np.zeros(n_inputs)), np.ones((1, n_inputs)), 1e-4
    net.fit(x, [1.0], rule=optim.SGD(rate), epochs=1, batch_size=1)
    assert net.predict(x)[0] == pytest.approx(rate * (n_inputs + 1), rel=1e-12)


def test_noise_floor_of_online_learning_is_proportional_to_the_rate(rng):
    X = np.ones((4000, 1))
    y, floors = rng.normal(size=4000), []
    for rate in (0.02, 0.005):
        net = fanin.Network(1, [fanin.Dense(1)], dtype="float64")
        errors = []
        for _ in range(40):
            net.fit(X, y, rule=optim.SGD(rate), epochs=1, batch_size=1)
            errors.append(float(net.predict([[1.0]])[0]) - y.mean())
        floors.append(np.mean(np.square(errors[5:])))
    assert 2 < floors[0] / floors[1] < 8

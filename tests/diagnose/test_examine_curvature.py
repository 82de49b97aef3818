"""Curvature by `diagnose.examine`: bowls whose eigenvalues, angles and decreases are known, saddles and plateaus."""

import numpy as np
import pytest

import fanin
from fanin import optim
from fanin.diagnose import examine

RNG = np.random.default_rng(0)


def bowl(rows=400, scales=(3.0, 1.0, 0.5)):
    """A linear neuron without noise: inputs with these deviations, and targets of other weights."""
    X = RNG.normal(size=(rows, len(scales))) * scales
    net = fanin.Network(len(scales), [fanin.Dense(1)], dtype="float64", seed=3)
    return net, X, X @ np.arange(1.0, len(scales) + 1) + 0.5


def hessian_and_gradient(net, X, y):
    inputs = np.column_stack([X, np.ones(len(X))])
    weights = net.get_weights()
    w = np.append(weights["layer1.weight"].ravel(), weights["layer1.bias"])
    return inputs.T @ inputs / len(X), inputs.T @ (inputs @ w - y) / len(X)


def test_lanczos_finds_the_extreme_eigenvalues_of_a_bowl():
    net, X, y = bowl()
    figures = examine(net, X, y).figures
    values = np.linalg.eigvalsh(hessian_and_gradient(net, X, y)[0])
    np.testing.assert_allclose([figures["lambda_min"], figures["lambda_max"]], values[[0, -1]], rtol=1e-9)
    assert (figures["negative_share"], figures["flat_share"]) == (0, 0)


def test_the_angle_to_the_newton_step_on_an_ellipse_is_that_of_linear_algebra():
    """On a circle -g points at the minimum; on an ellipse it does not."""
    angles = []
    for scales in ((1.0, 1.0, 1.0), (10.0, 1.0, 0.1)):
        net, X, y = bowl(4000, scales)
        H, g = hessian_and_gradient(net, X[:2000], y[:2000])
        X, y = X[:2000], y[:2000]
        step = np.linalg.solve(H + 1e-3 * (g @ H @ g) / (g @ g) * np.eye(len(g)), -g)
        expected = np.degrees(np.arccos(-g @ step / np.linalg.norm(g) / np.linalg.norm(step)))
        angles.append(examine(net, X, y).figures["newton_angle"])
        np.testing.assert_allclose(angles[-1], expected, rtol=1e-5)
    assert angles[0] < 10 < 60 < angles[1] < 90


def test_a_bowl_predicts_every_decrease_of_a_linear_neuron_exactly():
    net, X, y = bowl()
    net.fit(X, y, rule=optim.SGD(0.3), epochs=1, batch_size=400)
    figures = examine(net, X, y).figures
    assert figures["decrease_ratio"] == pytest.approx(1, abs=1e-9)
    assert figures["decrease_ratio_at_rate"] == pytest.approx(1, abs=1e-9)


def test_a_bowl_predicts_small_steps_of_a_deep_net_and_large_ones_less():
    X = RNG.normal(size=(300, 4))
    y = np.sin(X @ [1.0, -1.0, 2.0, 0.5])
    layers = [fanin.Dense(16, "tanh") for _ in range(4)]
    net = fanin.Network(4, [*layers, fanin.Dense(1)], dtype="float64")
    net.fit(X, y, rule=optim.SGD(2.0), max_steps=1)
    figures = examine(net, X, y).figures
    assert figures["decrease_ratio"] == pytest.approx(1, abs=0.01)
    assert abs(figures["decrease_ratio_at_rate"] - 1) > 0.1


def deep_linear(layers):
    zero = fanin.initializers.Zeros()
    hidden = [fanin.Dense(3, initializer=zero) for _ in range(layers - 1)]
    net = fanin.Network(3, [*hidden, fanin.Dense(1, initializer=zero)], dtype="float64")
    X = RNG.normal(size=(300, 3))
    y = X @ [1.0, 2.0, 3.0]
    return net, X, y - y.mean()


def test_zero_weights_of_a_deep_linear_net_are_a_saddle_and_not_a_minimum():
    net, X, y = deep_linear(2)
    examination = examine(net, X, y)
    assert examination.place == "saddle"
    # the Hessian joins each unit's weights by C = -X'y / n, whose singular value is the curvature
    joined = np.append(X, np.ones((300, 1)), axis=1).T @ y / 300
    assert examination.figures["lambda_min"] == pytest.approx(-np.linalg.norm(joined), rel=1e-6)
    (finding,) = examination.findings
    assert (finding.kind, finding.severity) == ("saddle", "warning")
    assert [layer.initializer for layer in finding.remedy.layers] == ["auto", "auto"]


def test_zero_weights_of_a_deeper_linear_net_are_a_plateau_because_most_directions_are_flat():
    net, X, y = deep_linear(3)
    examination = examine(net, X, y)
    assert examination.place == "plateau"
    assert examination.figures["flat_share"] > 0.5
    assert [finding.kind for finding in examination.findings] == ["plateau"]


def test_a_linear_neuron_trained_to_the_end_is_at_a_minimum_even_if_its_loss_is_that_of_a_constant():
    X = RNG.normal(size=(200, 2))
    net = fanin.Network(2, [fanin.Dense(1)], dtype="float64")
    noise = RNG.normal(size=200)
    net.fit(X, noise, rule=optim.LBFGS())
    assert examine(net, X, noise).place == "minimum"
    fresh = fanin.Network(2, [fanin.Dense(1)], dtype="float64")
    assert examine(fresh, X, noise).place == "slope"


def test_curvature_is_that_of_the_network_in_prediction_without_dropout_and_with_frozen_batch_norm():
    X = RNG.normal(size=(300, 3))
    y = X[:, 0] ** 2
    block = fanin.Residual([fanin.Dense(8, "tanh", batch_norm=True), fanin.Dropout(0.2)])
    layers = [fanin.Standardize(), fanin.Dense(8, "tanh"), fanin.Dropout(0.5), block, fanin.Dense(1)]
    net = fanin.Network(3, layers, dtype="float64")
    net.fit(X, y, epochs=3)
    before = net._core.to_bytes()
    examination = examine(net, X, y)
    assert examination.figures["loss"] == pytest.approx(net.evaluate(X, y)["loss"], rel=1e-9)
    assert net._core.to_bytes() == before
    assert set(examination.consistency) == {name for name in net.get_weights() if "running" not in name}

"""Activations at zeros, at tiny and at huge z have the right limits; losses are safe for outputs of +-1e4."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import functional, losses
from probes import activation_at, loss_at
from reference.activations import ACTIVATIONS

TINY, LARGE, HUGE = 1e-30, 1e4, 3e38
Z = [-HUGE, -LARGE, -TINY, -0.0, 0.0, TINY, LARGE, HUGE]
LOG_2 = np.log(2)


@np.errstate(over="ignore")
def test_activations_have_the_right_limits_at_special_values(every_activation, dtype):
    formula = ACTIVATIONS[every_activation]
    value, slope = activation_at(every_activation, Z, dtype)
    z, eps = np.array(Z, dtype).astype("float64"), np.finfo(dtype).eps
    np.testing.assert_allclose(value, formula.value(z), rtol=4 * eps, atol=1e-37)
    np.testing.assert_allclose(slope, formula.derivative(z), rtol=4 * eps, atol=formula.cancellation * eps)


@np.errstate(over="ignore")
def test_slopes_of_activations_do_not_drift_from_their_limits(every_activation, dtype):
    z, eps = np.geomspace(40, 3e37 if dtype == "float32" else 1e300, 200), np.finfo(dtype).eps
    for side in (z, -z):
        _, slope = activation_at(every_activation, side, dtype)
        expected = ACTIVATIONS[every_activation].derivative(np.clip(side, -1e100, 1e100))
        np.testing.assert_allclose(slope, expected, rtol=4 * eps, atol=0 if expected[0] == 1 else 4 * eps)


def test_a_diverged_net_is_seen_through_every_activation(every_activation, dtype):
    values = functional.activation(np.array([np.nan, 1.0], dtype), every_activation)
    assert np.isnan(values).tolist() == [True, False]


def test_symmetric_logistic_is_twice_the_logistic_less_one_and_tanh_of_half_of_z(dtype):
    z = np.linspace(-30, 30, 997).astype(dtype)
    (symmetric, slope), (logistic, logistic_slope) = (
        activation_at(name, z, dtype) for name in ("symmetric_logistic", "logistic")
    )
    tanh, tanh_slope = activation_at("tanh", z / 2, dtype)
    np.testing.assert_array_equal(symmetric, tanh)
    np.testing.assert_allclose(slope, tanh_slope / 2, rtol=0, atol=np.finfo(dtype).eps)
    np.testing.assert_allclose(symmetric, 2 * logistic - 1, rtol=0, atol=4 * np.finfo(dtype).eps)
    np.testing.assert_allclose(slope, 2 * logistic_slope, rtol=0, atol=2 * np.finfo(dtype).eps)


@pytest.mark.parametrize("size", [1e2, 1e4])
def test_the_logistic_loss_is_safe_at_extreme_outputs(size, dtype):
    a = np.array([[size], [-size], [size], [-size], [size]])
    y = np.array([[1.0], [0.0], [0.0], [1.0], [0.5]])
    expected = [0, 0, size, size, size / 2]
    for row in range(5):
        probe = loss_at("logistic", a[[row]], y[[row]], dtype=dtype)
        assert probe.value == pytest.approx(expected[row], rel=1e-6, abs=1e-40)
        assert probe.gradient[0, 0] == pytest.approx(float(a[row, 0] > 0) - y[row, 0], abs=1e-40)
        assert probe.output[0, 0] == pytest.approx(float(a[row, 0] > 0), abs=1e-40)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("soft", [False, True])
def test_softmax_cross_entropy_of_any_target_is_safe_at_extreme_outputs(smoothing, soft, dtype):
    a = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, 1e4], [-1e4, 1e4, 1e4]])
    labels = np.array([0, 1, 2, 0])
    y = np.eye(3)[labels] if soft else labels
    probe = loss_at(losses.SoftmaxCrossEntropy(smoothing), a, y, dtype=dtype)
    t = (1 - smoothing) * np.eye(3)[labels] + smoothing / 3
    log_p = [[0, -2e4, -1e4], [-np.log(3)] * 3, [-np.log(3)] * 3, [-2e4 - LOG_2, -LOG_2, -LOG_2]]
    p = [[1, 0, 0], [1 / 3] * 3, [1 / 3] * 3, [0, 0.5, 0.5]]
    assert probe.value == pytest.approx(-np.mean(np.sum(t * np.array(log_p), axis=1)), rel=1e-6)
    np.testing.assert_allclose(probe.gradient, (np.array(p) - t) / 4, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["squared_error", "absolute_error", "huber", "quantile"])
def test_losses_of_a_difference_are_safe_at_extreme_outputs(name, dtype):
    a = np.array([[1e4], [-1e4]])
    values = {"squared_error": 0.5e8, "absolute_error": 1e4, "huber": 1e4 - 0.5, "quantile": 0.5e4}
    slopes = {"squared_error": 1e4, "absolute_error": 1, "huber": 1, "quantile": 0.5}
    probe = loss_at(name, a, np.zeros((2, 1)), dtype=dtype)
    assert probe.value == pytest.approx(values[name], rel=1e-6)
    np.testing.assert_allclose(probe.gradient, np.array([[0.5], [-0.5]]) * slopes[name], rtol=1e-6)


def test_the_poisson_loss_is_safe_at_outputs_of_minus_1e4(dtype):
    probe = loss_at("poisson", [[-1e4], [-1e4]], [[0.0], [3.0]], dtype=dtype)
    assert probe.value == pytest.approx(1.5e4, rel=1e-6)
    np.testing.assert_array_equal(probe.gradient, [[0], [-1.5]])
    assert (probe.output == 0).all()


def test_the_gamma_loss_is_safe_at_outputs_of_1e4(dtype):
    probe = loss_at("gamma", [[1e4], [1e4]], [[1.0], [3.0]], dtype=dtype)
    assert probe.value == pytest.approx(1e4, rel=1e-6)
    np.testing.assert_array_equal(probe.gradient, [[0.5], [0.5]])


def test_a_mean_count_beyond_all_numbers_is_a_diverged_error(dtype):
    """e^1e4 is the loss there, not an accident of its evaluation."""
    net = fanin.Network(1, [fanin.Dense(1)], "poisson", dtype=dtype)
    net.set_weights({"layer1.weight": [[1e4]], "layer1.bias": [0.0]})
    assert net.evaluate([[1.0]], [1.0])["loss"] == np.inf
    with pytest.raises(fanin.DivergedError):
        net.fit([[1.0]], [1.0], rule=fanin.optim.SGD())


@pytest.mark.parametrize("name", ["absolute_error", "quantile"])
def test_an_error_of_exactly_zero_has_no_slope(name, dtype):
    probe = loss_at(name, [[0.0], [2.5]], [[0.0], [2.5]], dtype=dtype)
    assert probe.value == 0
    assert not probe.gradient.any()


def test_the_deviance_of_a_count_of_zero_is_twice_its_mean(dtype):
    probe = loss_at("poisson", [[0.5]], [[0.0]], dtype=dtype)
    assert probe.metric == pytest.approx(2 * np.exp(0.5), rel=1e-6)


def test_gelu_keeps_its_digits_where_z_is_well_below_0():
    """1 + erf would lose them all: float32 has nothing left of it at -5.5."""
    z = np.linspace(-6.4, 0, 2000).astype("float32")
    value, _ = activation_at("gelu", z, "float32")
    np.testing.assert_allclose(value, ACTIVATIONS["gelu"].value(z.astype("float64")), rtol=1e-5)

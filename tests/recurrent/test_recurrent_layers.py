"""Recurrent layers predict by their equations, and their gradients are those of the equations."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from reference.losses import softmax
from sequences import (
    FEATURES,
    LAYERS,
    assert_close,
    every_kind,
    formula,
    in_one,
    labels,
    many_or_one,
    mean_loss,
    net_of,
    sequences,
    slopes_of,
    step,
)
from slopes import set_at_random

X = sequences()


def outputs(net, many=False):
    found = net.predict(X)
    return in_one(found) if many else found


@every_kind
@many_or_one
@pytest.mark.parametrize("levels", [1, 2])
@pytest.mark.parametrize("units", [1, 7, 16, 33, 70])
def test_predictions_of_recurrent_nets_follow_the_equations(kind, many, levels, units, dtype):
    net = net_of(kind, many, units=units, levels=levels, dtype=dtype)
    found = outputs(net, many)
    assert found.dtype == dtype
    bound = 1e-13 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(found, softmax(formula(net, X)), rtol=0, atol=bound)


@many_or_one
def test_recurrent_layers_of_every_activation_follow_the_equations(every_activation, many, dtype):
    layer = fanin.Recurrent(7, every_activation, return_sequences=many)
    net = fanin.Network(FEATURES, [layer, fanin.Dense(3)], dtype=dtype, seed=2)
    set_at_random(net)
    bound = 1e-12 if dtype == "float64" else 2e-4
    np.testing.assert_allclose(outputs(net, many), formula(net, X), rtol=bound, atol=bound)


def assert_gradients_are_those_of_the_equations(net, many=False, most=40, x=X):
    """Imaginary parts of the equations give the slope of the loss exactly."""
    y = labels(many)
    flat = in_one(y) if many else y
    before = net.get_weights()
    slopes = slopes_of(lambda weights: mean_loss(net, formula(net, x, weights), flat), before, most)
    loss, gradients = step(net, x, y)
    assert loss == pytest.approx(mean_loss(net, formula(net, x, before), flat), rel=1e-13)
    assert_close(gradients, slopes, 1e-12)


@every_kind
@many_or_one
@pytest.mark.parametrize("levels", [1, 2])
@pytest.mark.parametrize("units", [1, 7, 16, 33])
def test_gradients_of_recurrent_nets_are_those_of_the_equations(kind, many, levels, units):
    assert_gradients_are_those_of_the_equations(net_of(kind, many, units=units, levels=levels), many)


@pytest.mark.parametrize("activation", ["identity", "relu", "logistic", "softsign", "silu", "gelu_tanh"])
def test_gradients_through_other_activations_are_differences_of_the_loss(activation):
    net = fanin.Network(FEATURES, [fanin.Recurrent(7, activation), fanin.Dense(3)], dtype="float64", seed=3)
    set_at_random(net)
    y = np.random.default_rng(0).normal(size=(len(X), 3))
    before = net.get_weights()
    _, gradients = step(net, X, y)
    rng, h = np.random.default_rng(1), 1e-6
    for _ in range(5):
        direction = {name: rng.normal(size=array.shape) for name, array in before.items()}
        ends = [{name: array + s * h * direction[name] for name, array in before.items()} for s in (1, -1)]
        above, below = (mean_loss(net, formula(net, X, end), y) for end in ends)
        slope = sum(np.vdot(gradients[name], direction[name]) for name in before)
        assert (above - below) / (2 * h) == pytest.approx(slope, rel=1e-7, abs=1e-9)


@every_kind
def test_dense_layers_before_between_and_after_work_on_every_step(kind):
    of = LAYERS[kind]
    layers = [
        fanin.Dense(6, "tanh"),
        of(9, return_sequences=True),
        fanin.Activation("tanh"),
        fanin.Residual([fanin.Dense(4, "tanh"), fanin.Dense(9)]),
        of(5),
        fanin.Dense(4, "tanh"),
        fanin.Dense(3),
    ]
    net = fanin.Network(FEATURES, layers, "softmax_cross_entropy", dtype="float64", seed=4)
    set_at_random(net)
    np.testing.assert_allclose(net.predict(X), softmax(formula(net, X)), rtol=0, atol=1e-13)
    assert_gradients_are_those_of_the_equations(net)


@every_kind
@many_or_one
def test_letters_are_looked_up_at_every_step(kind, many):
    layers = [fanin.Embedding(8, 4), LAYERS[kind](7, return_sequences=many), fanin.Dense(3)]
    net = fanin.Network(1, layers, "softmax_cross_entropy", dtype="float64", seed=5)
    set_at_random(net)
    letters = [np.arange(len(x))[:, None] * 3 % 8 for x in X]
    found = net.predict(letters)
    expected = softmax(formula(net, letters))
    np.testing.assert_allclose(in_one(found) if many else found, expected, rtol=0, atol=1e-13)
    assert np.array_equal(in_one(found), in_one(net.predict([x[:, 0] for x in letters])))
    assert_gradients_are_those_of_the_equations(net, many, x=letters)


@every_kind
def test_losses_and_metrics_of_recurrent_nets_are_means_over_their_steps(kind):
    net, y = net_of(kind, many=True), labels(many=True)
    found, flat = net.evaluate(X, y), in_one(y)
    a = formula(net, X)
    assert found["loss"] == pytest.approx(mean_loss(net, a, flat), rel=1e-13)
    assert found["accuracy"] == pytest.approx(np.mean(a.argmax(axis=1) == flat), abs=1e-15)


@every_kind
def test_arrays_of_recurrent_layers_have_their_gates_names_and_shapes(kind):
    gates = {
        "recurrent": [""],
        "gru": ["candidate.", "reset.", "update."],
        "lstm": ["input.", "forget.", "cell.", "output."],
    }[kind]
    net = fanin.Network(FEATURES, [LAYERS[kind](4), fanin.Dense(3)])
    weights = net.get_weights()
    expected = {f"layer1.{gate}weight": (FEATURES, 4) for gate in gates}
    expected |= {f"layer1.{gate}recurrent": (4, 4) for gate in gates}
    expected |= {f"layer1.{gate}bias": (4,) for gate in gates}
    if kind == "gru":
        expected["layer1.candidate.recurrent_bias"] = (4,)
    assert {name: w.shape for name, w in weights.items() if name.startswith("layer1")} == expected
    assert net.n_parameters == sum(w.size for w in weights.values())

"""The reference itself is correct: checked against finite differences and PyTorch's stored results, without fanin."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest

from reference.activations import ACTIVATIONS
from reference.initializers import standard_deviation
from reference.losses import LOSSES
from reference.network import Network
from reference.rules import RULES
from reference.targets import targets_for

GOLDEN = json.loads((Path(__file__).parents[1] / "goldens" / "pytorch.json").read_text())


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivative_of_an_activation_is_the_slope_of_its_value(name):
    z, h = np.linspace(-3, 3, 61) + 0.0123, 1e-6
    slope = (ACTIVATIONS[name].value(z + h) - ACTIVATIONS[name].value(z - h)) / (2 * h)
    np.testing.assert_allclose(ACTIVATIONS[name].derivative(z), slope, atol=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_backpropagated_gradients_are_the_slopes_of_the_loss(activation, loss):
    rng, h = np.random.default_rng(3), 2e-6
    X, y = rng.normal(size=(7, 4)), targets_for(loss, rng, 7, 3)
    options = {"levels": (0.1, 0.5, 0.8)} if loss == "quantile" else {}
    net = Network(
        [rng.normal(size=(4, 5)), rng.normal(size=(5, 3))],
        [rng.normal(size=5), rng.normal(size=3)],
        [activation, "identity"],
        LOSSES[loss](**options),
    )
    rounding = 1e-8 * max(1, net.loss_of(X, y))
    for number, gradient in enumerate(net.gradients(X, y)):
        for index in np.ndindex(gradient.shape):
            above, below = copy.deepcopy(net), copy.deepcopy(net)
            above.parameters()[number][index] += h
            below.parameters()[number][index] -= h
            slope = (above.loss_of(X, y) - below.loss_of(X, y)) / (2 * h)
            assert gradient[index] == pytest.approx(slope, rel=1e-7, abs=rounding)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda c: f"{c['rule']}-{c['activation']}-{c['loss']}")
def test_reference_trains_as_pytorch_does(case):
    data = {name: np.array(values) for name, values in GOLDEN["data"].items()}
    start = [np.array(values) for values in GOLDEN["start"]]
    net = Network(start[::2], start[1::2], [case["activation"]] * 2 + ["identity"], LOSSES[case["loss"]]())
    y = data["labels" if case["loss"] == "softmax_cross_entropy" else "targets"]
    rule = RULES[case["rule"]](**case["hyper_parameters"])
    losses = net.train(data["X"], y, rule, GOLDEN["epochs"], GOLDEN["batch_size"])
    np.testing.assert_allclose(losses, case["losses"], rtol=1e-12)
    for ours, theirs in zip(net.parameters(), case["weights"], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_initial_standard_deviations_are_the_published_ones():
    assert standard_deviation("he_normal", 8, 5) == 0.5
    assert standard_deviation("glorot_uniform", 3, 5) == 0.5
    assert standard_deviation("lecun_normal", 4, 9) == 0.5
    assert standard_deviation("he_uniform", 8, 5, gain=3) == 1.5
    assert standard_deviation("sparse", 16, 5, connections=4, deviation=2) == 1
    assert standard_deviation("zeros", 4, 9) == standard_deviation("constant", 4, 9, value=3) == 0

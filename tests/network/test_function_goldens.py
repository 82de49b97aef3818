"""Activations and losses against PyTorch's in float64, stored by goldens/make_pytorch_functions.py.

The functions differ only in this: above 20, PyTorch's softplus is z itself, while fanin's is still log(1 + e^z);
and in float64, for z well below 0, both lose the last digits of 1 + erf in gelu, each in its own way.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from fanin import losses
from helpers import TESTS
from probes import activation_at, loss_at
from reference.activations import ACTIVATIONS
from reference.losses import LOSSES

GOLDEN = json.loads((TESTS / "goldens" / "pytorch_functions.json").read_text())
Z, DATA = np.array(GOLDEN["z"]), {name: np.array(values) for name, values in GOLDEN["data"].items()}
RTOL, ATOL = 1e-13, 1e-14  # values below 1e-14 are differences of numbers near 1

every_activation_case = pytest.mark.parametrize(
    "case", GOLDEN["activations"], ids=lambda case: case["activation"]
)
every_loss_case = pytest.mark.parametrize(
    "case",
    GOLDEN["losses"],
    ids=lambda case: f"{case['loss']}-{case['hyper_parameters']}-{case['targets']}-{case['weighted']}",
)


def hyper_parameters(case):
    return {k: tuple(v) if isinstance(v, list) else v for k, v in case["hyper_parameters"].items()}


@every_activation_case
def test_activations_have_the_values_and_derivatives_of_pytorch(case):
    value, derivative = activation_at(case["activation"], Z)
    np.testing.assert_allclose(value, case["value"], rtol=RTOL, atol=ATOL)
    np.testing.assert_allclose(derivative, case["derivative"], rtol=RTOL, atol=ATOL)


@every_loss_case
def test_losses_have_the_values_and_gradients_of_pytorch(case):
    loss = losses.BY_NAME[case["loss"]](**hyper_parameters(case))
    weights = DATA["weights"] if case["weighted"] else None
    probe = loss_at(loss, DATA["outputs"], DATA[case["targets"]], weights)
    assert probe.value == pytest.approx(case["value"], rel=RTOL)
    np.testing.assert_allclose(probe.gradient, case["gradient"], rtol=RTOL, atol=1e-16)


@every_activation_case
def test_reference_activations_are_those_of_pytorch(case):
    formula = ACTIVATIONS[case["activation"]]
    np.testing.assert_allclose(formula.value(Z), case["value"], rtol=RTOL, atol=ATOL)
    np.testing.assert_allclose(formula.derivative(Z), case["derivative"], rtol=RTOL, atol=ATOL)


@every_loss_case
def test_reference_losses_are_those_of_pytorch(case):
    loss = LOSSES[case["loss"]](**hyper_parameters(case))
    arguments = DATA["outputs"], DATA[case["targets"]], DATA["weights"] if case["weighted"] else None
    assert loss.value(*arguments) == pytest.approx(case["value"], rel=RTOL)
    np.testing.assert_allclose(loss.gradient(*arguments), case["gradient"], rtol=RTOL, atol=1e-15)


def test_function_goldens_are_of_listed_activations_and_losses_and_of_a_sample_without_weight():
    assert {case["activation"] for case in GOLDEN["activations"]} <= set(ACTIVATIONS)
    assert {case["loss"] for case in GOLDEN["losses"]} <= set(LOSSES)
    assert any((np.array(case["gradient"])[4] == 0).all() for case in GOLDEN["losses"] if case["weighted"])

"""The step that each rule must take for gradients at both ends of the range, and its later steps."""

from __future__ import annotations

import numpy as np
import pytest

from fanin import optim
from helpers import inputs_for, inputs_of_reference, reference_rule, rule_classes, rule_named

# The first step for g = 1e38 in float32, in units of learning_rate. Rules that square g clip it to 2^60: the step is
# the same for any large gradient, and no mean becomes infinite.
AT_THE_TOP = {
    "sgd": -1e38,
    "momentum": -1e38,
    "nesterov": -1e38,
    "adaptive_gain": -1e38,
    "sign_sgd": -1,
    "rprop": -1,
    "rmsprop": -(10**0.5),  # 1 / sqrt(1 - decay): no bias correction
    "adagrad": -1,
    "adadelta": -((1e-6 / 0.05) ** 0.5),
    "adam": -1,
    "adamw": -1,
    "nadam": None,  # computed from the equation, below
    "radam": -(2.0**60),  # while it does not divide yet
    "amsgrad": -1,
    "adamax": -1,
    "lion": -1,
    "schaul_vsgd": 0,  # warming up
}

# The same for g = 1e-38, a denormal number in float32. Its square is 0, so the divisor is epsilon.
AT_THE_BOTTOM = {
    "sgd": 0,  # learning_rate g is denormal, and stored as 0
    "momentum": 0,
    "nesterov": 0,
    "adaptive_gain": 0,
    "sign_sgd": -1,
    "rprop": -1,
    "rmsprop": -1e-38 / 1e-8,
    "adagrad": -1e-38 / 1e-10,
    "adadelta": 0,  # sqrt(D + epsilon) / sqrt(G + epsilon) is 1
    "adam": -1e-38 / 1e-8,
    "adamw": -1e-38 / 1e-8,
    "nadam": None,
    "radam": 0,
    "amsgrad": -1e-38 / 1e-8,
    "adamax": -1,
    "lion": -1,
    "schaul_vsgd": 0,
}


def first_step(rule, g, dtype):
    w, gradient = np.zeros((1, 1), dtype), [np.full((1, 1), g, dtype)]
    opt = optim.Optimizer(rule, [w])
    opt.step(gradient, **inputs_for(rule, gradient))
    return opt, float(opt.weights()[0][0, 0])


@pytest.mark.parametrize("table", [AT_THE_TOP, AT_THE_BOTTOM], ids=["1e38", "1e-38"])
def test_the_first_step_for_the_largest_and_the_smallest_gradients(every_rule, table):
    rule = rule_named(every_rule)
    g = 1e38 if table is AT_THE_TOP else 1e-38
    _, step = first_step(rule, g, "float32")
    _, mirrored = first_step(rule, -g, "float32")
    expected = table[every_rule]
    if expected is None:
        square = min(g, 2.0**60) if table is AT_THE_TOP else g
        expected = float(reference_rule(every_rule, rule).step(np.array([square]), {}, 1)[0])
        expected /= rule.learning_rate
    # a weight of 1e-38 and below is stored as 0
    assert step == pytest.approx(rule.learning_rate * expected, rel=1e-4, abs=1.2e-38)
    assert mirrored == -step


def test_every_rule_has_its_row_in_both_tables():
    assert list(AT_THE_TOP) == list(AT_THE_BOTTOM)
    assert set(AT_THE_TOP) == set(rule_classes())


@pytest.mark.parametrize("g", [1e-38, 1e38])
def test_float64_squares_both_without_losing_anything(every_rule, g):
    rule = rule_named(every_rule)
    inputs = inputs_for(rule, [np.full((1, 1), g)])
    textbook = reference_rule(every_rule, rule)
    expected = textbook.step(np.full((1, 1), g), {}, 1, **inputs_of_reference(inputs, 0))
    assert first_step(rule, g, "float64")[1] == pytest.approx(float(expected[0, 0]), rel=1e-12, abs=0)


def test_a_gradient_of_zero_is_no_step_and_changes_no_state_but_tau(every_rule, dtype):
    rule = rule_named(every_rule)
    opt, step = first_step(rule, 0.0, dtype)
    fresh = optim.Optimizer(rule, [np.zeros((1, 1), dtype)])
    assert step == 0
    names = [name for name, values in opt.state.items() if isinstance(values, list) and name not in "hq"]
    assert all(np.array_equal(opt.state[name][0], fresh.state[name][0]) for name in names)


@pytest.mark.parametrize("extreme", [1e38, -1e38, 1e-38, 0.0])
def test_rules_recover_after_an_extreme_gradient(every_rule, extreme, dtype):
    rule = rule_named(every_rule)
    w = np.ones((3, 1), dtype)
    opt = optim.Optimizer(rule, [w])
    ordinary = np.random.default_rng(1).normal(size=(20, 3, 1)).astype(dtype)
    ordinary[0] = extreme
    for gradient in ordinary:
        opt.step([gradient], **inputs_for(rule, [gradient]))
    assert np.isfinite(w).all()
    assert all(np.isfinite(slot[0]).all() for slot in opt.state.values() if isinstance(slot, list))


def test_without_epsilon_a_square_that_underflows_is_no_step():
    for rule in (optim.Adam(epsilon=0), optim.RMSprop(epsilon=0), optim.Adagrad(epsilon=0)):
        assert first_step(rule, 1e-30, "float32")[1] == 0
        assert abs(first_step(rule, 1e-15, "float32")[1]) >= 0.9 * rule.learning_rate
        assert abs(first_step(rule, 1e-30, "float64")[1]) >= 0.9 * rule.learning_rate

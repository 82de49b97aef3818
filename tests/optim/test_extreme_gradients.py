"""The step each rule must take for gradients at both ends of the range, and what it does afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from fanin import optim
from helpers import inputs_for, inputs_of_reference, reference_rule, rule_named


def first_step(rule, g, dtype):
    w, gradient = np.zeros((1, 1), dtype), [np.full((1, 1), g, dtype)]
    opt = optim.Optimizer(rule, [w])
    opt.step(gradient, **inputs_for(rule, gradient))
    return opt, float(opt.weights()[0][0, 0])


def step_of_reference(rule, g):
    inputs = inputs_of_reference(inputs_for(rule, [np.full((1, 1), g)]), 0)
    return float(reference_rule(rule.name, rule).step(np.full((1, 1), g), {}, 1, **inputs)[0, 0])


@pytest.mark.parametrize("g", [1e38, 1e-38])
def test_the_first_step_for_the_largest_and_the_smallest_gradients(every_rule, g):
    """Rules that square g see 2^60 in the place of 1e38, whose square is infinite; that of 1e-38 is 0."""
    rule = rule_named(every_rule)
    _, step = first_step(rule, g, "float32")
    _, mirrored = first_step(rule, -g, "float32")
    # a weight of 1e-38 and below is stored as 0
    expected = [
        pytest.approx(step_of_reference(rule, seen), rel=1e-4, abs=1.2e-38) for seen in (g, min(g, 2**60))
    ]
    assert step in expected
    assert mirrored == -step


@pytest.mark.parametrize(("dtype", "power"), [("float32", -55), ("float64", -500)])
def test_a_square_that_may_be_denormal_counts_as_0(dtype, power):
    """Some processors take a hundred times as long to make a denormal number."""
    squares = {
        g: float(first_step(optim.Adam(), g, dtype)[0].state["v"][0][0, 0])
        for g in (2.0**power, -(2.0**power), 0.99 * 2.0**power)
    }
    assert list(squares.values()) == [pytest.approx(0.001 * 4.0**power, rel=1e-6)] * 2 + [0]


@pytest.mark.parametrize(
    "rule", [optim.SGD(), optim.Momentum(), optim.Nesterov(), optim.AdaptiveGain()], ids=str
)
def test_rules_that_do_not_square_the_gradient_take_it_as_it_is(rule):
    assert first_step(rule, 1e38, "float32")[1] == pytest.approx(-1e38 * rule.learning_rate, rel=1e-6)


@pytest.mark.parametrize("g", [1e-38, 1e38])
def test_float64_squares_both_without_losing_anything(every_rule, g):
    rule = rule_named(every_rule)
    assert first_step(rule, g, "float64")[1] == pytest.approx(step_of_reference(rule, g), rel=1e-12, abs=0)


def test_a_gradient_of_zero_is_no_step_and_changes_no_state_but_tau(every_rule, dtype):
    rule = rule_named(every_rule)
    opt, step = first_step(rule, 0.0, dtype)
    fresh = optim.Optimizer(rule, [np.zeros((1, 1), dtype)])
    assert step == 0
    names = [name for name, values in opt.state.items() if isinstance(values, list) and name not in "hq"]
    assert all(np.array_equal(opt.state[name][0], fresh.state[name][0]) for name in names)


@pytest.mark.parametrize("extreme", [1e38, -1e38, 1e-38, 0.0])
def test_rules_go_on_after_an_extreme_gradient(every_rule, extreme, dtype):
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

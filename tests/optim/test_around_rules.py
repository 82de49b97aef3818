"""Penalties, decay and clipping around any update rule."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import (
    flat,
    inputs_for,
    inputs_of_reference,
    linear_neuron,
    reference_rule,
    rule_named,
    without_decay,
)
from reference.rules import decayed_step

AROUND = {"clip_value": 0.4, "l1": 0.01, "l2": 0.1, "l2_of_sum": 0.3, "weight_decay": 0.2}
WEIGHT = 5.0  # of each batch


@pytest.mark.parametrize("options", [*({k: v} for k, v in AROUND.items()), AROUND], ids=str)
def test_each_option_around_a_rule_is_its_equation_and_spares_biases(options, every_rule):
    rule = rule_named(every_rule)
    rule = without_decay(rule) if "weight_decay" in options else rule
    arrays = [np.random.default_rng(1).normal(size=shape) for shape in ((30, 3), (30,))]
    arrays[0][0] = 0
    expected, states = [a.copy() for a in arrays], [{}, {}]
    opt, textbook = optim.Optimizer(optim.Around(rule, **options), arrays), reference_rule(every_rule, rule)
    for t in range(1, 30):
        g = [np.random.default_rng(t).normal(size=a.shape) for a in arrays]
        inputs = inputs_for(rule, g, seed=t)
        at = [a.copy() for a in opt.arrays]
        opt.step(g, weight=WEIGHT, **inputs)
        clip = options.get("clip_value", np.inf)
        for i, (w, state) in enumerate(zip(expected, states, strict=True)):
            weights = float(w.ndim == 2)
            l2 = options.get("l2", 0) + options.get("l2_of_sum", 0) / WEIGHT
            penalty = weights * (l2 * at[i] + options.get("l1", 0) * np.sign(at[i]))
            more = inputs_of_reference(inputs, i)
            more = {name: np.clip(v, -clip, clip) + penalty for name, v in more.items()}
            decay = options.get("weight_decay", 0) + getattr(rule, "weight_decay", 0)
            # decay acts at the point of the gradient, which is ahead of w with Nesterov
            pull = weights * decay * at[i]
            w += decayed_step(textbook, np.clip(g[i], -clip, clip) + penalty, state, t, pull, **more)
    for mine, theirs in zip(opt.weights(), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-8, atol=1e-8)


def test_nothing_around_a_rule_changes_no_bits(every_rule, dtype, classification):
    results = []
    for rule in (rule_named(every_rule), optim.Around(rule_named(every_rule), clip_value=1e300)):
        net = fanin.Network(
            5, [fanin.Dense(40, "relu"), fanin.Dense(3)], "softmax_cross_entropy", dtype=dtype
        )
        net.fit(*classification, rule=rule, epochs=4, batch_size=20)
        results.append(flat(net.get_weights()).tobytes())
    assert results[0] == results[1]


@pytest.mark.parametrize("rule", [optim.SGD(0.01), optim.Momentum(0.01), optim.Adam(0.01)], ids=str)
def test_l2_ends_at_ridge_regression(rule, rng):
    X = rng.normal(size=(40, 3))
    y, l2 = X @ [1.0, -2.0, 3.0] + 0.5, 0.3
    net = linear_neuron(np.zeros(3))
    net.fit(X, y, rule=optim.Around(rule, l2=l2), epochs=6000, batch_size=40, batches="in_order")
    centred = X - X.mean(axis=0)
    H = centred.T @ centred / 40
    ridge = np.linalg.solve(H + l2 * np.eye(3), centred.T @ (y - y.mean()) / 40)
    np.testing.assert_allclose(net.get_weights()["layer1.weight"][:, 0], ridge, atol=1e-4)


def test_decay_alone_shrinks_weights_by_a_factor_a_step_and_leaves_biases_alone(dtype):
    net = fanin.Network(2, [fanin.Dense(3)], dtype=dtype)
    net.set_weights({"layer1.weight": np.ones((2, 3)), "layer1.bias": np.ones(3)})
    y = net.predict([[0.0, 0.0]])
    for rule in (optim.AdamW(0.1, weight_decay=0.5), optim.Around(optim.SGD(0.1), weight_decay=0.5)):
        before = net.get_weights()["layer1.weight"]
        net.fit([[0.0, 0.0]], y, rule=rule, epochs=3)
        np.testing.assert_allclose(net.get_weights()["layer1.weight"], before * 0.95**3, rtol=1e-6)
        assert (net.get_weights()["layer1.bias"] == 1).all()


@pytest.mark.parametrize("own", [True, False], ids=["of the rule", "around it"])
@pytest.mark.parametrize("name", ["adamw", "ademamix", "schedule_free_adamw", "muon", "lion"])
def test_a_scheduled_decay_is_the_decay_of_each_step(name, own, classification):
    schedule, results = optim.Cosine(0.9, last=0.1, steps=6), []
    for by_hand in (False, True):
        layers = [fanin.Dense(6, "tanh"), fanin.Dense(5, "tanh"), fanin.Dense(3)]
        net = fanin.Network(5, layers, "softmax_cross_entropy", dtype="float64")
        for t in range(1, 9) if by_hand else [0]:
            decay = {"weight_decay": schedule(t) if by_hand else schedule}
            rule = rule_named(name, **(decay if own else {"weight_decay": 0}))
            rule = optim.Around(rule, clip_value=1e9, **({} if own else decay))
            net.fit(*classification, rule=rule, epochs=1 if by_hand else 8, batch_size=53)
        results.append(flat(net.get_weights()))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-12)


def test_a_decay_without_steps_of_its_own_spans_the_fit(classification):
    nets = [fanin.Network(5, [fanin.Dense(3)], "softmax_cross_entropy") for _ in range(2)]
    for net, steps in zip(nets, (None, 8), strict=True):
        net.fit(
            *classification,
            rule=optim.AdamW(weight_decay=optim.Polynomial(5.0, steps=steps)),
            epochs=4,
            batch_size=27,
        )
    assert flat(nets[0].get_weights()).tobytes() == flat(nets[1].get_weights()).tobytes()
    with pytest.raises(ValueError, match="steps: expected the number of steps of the schedule"):
        optim.Optimizer(optim.AdamW(weight_decay=optim.Cosine()), [np.ones(2)])


def test_decay_has_one_place():
    for decay in (0.1, optim.Cosine()):
        with pytest.raises(ValueError, match=r"^weight_decay: expected 0, because AdamW has .*, 0.01, got "):
            optim.Around(optim.AdamW(), weight_decay=decay)
        with pytest.raises(ValueError, match=r"^weight_decay: expected 0, because Lion has .*, got 0.2"):
            optim.Around(optim.Lion(weight_decay=decay), weight_decay=0.2)
    assert optim.Around(optim.AdamW(weight_decay=0), weight_decay=0.1).weight_decay == 0.1


def test_decoupled_decay_is_not_l2_for_rules_that_divide():
    paths = []
    for rule in (optim.AdamW(0.01, weight_decay=0.1), optim.Around(optim.Adam(0.01), l2=0.1)):
        w = np.ones((1, 1))
        opt = optim.Optimizer(rule, [w])
        for t in range(50):
            opt.step([np.array([[100.0 * (-1) ** t]])])
        paths.append(float(w[0, 0]))
    alone = 0.999**50
    assert paths[0] < alone  # the rule's own steps are about -0.015
    assert paths[1] > paths[0] + 0.03  # l2 is divided by 100, like all of the gradient


def test_the_options_around_a_rule_may_change_and_keep_the_state():
    opt = optim.Optimizer(optim.Momentum(0.1), [np.ones((2, 2))])
    opt.step([np.ones((2, 2))])
    opt.rule = optim.Around(optim.Momentum(0.1), clip_value=0.5)
    opt.step([np.ones((2, 2))])
    assert opt.state["v"][0] == pytest.approx(np.full((2, 2), -0.09 - 0.05))
    with pytest.raises(
        ValueError, match="rule: expected Momentum, like the state of this optimizer, got Adam"
    ):
        opt.rule = optim.Around(optim.Adam(), l2=0.1)


def test_slots_that_come_into_use_begin_and_others_stay():
    opt = optim.Optimizer(optim.RMSprop(0.1), [np.zeros(2)])
    opt.step([np.ones(2)])
    kept = opt.state["MS"][0]
    opt.rule = optim.RMSprop(0.1, momentum=0.9, centered=True)
    assert list(opt.state) == ["t", "MS", "mean", "v"]
    assert np.array_equal(opt.state["MS"][0], kept)
    assert opt.state["v"][0].tolist() == [0, 0]


@pytest.mark.parametrize(("rule", "size"), list(itertools.product(["nesterov", "rmsprop"], [1, 2])), ids=str)
def test_a_rule_with_another_look_ahead_takes_over_from_the_true_weights(rule, size, classification):
    X, y = classification
    ahead = optim.Nesterov(0.1) if rule == "nesterov" else optim.RMSprop(0.01, momentum=0.9, nesterov=True)
    net, twin = (fanin.Network(5, [fanin.Dense(3)], "softmax_cross_entropy", seed=size) for _ in range(2))
    net.fit(X, y, rule=ahead, epochs=3, batches="in_order")
    twin.set_weights(net.get_weights())
    for one in (net, twin):
        one.fit(X, y, rule=optim.SGD(0.1), epochs=2, batches="in_order")
    assert flat(net.get_weights()).tobytes() == flat(twin.get_weights()).tobytes()

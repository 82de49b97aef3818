"""Gradient accumulation over batches, and gradient clipping by norm."""

from __future__ import annotations

import copy
import itertools
import pickle
import re

import numpy as np
import pytest

import fanin
from fanin import functional, optim
from helpers import bits_everywhere, digest, flat, inputs_for, rule_named

LOSS = "softmax_cross_entropy"


def net_of(*units, dtype="float64", **options):
    layers = [*(fanin.Dense(n, "tanh") for n in units), fanin.Dense(3)]
    return fanin.Network(5, layers, LOSS, dtype=dtype, **options)


def clipped(gradients, most):
    norm = np.sqrt(sum((g.astype("float64") ** 2).sum() for g in gradients))
    return [g * min(1, most / norm) for g in gradients]


def test_the_norm_of_all_gradients_together_is_clipped_after_their_values(every_rule):
    rule = rule_named(every_rule)
    shapes = [(70, 45), (3,), (1, 40), (2, 3, 5), (0,)]
    arrays = [np.random.default_rng(1).normal(size=s) for s in shapes]
    twins = copy.deepcopy(arrays)
    opt = optim.Optimizer(optim.Around(rule, clip_norm=2.5, clip_value=0.5), arrays)
    by_hand = optim.Optimizer(rule, twins)
    for t in range(4):
        g = [10.0**-t * np.random.default_rng(t).normal(size=s) for s in shapes]
        inputs = inputs_for(rule, g)
        opt.step(g, **inputs)
        factor = clipped([np.clip(x, -0.5, 0.5) for x in g], 2.5)[0][0, 0] / np.clip(g[0][0, 0], -0.5, 0.5)
        if "second_gradients" in inputs:
            inputs["second_gradients"] = [np.clip(x, -0.5, 0.5) * factor for x in inputs["second_gradients"]]
        by_hand.step([np.clip(x, -0.5, 0.5) * factor for x in g], **inputs)
    for mine, theirs in zip(arrays, twins, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("size", [1e30, 1e-30])
def test_a_norm_is_right_if_its_square_overflows_or_vanishes(size):
    w = np.zeros(1000, "float32")
    optim.Optimizer(optim.Around(optim.SGD(1), clip_norm=2 * size), [w]).step(
        [np.full(1000, size, "float32")]
    )
    expected = size * 2 / np.sqrt(1000)
    np.testing.assert_allclose(w, -np.float32(expected), rtol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "size"),
    [("float32", size) for size in (1e-31, 1e-20, 1e-10, 1e10, 1e25)]
    + [("float64", size) for size in (1e-301, 1e-200, 1e-140, 1e140, 1e200, 1e300)],
)
def test_a_gradient_of_any_size_is_clipped(dtype, size):
    g = np.random.default_rng(1).uniform(-1, 1, 1000)
    w = np.zeros(1000, dtype)
    optim.Optimizer(optim.Around(optim.SGD(1), clip_norm=4 * size), [w]).step([(g * size).astype(dtype)])
    rel = 1e-5 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(w / size, -4 * g / np.linalg.norm(g), rtol=rel, atol=rel / 10)


@pytest.mark.parametrize(("dtype", "size"), [("float32", 3e38), ("float64", 1.5e308)])
def test_a_gradient_that_a_tiny_factor_shrinks_keeps_its_direction(dtype, size):
    g = np.random.default_rng(1).uniform(-1, 1, 1000)
    w = np.zeros(1000, dtype)
    rule = optim.Around(optim.SGD(1), clip_norm=1e-6, clip_value=size / 2)
    optim.Optimizer(rule, [w]).step([(g * size).astype(dtype)])
    clipped = np.clip(g, -0.5, 0.5)
    np.testing.assert_allclose(w, -1e-6 * clipped / np.linalg.norm(clipped), rtol=1e-5, atol=1e-12)


def test_a_norm_that_is_not_finite_hides_no_gradient_that_is_not():
    for bad in (np.nan, np.inf):
        w = np.zeros(3)
        optim.Optimizer(optim.Around(optim.SGD(1), clip_norm=1.0), [w]).step([np.array([bad, 1, 1])])
        assert not np.isfinite(w[0])


def test_a_network_and_an_optimizer_of_its_arrays_clip_by_the_same_bits(dtype, rng):
    X, y = rng.normal(size=(40, 5)).astype(dtype), rng.integers(3, size=40)
    net = fanin.Network(5, [fanin.Dense(3)], LOSS, dtype=dtype)
    w, b = net.get_weights().values()
    rule = optim.Around(optim.Adam(0.1), clip_norm=0.1)
    opt = optim.Optimizer(rule, [w, b])
    for _ in range(3):
        z = functional.dense(X, w, b)
        dz = functional.loss_gradient(z, y, LOSS)
        opt.step(functional.dense_backward(dz, X, w)[1:])
        net.fit(X, y, rule=rule, epochs=1, batch_size=40, batches="in_order")
    assert net.get_weights()["layer1.weight"].tobytes() == w.tobytes()


GROUPED = {
    "clip_norm": 0.5,
    "clip_value": 0.1,
    "accumulate": 3,
    "average_decay": 0.9,
    "l2": 0.01,
    "l2_of_sum": 0.5,
    "fan_in_power": 0.5,
}


def grouped_bits() -> str:
    rng = np.random.default_rng(5)
    X, y = np.round(rng.normal(size=(330, 75)) * 32) / 32, rng.integers(10, size=330)
    layers = [fanin.Dense(130, "tanh", batch_norm=True), fanin.Dense(71, "relu"), fanin.Dense(10)]
    digests = []
    by_share = {**GROUPED, "average_decay": 0.0, "average_share": 0.1, "weight_decay": optim.Cosine(0.1)}
    for dtype, options in itertools.product(("float32", "float64"), (GROUPED, by_share)):
        net = fanin.Network(75, layers, LOSS, dtype=dtype)
        around = optim.Around(
            optim.Nesterov(0.05), frozen=["layer2.bias"], rate_scales={"layer3": 3}, **options
        )
        net.fit(X, y, rule=around, epochs=2, batch_size=40)
        assert np.isfinite(flat(net.get_weights())).all()
        digests.append(digest(net))
    return " ".join(digests)


def test_all_options_of_around_give_the_same_bits_on_any_threads_and_instruction_set(threads):
    assert len(bits_everywhere(grouped_bits, threads)) == 1


RULES = [optim.SGD(0.1), optim.Adam(0.01), optim.Nesterov(0.1), optim.Rprop(variant="irprop+")]


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.filterwarnings("ignore::fanin.optim.BatchSizeWarning")
def test_a_group_of_batches_is_one_large_batch(rule, weighted, classification):
    X, y = classification
    weights = np.arange(53) % 5 if weighted else None
    small, large = net_of(6), net_of(6)
    # 53 samples: batches of 8 in groups of 3, the last group with one batch of 5; or batches of 24, 24 and 5
    for net, size, k in ((small, 8, 3), (large, 24, 1)):
        around = optim.Around(rule, accumulate=k)
        net.fit(X, y, rule=around, batch_size=size, batches="in_order", epochs=5, sample_weight=weights)
    np.testing.assert_allclose(flat(small.get_weights()), flat(large.get_weights()), rtol=0, atol=1e-12)


def test_updates_are_counted_not_batches(classification):
    def nets_with(k, size, epochs):
        net = net_of(4)
        rule = optim.Around(optim.SGD(optim.Cosine(0.5, steps=12)), accumulate=k)
        net.fit(*classification, rule=rule, batch_size=size, batches="in_order", epochs=epochs)
        return flat(net.get_weights())

    np.testing.assert_allclose(nets_with(7, 8, 9), nets_with(1, 53, 9), rtol=0, atol=1e-12)


def test_rules_for_full_batches_accept_accumulated_mini_batches(classification):
    net_of().fit(*classification, rule=optim.Around(optim.SignSGD(), accumulate=7), batch_size=8, epochs=1)
    with pytest.warns(optim.BatchSizeWarning):
        net_of().fit(
            *classification, rule=optim.Around(optim.SignSGD(), accumulate=6), batch_size=8, epochs=1
        )


def test_an_optimizer_steps_at_the_last_batch_of_a_group_by_their_weighted_mean(every_rule):
    rule = rule_named(every_rule)
    if every_rule == "schaul_vsgd":
        with pytest.raises(
            ValueError, match="accumulate: expected 1, because schaul_vsgd needs two gradients of the same"
        ):
            optim.Optimizer(optim.Around(rule, accumulate=2), [np.ones(3)])
        return
    w, twin = np.ones(40), np.ones(40)
    opt, by_hand = optim.Optimizer(optim.Around(rule, accumulate=2), [w]), optim.Optimizer(rule, [twin])
    for t in range(3):
        g = np.random.default_rng(t).normal(size=(2, 40))
        held = w.copy()
        opt.step([g[0]], weight=3, loss=1.0)
        assert np.array_equal(w, held)
        opt.step([g[1]], weight=1, loss=2.0)
        by_hand.step([(3 * g[0] + g[1]) / 4], loss=1.25)
        assert opt.t == t + 1
    np.testing.assert_allclose(w, twin, rtol=1e-9)


def test_copies_and_pickles_continue_groups_and_averages_bit_for_bit():
    rule = optim.Around(optim.Rprop(variant="irprop+"), accumulate=3, average_decay=0.9)
    opt = optim.Optimizer(rule, [np.ones((2, 3)), np.ones(4)])
    gradients = [[np.random.default_rng(t).normal(size=a.shape) for a in opt.arrays] for t in range(12)]
    for g in gradients[:5]:
        opt.step(g, loss=g[0].sum(), weight=2)
    assert opt.state["group"][:2] == (2, 4.0)
    twins = copy.deepcopy(opt), pickle.loads(pickle.dumps(opt))
    for one in (opt, *twins):
        for g in gradients[5:]:
            one.step(g, loss=g[0].sum(), weight=2)
    for twin in twins:
        for mine, theirs in zip(
            [*opt.weights(), *opt.averages()], [*twin.weights(), *twin.averages()], strict=True
        ):
            assert mine.tobytes() == theirs.tobytes()


def test_another_group_or_average_starts_afresh():
    opt = optim.Optimizer(optim.Around(optim.SGD(1), accumulate=2, average_decay=0.5), [np.zeros(2)])
    opt.step([np.ones(2)])
    opt.rule = optim.Around(optim.SGD(1), average_decay=0.5)
    assert "group" not in opt.state
    opt.step([np.full(2, 3.0)])
    assert opt.arrays[0].tolist() == [-3, -3]
    opt.rule = optim.SGD(1)
    with pytest.raises(ValueError, match="averages: the rule keeps none; expected one such as"):
        opt.averages()
    opt.rule = optim.Around(optim.SGD(1), average_decay=0.5)
    assert opt.averages()[0].tolist() == [-3, -3]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"clip_norm": 0}, ValueError, r"clip_norm: expected a number in \(0, infinity\), got 0"),
        ({"clip_norm": np.inf}, ValueError, "clip_norm: expected a finite number, got inf"),
        ({"accumulate": 0}, ValueError, "accumulate: expected at least 1, got 0"),
        ({"accumulate": 1.5}, TypeError, "accumulate: expected an integer, got 1.5"),
        ({"average_decay": 1}, ValueError, r"average_decay: expected a number in \[0, 1\), got 1"),
        ({"average_decay": None}, TypeError, "average_decay: expected a number, got None"),
        ({"average_share": 0.6}, ValueError, r"average_share: expected a number in \[0, 0.5\], got 0.6"),
        ({"average_share": -0.1}, ValueError, r"average_share: expected a number in \[0, 0.5\], got -0.1"),
        ({"average_share": True}, TypeError, "average_share: expected a number, got True"),
        (
            {"average_share": 0.1, "average_decay": 0.9},
            ValueError,
            "average_share: expected 0, because average_decay is 0.9, got 0.1",
        ),
    ],
    ids=str,
)
def test_invalid_limits_and_groups_get_a_clear_message(options, error, message):
    with pytest.raises(error, match=message):
        optim.Around(optim.SGD(), **options)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"group": (2, 1.0, 0.0)},
            ValueError,
            "state: expected fewer than 2 batches since the last step, got 2",
        ),
        ({"group": 1}, TypeError, r"state: group: expected \(batches, weight, loss\), got 1"),
        ({"group": (2**64, 1.0, 0.0)}, ValueError, r"state: group: batches: expected less than 2\^63"),
        ({"group": (-1, 1.0, 0.0)}, ValueError, "state: group: batches: expected at least 0, got -1"),
        ({"averaged": 2**63}, ValueError, r"state: averaged: expected less than 2\^63"),
        ({"average": [np.ones(3)]}, ValueError, r"state: average\[0\]: expected shape \(2,\), got \(3,\)"),
    ],
    ids=str,
)
def test_an_invalid_group_or_average_gets_a_clear_message(change, error, message):
    opt = optim.Optimizer(optim.Around(optim.SGD(), accumulate=2, average_decay=0.5), [np.ones(2)])
    with pytest.raises(error, match=message):
        opt.state = {**opt.state, **change}


def test_the_weight_of_a_batch_is_0_or_a_number_that_divides():
    opt = optim.Optimizer(optim.Around(optim.SGD(), accumulate=2), [np.ones(2)])
    for weight in (-1, 1e-40, 1e40, np.inf, np.nan):
        with pytest.raises(ValueError, match=rf"weight: expected .*, got {re.escape(str(weight))}"):
            opt.step([np.ones(2)], weight=weight)
    with pytest.raises(TypeError, match="weight: expected a number, got array"):
        opt.step([np.ones(2)], weight=np.ones(2))
    for _ in range(2):
        opt.step([np.ones(2)], weight=0)
    assert opt.arrays[0].tolist() == [1, 1]

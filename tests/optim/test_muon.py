"""Muon: orthogonal steps of matrices, and AdamW for all other arrays."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import flat, python_prints, reference_rule
from reference.rules import decayed_step

HIDDEN = {"adam_output": False}
SHAPES = [(1, 1), (1, 40), (40, 1), (7, 7), (33, 70), (130, 65), (3, 5, 17), (200, 300)]


def step_of(g, **options):
    """The change of a matrix by its first step at a rate of 1."""
    w = np.zeros_like(g)
    optim.Optimizer(optim.Muon(1.0, **HIDDEN, **options), [w]).step([g])
    return -w


@pytest.mark.parametrize("shape", [(16, 16), (20, 60), (60, 20), (130, 70), (64, 257)])
def test_all_singular_values_of_a_step_are_near_1(shape, dtype):
    rng, small = np.random.default_rng(1), min(shape)
    left, right = (np.linalg.qr(rng.normal(size=(n, small)))[0] for n in shape)
    g = (left * np.linspace(1, 20, small)) @ right.T
    X = step_of(g.astype(dtype)) / max(1, shape[1] / shape[0]) ** 0.5
    values = np.linalg.svd(X.astype("float64"), compute_uv=False)
    assert values.min() > 0.65
    assert values.max() < 1.25
    np.testing.assert_allclose((left.T @ X @ right).diagonal(), values.mean(), atol=0.35)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_step_of_a_matrix_is_its_equation(shape):
    rule = optim.Muon(0.05, 0.9, weight_decay=0.3, **HIDDEN)
    w = np.random.default_rng(1).normal(size=shape)
    expected, state, textbook = w.copy(), {}, reference_rule("muon", rule)
    opt = optim.Optimizer(rule, [w])
    for t in range(1, 8):
        g = np.random.default_rng(t).normal(size=shape)
        opt.step([g])
        expected += decayed_step(textbook, g, state, t, 0.3 * expected, hidden=True)
    np.testing.assert_allclose(w, expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(opt.state["m"][0], state["m"], rtol=0, atol=1e-12)
    assert not opt.state["v"][0].any()


def test_the_last_matrix_and_all_vectors_are_those_of_adamw():
    shapes = [(4, 6), (6,), (6, 6), (6,), (6, 2), (2,)]
    arrays, twins = ([np.random.default_rng(1).normal(size=s) for s in shapes] for _ in range(2))
    opt = optim.Optimizer(optim.Muon(adam_rate=0.01, weight_decay=0.1), arrays)
    adam = optim.Optimizer(optim.AdamW(0.01, weight_decay=0.1), twins)
    for t in range(20):
        g = [np.random.default_rng(t).normal(size=s) for s in shapes]
        opt.step(g)
        adam.step(g)
    same = [np.array_equal(a, b) for a, b in zip(arrays, twins, strict=True)]
    assert same == [False, True, False, True, True, True]


def deep(dtype="float64", **options):
    layers = [fanin.Dense(40, "tanh", batch_norm=True), fanin.Dense(33, "relu"), fanin.Dense(3)]
    return fanin.Network(5, layers, "softmax_cross_entropy", dtype=dtype, **options)


AROUND = [
    {},
    {"clip_norm": 0.05},
    {"clip_value": 0.01, "l2": 0.01, "l1": 0.001, "weight_decay": 0.1},
    {"accumulate": 3},
    {"average_decay": 0.9},
    {"frozen": ["layer2.weight", "layer1.beta"], "rate_scales": {"layer1.weight": 0.3, "layer3": 2}},
]


@pytest.mark.parametrize("around", AROUND, ids=str)
def test_a_network_has_the_same_bits_for_every_number_of_threads(around, classification, threads, dtype):
    results = set()
    for number in (1, 2, 3):
        threads(number)
        net = deep(dtype)
        net.fit(*classification, rule=optim.Around(optim.Muon(), **around), epochs=3, batch_size=20)
        results.add(flat(net.get_weights()).tobytes())
    assert len(results) == 1


@pytest.mark.parametrize("around", AROUND, ids=str)
def test_two_fits_equal_one_also_through_a_file(around, classification):
    X, y = classification
    once, twice = deep(), deep()
    options = {"rule": optim.Around(optim.Muon(), **around), "batch_size": 53, "batches": "in_order"}
    if "accumulate" in around:
        options["rule"] = optim.Around(optim.Muon(), accumulate=1, clip_norm=1.0)
    once.fit(X, y, epochs=7, **options)
    twice.fit(X, y, epochs=3, **options)
    twice = fanin.Network.from_bytes(twice.to_bytes())
    twice.fit(X, y, epochs=4, **options)
    assert flat(once.get_weights()).tobytes() == flat(twice.get_weights()).tobytes()


CODE = """
import hashlib
from optim.test_muon import AROUND, deep, fanin, flat, np, optim
X, y = np.random.default_rng(3).integers(-64, 64, size=(90, 5)) / 32, np.arange(90) % 3
for dtype in ("float32", "float64"):
    for around in AROUND:
        net = deep(dtype)
        net.fit(X, y, rule=optim.Around(optim.Muon(), **around), epochs=3, batch_size=40)
        print(hashlib.sha256(flat(net.get_weights()).tobytes()).hexdigest())
"""


def test_a_network_has_the_same_bits_on_every_instruction_set():
    assert len({python_prints("-c", CODE, FANIN_ISA=isa) for isa in fanin.cpu.available()}) == 1


def test_a_frozen_matrix_and_its_state_stay_and_a_rate_scale_scales():
    g = [np.random.default_rng(i).normal(size=(9, 6)) for i in range(3)]
    arrays, plain = ([np.ones((9, 6)) for _ in g] for _ in range(2))
    opt = optim.Optimizer(optim.Around(optim.Muon(**HIDDEN), frozen=[0], rate_scales={1: 0.5}), arrays)
    optim.Optimizer(optim.Muon(**HIDDEN), plain).step(g)
    opt.step(g)
    assert (arrays[0] == 1).all()
    assert not opt.state["m"][0].any()
    np.testing.assert_allclose(arrays[1] - 1, 0.5 * (plain[1] - 1), rtol=0, atol=1e-15)
    np.testing.assert_array_equal(arrays[2], plain[2])


def test_a_scheduled_rate_scales_the_rate_of_adamw_too():
    schedule = optim.Cosine(0.1, steps=10)
    hidden, vector = np.zeros((4, 4)), np.zeros(4)
    opt = optim.Optimizer(optim.Muon(schedule, adam_rate=0.01, **HIDDEN), [hidden, vector])
    twin = np.zeros(4)
    adam = optim.Optimizer(optim.AdamW(0.01), [twin])
    for t in range(1, 10):
        g = np.random.default_rng(t).normal(size=4)
        adam.rule = optim.AdamW(0.01 * schedule(t) / 0.1)
        opt.step([np.outer(g, g), g])
        adam.step([g])
    np.testing.assert_allclose(vector, twin, rtol=1e-12)


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (6, 4)])
def test_a_gradient_of_zero_is_no_step(shape, dtype):
    assert not step_of(np.zeros(shape, dtype)).any()


@pytest.mark.parametrize("size", [1e-38, 1e-20, 1.0, 1e20, 1e38])
def test_the_size_of_a_gradient_does_not_matter_unless_it_is_tiny(size):
    g = np.random.default_rng(4).uniform(-1, 1, size=(6, 9)).astype("float32")
    expected = step_of(g.astype("float64") * size)
    np.testing.assert_allclose(step_of(g * np.float32(size)), expected, rtol=0, atol=2e-5)
    assert np.isfinite(expected).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_makes_weights_that_are_not(bad):
    g = np.ones((3, 4))
    g[1, 2] = bad
    assert not np.isfinite(step_of(g)).all()


def test_a_fit_that_diverges_says_so_and_restores_the_weights():
    X, y = np.ones((8, 2), "float32"), np.full(8, 3e38, "float32")
    net = fanin.Network(2, [fanin.Dense(4), fanin.Dense(1)])
    before = flat(net.get_weights())
    with pytest.raises(fanin.DivergedError, match="training diverged: in epoch 1, step 1"):
        net.fit(X, y, rule=optim.Muon(), epochs=1)
    assert np.array_equal(flat(net.get_weights()), before)


def test_a_large_matrix_has_the_same_bits_in_an_optimizer_for_every_number_of_threads(threads, dtype):
    results = set()
    for number, shape in itertools.product((1, 2, 3), [(300, 520)]):
        threads(number)
        results.add(step_of(np.random.default_rng(5).normal(size=shape).astype(dtype)).tobytes())
    assert len(results) == 1

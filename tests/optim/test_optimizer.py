"""`optim.Optimizer` applies the equations of the rules in place to the user's arrays."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import inputs_for, inputs_of_reference, python_prints, reference_rule, rule_named

SHAPES = [(7, 5), (5,), (), (0, 3), (4097,), (1, 1), (130, 33)]
TOLERANCE = {"float32": 2e-6, "float64": 1e-13}


def random_arrays(seed, shapes, dtype):
    rng = np.random.default_rng(seed)
    return [np.array(rng.normal(size=shape), dtype=dtype) for shape in shapes]


def bits(arrays):
    return [a.tobytes() for a in arrays]


def take_steps(opt, count, first_seed=100):
    shapes = [a.shape for a in opt.arrays]
    for seed in range(first_seed, first_seed + count):
        gradients = random_arrays(seed, shapes, opt.arrays[0].dtype)
        opt.step(gradients, **inputs_for(opt.rule, gradients, seed=seed))


def slots_of(opt):
    """The state arrays by name: without t and numbers."""
    return {name: arrays for name, arrays in opt.state.items() if isinstance(arrays, list)}


def trained(rule, dtype, shapes=SHAPES, count=4):
    arrays = random_arrays(1, shapes, dtype)
    opt = optim.Optimizer(rule, arrays)
    take_steps(opt, count)
    return arrays, opt


@pytest.mark.parametrize("offset", [0, 1])
def test_each_rule_is_its_equation_at_every_size_and_touches_nothing_else(every_rule, dtype, offset):
    rule = rule_named(every_rule)
    textbook = reference_rule(every_rule, rule)
    for size in range(71):
        memory = np.full(size + 9, 77, dtype)
        w, g = memory[offset : size + offset], np.empty(size + 1, dtype)[1:]
        w[:] = np.random.default_rng(size).normal(size=size)
        expected, state = w.astype("float64"), {}
        opt = optim.Optimizer(rule, [w])
        for t in (1, 2, 3):
            g[:] = np.random.default_rng(100 * size + t).normal(size=size)
            inputs = inputs_for(rule, [g], seed=size + t)
            opt.step([g], **inputs)
            expected = expected + textbook.step(
                g.astype("float64"), state, t, **inputs_of_reference(inputs, 0)
            )
        np.testing.assert_allclose(opt.weights()[0], expected, rtol=0, atol=TOLERANCE[dtype])
        assert np.all(memory[:offset] == 77)
        assert np.all(memory[size + offset :] == 77)
        for name, values in state.items():
            mine = opt.state[name][0] if isinstance(opt.state[name], list) else opt.state[name]
            tolerance = (100 if every_rule == "schaul_vsgd" else 1) * TOLERANCE[dtype]
            np.testing.assert_allclose(mine, values, rtol=tolerance, atol=tolerance)


def test_state_has_the_letters_of_the_equation(every_rule):
    state, rule = {}, rule_named(every_rule)
    inputs = inputs_of_reference(inputs_for(rule, [np.ones(1)]), 0)
    reference_rule(every_rule, rule).step(np.ones(1), state, 1, **inputs)
    opt = optim.Optimizer(rule_named(every_rule), [np.ones((2, 3)), np.ones(4)])
    assert list(opt.state) == ["t", *state]
    assert all([a.shape for a in arrays] == [(2, 3), (4,)] for arrays in slots_of(opt).values())


def test_a_zero_gradient_at_the_start_changes_nothing(every_rule, dtype):
    w = random_arrays(1, [(40,)], dtype)[0]
    before = w.copy()
    rule, zeros = rule_named(every_rule), [np.zeros(40, dtype)]
    optim.Optimizer(rule, [w]).step(zeros, **inputs_for(rule, zeros))
    assert np.array_equal(w, before)


def test_arrays_have_the_same_bits_for_every_number_of_threads(every_rule, dtype, threads):
    results = []
    for number in (1, 2, 3, 7):
        threads(number)
        arrays, opt = trained(rule_named(every_rule), dtype, [*SHAPES, (300, 701), (9,), (70_000,), (3,)])
        results.append(bits(arrays) + [bits(slot) for slot in slots_of(opt).values()])
    assert results == [results[0]] * 4


def test_each_array_gets_the_bits_it_gets_alone(every_rule, dtype):
    rule = rule_named(every_rule, **({"adam_output": False} if every_rule == "muon" else {}))
    together, _ = trained(rule, dtype)
    for i, shape in enumerate(SHAPES):
        alone = random_arrays(1, SHAPES, dtype)[i]
        opt = optim.Optimizer(rule, [alone])
        for seed in range(100, 104):
            gradients = random_arrays(seed, SHAPES, dtype)
            inputs = inputs_for(opt.rule, gradients, seed=seed)
            opt.step([gradients[i]], **{name: [values[i]] for name, values in inputs.items()})
        assert alone.shape == shape
        assert np.array_equal(alone, together[i])


CODE = """
import hashlib
from helpers import rule_named
from optim.test_optimizer import bits, trained
for dtype in ("float32", "float64"):
    print(hashlib.sha256(b"".join(bits(trained(rule_named({rule!r}), dtype)[0]))).hexdigest())
"""


def test_arrays_have_the_same_bits_on_every_instruction_set(every_rule):
    code = CODE.format(rule=every_rule)
    assert len({python_prints("-c", code, FANIN_ISA=isa) for isa in fanin.cpu.available()}) == 1


def test_an_optimizer_gives_the_bits_of_a_network_with_the_same_gradients(every_rule, dtype):
    # One sample at a time, with one input 1 and all others 0: outputs and gradients are exact in NumPy too.
    rng = np.random.default_rng(5)
    X, y = np.eye(5, dtype=dtype), rng.normal(size=(5, 37)).astype(dtype)
    net = fanin.Network(5, [fanin.Dense(37)], dtype=dtype)
    W, b = (a.copy() for a in net.get_weights().values())
    opt = optim.Optimizer(rule_named(every_rule), [W, b])

    def gradients(i, W, b):
        db = W[i] + b - y[i]
        return [np.outer(X[i], db), db]

    for _ in range(3):
        for i in range(5):
            g = gradients(i, W, b)
            needs_second = bool(inputs_for(opt.rule, g))
            second = {"second_gradients": gradients(i, *opt.shifted(g))} if needs_second else {}
            opt.step(g, **second)
    net.fit(X, y, rule=rule_named(every_rule), epochs=3, batch_size=1, batches="in_order")
    assert bits(net.get_weights().values()) == bits(opt.weights())


def test_one_call_updates_two_hundred_small_arrays(every_rule, dtype):
    shapes = [(1 + i % 7, 1 + i % 11) for i in range(200)]
    if every_rule == "muon":  # which steps matrices as a whole
        shapes = [(rows * columns,) for rows, columns in shapes]
    arrays, opt = trained(rule_named(every_rule), dtype, shapes)
    flat = np.vstack([a.reshape(-1, 1) for a in random_arrays(1, shapes, dtype)])
    twin = optim.Optimizer(rule_named(every_rule), [flat])
    for seed in range(100, 104):
        gradients = random_arrays(seed, shapes, dtype)
        inputs = inputs_for(twin.rule, gradients, seed=seed)
        stacked = {name: [np.vstack([g.reshape(-1, 1) for g in v])] for name, v in inputs.items()}
        twin.step([np.vstack([g.reshape(-1, 1) for g in gradients])], **stacked)
    assert np.array_equal(flat, np.vstack([a.reshape(-1, 1) for a in arrays]))
    assert opt.t == twin.t == 4


@pytest.mark.parametrize(
    "convert",
    [
        lambda g: g.astype("float64"),
        lambda g: g.astype(">f4"),
        np.asfortranarray,
        lambda g: np.repeat(g, 2, axis=1)[:, ::2],
        lambda g: g[::-1].copy()[::-1],
        lambda g: np.frombuffer(b"\0" + g.tobytes(), "float32", offset=1).reshape(g.shape),
        lambda g: g.tolist(),
    ],
    ids=[
        "float64",
        "big-endian",
        "fortran",
        "every other column",
        "backwards",
        "misaligned by a byte",
        "lists",
    ],
)
def test_gradients_may_be_of_any_type_and_layout(convert, every_rule):
    results = []
    for of in (lambda g: g, convert):
        (w,) = random_arrays(1, [(6, 7)], "float32")
        opt = optim.Optimizer(rule_named(every_rule), [w])
        for seed in (2, 3):
            gradients = random_arrays(seed, [(6, 7)], "float32")
            opt.step((of(g) for g in gradients), **inputs_for(opt.rule, gradients, seed=seed))
        results.append(w.tobytes())
    assert results[0] == results[1]


def test_gradients_that_are_not_finite_are_applied_as_they_are():
    w = np.ones(3)
    optim.Optimizer(optim.SGD(0.5), [w]).step([[np.nan, np.inf, 1.0]])
    assert np.isnan(w[0])
    assert w[1:].tolist() == [-np.inf, 0.5]


def test_a_new_rate_acts_from_the_next_step_on_and_keeps_the_state():
    w = np.zeros(1)
    opt = optim.Optimizer(optim.Momentum(0.1, 0.5), [w])
    opt.step([[1.0]])
    opt.rule = optim.Momentum(0.01, 0.5)
    assert opt.rule == optim.Momentum(0.01, 0.5)
    opt.step([[1.0]])
    assert opt.t == 2
    assert opt.state["v"][0] == pytest.approx(-0.05 - 0.01)
    assert w == pytest.approx(-0.1 - 0.06)


def test_a_restored_state_continues_bit_for_bit(every_rule, dtype):
    whole, _ = trained(rule_named(every_rule), dtype, count=7)
    half, opt = trained(rule_named(every_rule), dtype, count=3)
    saved, arrays = opt.state, [a.copy() for a in half]
    resumed = optim.Optimizer(rule_named(every_rule), arrays)
    resumed.state = saved
    take_steps(resumed, 4, first_seed=103)
    assert resumed.t == 7
    assert bits(arrays) == bits(whole)


def test_a_state_is_a_copy_that_may_go_through_json(every_rule):
    arrays, opt = trained(rule_named(every_rule), "float32", [(3, 2), (2,)])
    plain = {k: [a.tolist() for a in v] if isinstance(v, list) else v for k, v in opt.state.items()}
    saved = json.loads(json.dumps(plain))
    for arrays_of_slot in slots_of(opt).values():
        arrays_of_slot[0][:] = 99
    twin = optim.Optimizer(rule_named(every_rule), [a.copy() for a in arrays])
    twin.state = saved
    take_steps(opt, 2)
    take_steps(twin, 2)
    assert bits(twin.arrays) == bits(arrays)


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))], ids=["deepcopy", "pickle"]
)
def test_arrays_and_optimizer_copied_together_stay_together(duplicate, every_rule, dtype):
    arrays, opt = trained(rule_named(every_rule), dtype)
    before = bits(arrays)
    twin_arrays, twin = duplicate((arrays, opt))
    assert all(a is b for a, b in zip(twin.arrays, twin_arrays, strict=True))
    assert (twin.rule, twin.t) == (opt.rule, opt.t)
    take_steps(twin, 3)
    assert bits(arrays) == before
    take_steps(opt, 3)
    assert bits(arrays) == bits(twin_arrays)


def test_a_shallow_copy_has_the_same_arrays_and_a_state_of_its_own():
    w = np.zeros(1)
    opt = optim.Optimizer(optim.Momentum(0.1), [w])
    twin = copy.copy(opt)
    twin.step([[1.0]])
    assert w == -0.1
    assert (opt.t, twin.t) == (0, 1)


class Tagged(optim.Optimizer):
    """A subclass with its own arguments and an attribute."""

    def __init__(self, w, tag):
        super().__init__(optim.Momentum(0.1), [w])
        self.tag = tag


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda opt: pickle.loads(pickle.dumps(opt))])
def test_a_copy_is_of_the_same_class_with_the_same_attributes(duplicate):
    opt = Tagged(np.ones(2), "x")
    opt.step([np.ones(2)])
    twin = duplicate(opt)
    assert (type(twin), twin.tag, twin.t, twin.rule) == (Tagged, "x", 1, opt.rule)


def test_an_optimizer_keeps_its_arrays_alive_and_returns_them():
    opt = optim.Optimizer(optim.SGD(0.5), [np.ones((20, 50)), np.ones(50)])
    opt.step([np.ones((20, 50)), np.ones(50)])
    assert all(np.all(a == 0.5) for a in opt.arrays)
    assert repr(opt) == (
        "<fanin.optim.Optimizer SGD(learning_rate=0.5), 2 arrays, 1,050 parameters of float64, t = 1>"
    )


def test_hyper_parameters_of_a_schedule_come_by_replace(every_rule):
    opt = optim.Optimizer(rule_named(every_rule), [np.ones(2)])
    opt.rule = dataclasses.replace(opt.rule, learning_rate=0.0)
    take_steps(opt, 1)
    moves = every_rule in {
        "rprop",
        "muon",
    }  # it is only the first step of rprop, and not the rate of muon's vectors
    assert (opt.arrays[0].tolist() != [1, 1]) == moves

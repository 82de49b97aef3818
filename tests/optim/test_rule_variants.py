"""Each update rule in each variant is its equation for hundreds of steps, on arrays and in a network."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import itertools
import pickle
from collections.abc import Iterator

import numpy as np
import pytest

import fanin
from fanin import _core, optim
from helpers import (
    flat,
    inputs_for,
    inputs_of_reference,
    python_prints,
    reference_of,
    reference_rule,
    rule_classes,
    without_decay,
)
from reference.rules import decayed_step


def variants_of(kind: type[optim.Rule]) -> Iterator[optim.Rule]:
    """The rule with each combination of its flags and choices, and without and with what is 0 by default."""
    switches = {}
    for name, default in _core.rules()[kind.name].items():
        if isinstance(default, bool):
            switches[name] = [False, True]
        elif isinstance(default, str):
            switches[name] = _core.rule_ranges()[kind.name][name]
        elif default == 0:
            switches[name] = [0.0, 0.7]
    for values in itertools.product(*switches.values()):
        with contextlib.suppress(ValueError):  # some do not go together
            yield kind(**dict(zip(switches, values, strict=True)))


VARIANTS = [
    *(rule for kind in rule_classes().values() for rule in variants_of(kind)),
    optim.Nesterov(0.01, 0.5),
    optim.AdaptiveGain(0.01, delta=0.2, min_gain=0.5, max_gain=2),
    optim.Rprop(0.1, 1.5, 0.3, min_step=0.01, max_step=0.5),
    optim.RMSprop(0.01, 0.8, 1e-3, momentum=0.7, nesterov=True),
    optim.AdEMAMix(0.01, beta3=0.99, alpha=8, warm_up=150),
    optim.ScheduleFreeAdamW(0.01, 0.8, 0.99, warm_up=0, weight_decay=0.3),
    optim.SchaulVSGD(0.5, warm_up=3, slow_start=5, epsilon=0.01),
]
every_variant = pytest.mark.parametrize("rule", VARIANTS, ids=str)
mini_batches = pytest.mark.filterwarnings("ignore:rule:fanin.optim.BatchSizeWarning")


def gradients_at(t, shapes):
    rng = np.random.default_rng(t)
    return [np.where(rng.random(shape) < 0.1, 0, rng.normal(size=shape)) for shape in shapes]


@every_variant
def test_each_variant_is_its_equation_for_two_hundred_steps_on_arrays(rule):
    shapes = [(40,), (3, 7)]
    arrays = [np.ones(shape) for shape in shapes]
    expected, states = [a.copy() for a in arrays], [{}, {}]
    opt, textbook = optim.Optimizer(rule, arrays), reference_rule(rule.name, rule)
    for t in range(1, 201):
        g = gradients_at(t, shapes)
        inputs = inputs_for(rule, g, loss=float(np.sin(t * t)), seed=t)
        decays = 0.0, getattr(rule, "weight_decay", 0) * arrays[1]
        opt.step(g, **inputs)
        for i, (state, decay) in enumerate(zip(states, decays, strict=True)):
            more = inputs_of_reference(inputs, i)
            if not getattr(rule, "adam_output", True):
                more["hidden"] = g[i].ndim == 2
            expected[i] += decayed_step(textbook, g[i], state, t, decay, **more)
    for mine, theirs in zip(opt.weights(), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-10)
    assert set(opt.state) == {"t", *states[0]}


@mini_batches
@every_variant
def test_each_variant_trains_a_network_as_the_textbook_does(rule, classification):
    layers = [fanin.Dense(9, "tanh"), fanin.Dense(3)]
    net = fanin.Network(5, layers, "softmax_cross_entropy", dtype="float64", seed=2)
    twin = reference_of(net)
    losses = twin.train(*classification, reference_rule(rule.name, rule), 8, 16)
    history = net.fit(*classification, rule=rule, epochs=8, batch_size=16, batches="in_order")
    np.testing.assert_allclose(history.loss, losses, rtol=1e-7)
    np.testing.assert_allclose(flat(net.get_weights()), flat(twin), rtol=0, atol=1e-7)


@mini_batches
@every_variant
@pytest.mark.parametrize("around", [{}, {"l2": 0.01, "l1": 0.001, "clip_value": 0.05, "weight_decay": 0.1}])
def test_each_variant_has_the_same_bits_for_every_number_of_threads(rule, around, threads, dtype):
    rng, results = np.random.default_rng(3), set()
    X, y = rng.normal(size=(90, 70)), rng.integers(3, size=90)
    for number in (1, 3):
        threads(number)
        net = fanin.Network(
            70, [fanin.Dense(300, "relu"), fanin.Dense(3)], "softmax_cross_entropy", dtype=dtype
        )
        used = optim.Around(without_decay(rule), **around) if around else rule
        net.fit(X, y, rule=used, epochs=4, batch_size=40)
        results.add(flat(net.get_weights()).tobytes())
    assert len(results) == 1


CODE = """
import hashlib, warnings
warnings.simplefilter("ignore")
import numpy as np
from optim.test_rule_variants import VARIANTS, flat, fanin, optim
rng = np.random.default_rng(3)
X, y = rng.integers(-64, 64, size=(90, 37)) / 32, rng.integers(3, size=90)
for dtype in ("float32", "float64"):
    for rule in VARIANTS:
        for used in (rule, optim.Around(rule, l2=0.01, l1=0.001, clip_value=0.05)):
            net = fanin.Network(37, [fanin.Dense(45, "relu"), fanin.Dense(3)], "softmax_cross_entropy", dtype=dtype)
            net.fit(X, y, rule=used, epochs=5, batch_size=40)
            print(hashlib.sha256(flat(net.get_weights()).tobytes()).hexdigest())
"""


def test_each_variant_has_the_same_bits_on_every_instruction_set():
    printed = {python_prints("-c", CODE, FANIN_ISA=isa) for isa in fanin.cpu.available()}
    assert len(printed) == 1
    assert len(printed.pop().split()) == 4 * len(VARIANTS)


@every_variant
def test_the_state_of_each_variant_survives_pickling_and_restoring(rule, dtype):
    shapes = [(40,), (3, 7)]
    opt = optim.Optimizer(rule, [np.ones(shape, dtype) for shape in shapes])

    def walk(optimizers, first, last):
        for t, optimizer in itertools.product(range(first, last), optimizers):
            g = [values.astype(dtype) for values in gradients_at(t, shapes)]
            optimizer.step(g, **inputs_for(rule, g, loss=float(np.sin(t * t)), seed=t))

    walk([opt], 1, 30)
    resumed = optim.Optimizer(rule, [a.copy() for a in opt.arrays])
    resumed.state = opt.state
    copies = [opt, pickle.loads(pickle.dumps(opt)), copy.deepcopy(opt), resumed]
    walk(copies, 30, 50)
    bits = {b"".join(a.tobytes() for a in one.arrays) for one in copies}
    assert len(bits) == 1
    for name, values in opt.state.items():
        if not isinstance(values, list):
            continue
        bad = {**opt.state, name: [np.ones(41, dtype), values[1]]}
        with pytest.raises(ValueError, match=rf"state: {name}\[0\]: expected shape \(40,\), got \(41,\)"):
            resumed.state = bad


@every_variant
def test_two_fits_equal_one_fit_and_a_saved_network_shows_the_same_weights(rule, classification):
    X, y = classification
    once, twice = (
        fanin.Network(5, [fanin.Dense(9, "tanh"), fanin.Dense(3)], "softmax_cross_entropy") for _ in range(2)
    )
    options = {"rule": rule, "batch_size": 53, "batches": "in_order"}
    once.fit(X, y, epochs=30, **options)
    for epochs in (11, 19):
        twice.fit(X, y, epochs=epochs, **options)
        twice.evaluate(X, y)
    assert flat(once.get_weights()).tobytes() == flat(twice.get_weights()).tobytes()
    shown = fanin.Network(5, once.layers, "softmax_cross_entropy")
    shown.set_weights(once.get_weights())
    assert np.array_equal(shown.predict(X), once.predict(X))
    assert shown.evaluate(X, y) == once.evaluate(X, y)


@pytest.mark.parametrize("variant", ["rprop-", "rprop+", "irprop-", "irprop+"])
def test_a_rule_of_the_same_kind_may_take_over_with_other_hyper_parameters(variant):
    opt = optim.Optimizer(optim.Rprop(), [np.ones(3)])
    opt.step([np.ones(3)])
    opt.rule = dataclasses.replace(opt.rule, variant=variant)
    opt.step([-np.ones(3)], loss=2.0)
    turned = {"rprop-": 0.99 + 0.005, "rprop+": 1.0, "irprop-": 0.99, "irprop+": 1.0}
    assert opt.arrays[0] == pytest.approx(np.full(3, turned[variant]))


def test_irprop_plus_needs_the_loss_and_reverts_a_step_only_if_it_has_risen():
    for loss, expected in ((2.0, 1.0), (0.5, 0.99)):
        opt = optim.Optimizer(optim.Rprop(variant="irprop+"), [np.ones(1)])
        opt.step([[1.0]], loss=1.0)
        opt.step([[-1.0]], loss=loss)
        assert opt.arrays[0] == pytest.approx(expected)
    with pytest.raises(
        ValueError, match="loss: expected the loss at the current weights, because the rule compares losses"
    ):
        opt.step([[1.0]])
    assert opt.t == 2


def test_second_gradients_are_for_the_rule_that_needs_them():
    opt = optim.Optimizer(optim.SchaulVSGD(), [np.ones(3)])
    with pytest.raises(ValueError, match="second_gradients: expected one for each of the 1 arrays, got 0"):
        opt.step([np.ones(3)])
    assert opt.shifted([np.array([0.5, -2.0, 0.0])])[0] == pytest.approx([1.01, 0.99, 1.0001])
    other = optim.Optimizer(optim.SGD(), [np.ones(3)])
    with pytest.raises(ValueError, match="second_gradients: sgd uses no second gradient"):
        other.step([np.ones(3)], second_gradients=[np.ones(3)])
    with pytest.raises(ValueError, match="rule: sgd uses no second gradient"):
        other.shifted([np.ones(3)])
    assert opt.t == other.t == 0


@pytest.mark.parametrize("rule", [optim.AdaptiveGain(), optim.SignSGD(), optim.Rprop()], ids=str)
def test_rules_for_full_batches_warn_once_about_mini_batches(rule, classification):
    net = fanin.Network(5, [fanin.Dense(3)], "softmax_cross_entropy")
    for used in (rule, optim.Around(rule, l2=0.1)):
        with pytest.warns(optim.BatchSizeWarning, match="expected batch_size=53, the number of") as warned:
            net.fit(*classification, rule=used, epochs=3, batch_size=8)
        assert len(warned) == 1
        assert str(warned[0].message).startswith(
            f"rule: {type(rule).__name__} needs full-batch gradients, because "
        )
    net.fit(*classification, rule=rule, epochs=3, batch_size=53)
    net.fit(*classification, rule=rule, epochs=3, batch_size=1000)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optim.Rprop(min_step=2, max_step=1), "min_step: expected at most max_step, 1, got 2"),
        (
            lambda: optim.Rprop(variant="Rprop"),
            r"variant: expected one of rprop-, rprop\+, irprop-, irprop\+, got",
        ),
        (lambda: optim.Rprop(increase=0.9), r"increase: expected a number in \[1, infinity\), got 0.9"),
        (lambda: optim.AdaptiveGain(min_gain=2), "min_gain, max_gain: expected limits that include 1, the"),
        (lambda: optim.RMSprop(centered=True, bias_correction=True), "bias_correction: expected False for"),
        (lambda: optim.Around(optim.SGD(), l2=-1), r"l2: expected a number in \[0, infinity\), got -1"),
        (
            lambda: optim.Around(optim.SGD(), clip_value=0),
            r"clip_value: expected a number in \(0, infinity\)",
        ),
        (lambda: optim.Piecewise([0.5], []), "after: expected one step fewer than levels, at least 1"),
        (lambda: optim.Piecewise([1, 2, 3], [5, 5]), r"after: expected ascending steps, got \(5, 5\)"),
        (lambda: optim.Cosine(steps=5, warm_up=5), "warm_up: expected fewer than the 5 steps, got 5"),
        (
            lambda: optim.Momentum(0.1, momentum=optim.Piecewise([0.5, 1.0], [9])),
            r"momentum: largest value of .*: expected a number in \[0, 1\), got 1.0",
        ),
        (lambda: optim.Cosine()(0), "t: expected at least 1, got 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_invalid_hyper_parameters_get_a_clear_message(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optim.RMSprop(centered=1), "centered: expected True or False, got 1"),
        (lambda: optim.Adam(beta1=optim.Cosine()), "beta1: expected a number, got a schedule"),
        (lambda: optim.Around(optim.Adam), "rule: expected an update rule such as"),
        (lambda: optim.Around(optim.Around(optim.SGD())), "rule: expected an update rule such as"),
        (lambda: optim.Piecewise(0.5, 3), "levels: expected a list of numbers, got 0.5"),
        (lambda: optim.Cosine()(1.5), "t: expected an integer, got 1.5"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hyper_parameters_of_another_type_get_a_clear_message(make, message):
    with pytest.raises(TypeError, match=message):
        make()

"""Schedules are their equations, with the same bits everywhere, and a rule follows them step by step."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import fanin
from fanin import _core, optim
from helpers import (
    flat,
    inputs_for,
    inputs_of_reference,
    python_prints,
    reference_rule,
    rule_named,
    schedule_classes,
)
from reference.rules import decayed_step
from reference.schedules import SCHEDULES

STEPS = [*range(1, 1000), *range(1000, 10_500, 500), 10**6, 2**40]


def test_a_schedule_is_its_equation_at_every_step(every_schedule):
    equation, examples = SCHEDULES[every_schedule]
    for hyper_parameters in ((), *examples):
        schedule = schedule_classes()[every_schedule](*hyper_parameters)
        values = [schedule(t) for t in STEPS]
        expected = [equation(t, *hyper_parameters) for t in STEPS]
        assert values == pytest.approx(expected, rel=1e-14, abs=1e-16)
        assert max(values) <= schedule.largest() <= 1.02 * max(expected)


def test_schedules_give_the_same_bits_on_every_instruction_set():
    code = "from optim.test_schedules import SCHEDULES, STEPS, schedule_classes\n"
    code += "for name, (_, examples) in SCHEDULES.items():\n  for example in examples:\n"
    code += "    print([schedule_classes()[name](*example)(t) for t in STEPS])"
    assert len({python_prints("-c", code, FANIN_ISA=isa) for isa in fanin.cpu.available()}) == 1


RATE = optim.Cosine(0.05, steps=60, warm_up=5)


# The rate of rprop is its first step; test_muon.py has that of muon.
@pytest.mark.parametrize("name", sorted({*_core.rules()} - {"rprop", "muon"}))
def test_a_scheduled_rate_is_the_rate_of_each_step(name):
    w, expected, state = np.ones((4, 2)), np.ones((4, 2)), {}
    scheduled = rule_named(name, learning_rate=RATE)
    opt = optim.Optimizer(scheduled, [w])
    for t in range(1, 80):
        g = [np.random.default_rng(t).normal(size=w.shape)]
        inputs = inputs_for(scheduled, g, seed=t)
        now = dataclasses.replace(scheduled, learning_rate=RATE(t))
        decay, more = getattr(now, "weight_decay", 0) * w, inputs_of_reference(inputs, 0)
        opt.step(g, **inputs)
        expected += decayed_step(reference_rule(name, now), g[0], state, t, decay, **more)
    np.testing.assert_allclose(opt.weights()[0], expected, rtol=1e-11, atol=1e-11)


MOMENTUM = optim.Piecewise([0.5, 0.9], after=[7])


@pytest.mark.parametrize(
    "make",
    [
        lambda m: optim.Momentum(0.1, m),
        lambda m: optim.Nesterov(0.1, m),
        lambda m: optim.RMSprop(0.01, momentum=m, nesterov=True),
    ],
    ids=["momentum", "nesterov", "rmsprop with nesterov"],
)
def test_a_scheduled_momentum_jumps_by_the_momentum_of_the_step_to_come(make, classification):
    X, y = classification
    options = {"batch_size": 53, "batches": "in_order"}
    net, by_hand = (
        fanin.Network(5, [fanin.Dense(4, "tanh"), fanin.Dense(3)], "softmax_cross_entropy", dtype="float64")
        for _ in range(2)
    )
    net.fit(X, y, rule=make(MOMENTUM), epochs=20, **options)
    for t in range(1, 21):
        by_hand.fit(X, y, rule=make(MOMENTUM(t)), epochs=1, **options)
    np.testing.assert_allclose(flat(net.get_weights()), flat(by_hand.get_weights()), rtol=0, atol=1e-13)


def test_steps_of_a_schedule_go_on_from_fit_to_fit(classification):
    nets = [fanin.Network(5, [fanin.Dense(3)], "softmax_cross_entropy") for _ in range(2)]
    rule = optim.SGD(RATE)
    nets[0].fit(*classification, rule=rule, epochs=6)
    for _ in range(3):
        nets[1].fit(*classification, rule=rule, epochs=2)
    assert flat(nets[0].get_weights()).tobytes() == flat(nets[1].get_weights()).tobytes()


def test_one_cycle_of_the_momentum_falls_while_that_of_the_rate_rises():
    rate, momentum = optim.OneCycle(0.1, steps=100), optim.OneCycle.for_momentum(0.8, 0.9, steps=100)
    rates, momenta = ([schedule(t) for t in range(1, 101)] for schedule in (rate, momentum))
    assert np.argmax(rates) == np.argmin(momenta) == 29
    assert (np.sign(np.diff(rates)) == -np.sign(np.diff(momenta))).all()
    assert momenta[0] == momenta[-1] == momentum.largest() == 0.9
    for refused, words in (
        ({"low": 0}, r"low: expected a number in \(0, infinity\), got 0"),
        ({"high": -1}, r"high: expected a number in \(0, infinity\), got -1"),
    ):
        with pytest.raises(ValueError, match=words):
            optim.OneCycle.for_momentum(**refused)

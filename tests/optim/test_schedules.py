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


def schedule_of(name, hyper_parameters):
    """A schedule from those of its equation, where one inside it is its name and hyper-parameters."""

    def made(of):
        if not isinstance(of, tuple):
            return of
        if not isinstance(of[0], str):
            return tuple(map(made, of))
        return schedule_classes()[of[0]](**{field: made(value) for field, value in of[1].items()})

    return schedule_classes()[name](*map(made, hyper_parameters))


def test_a_schedule_is_its_equation_at_every_step(every_schedule):
    equation, examples = SCHEDULES[every_schedule]
    for hyper_parameters in ((), *examples):
        schedule = schedule_of(every_schedule, hyper_parameters)
        name = "of_fit" if every_schedule in ("warm_up", "chain") else "steps"
        of_fit = {name: 400} if schedule.spans_fit else {}
        values = [schedule(t, *of_fit.values()) for t in STEPS]
        expected = [equation(t, *hyper_parameters, **of_fit) for t in STEPS]
        assert values == pytest.approx(expected, rel=1e-14, abs=1e-16)
        assert max(values) <= schedule.largest() <= 1.02 * max(expected)


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_a_schedule_times_a_factor_has_its_values_times_the_factor(every_schedule, factor):
    schedule = schedule_of(every_schedule, SCHEDULES[every_schedule].examples[0])
    if every_schedule == "sutskever_momentum":
        with pytest.raises(ValueError, match="factor: SutskeverMomentum has no level to multiply"):
            schedule.times(factor)
        return
    values = [schedule.times(factor)(t) for t in range(1, 400, 7)]
    assert values == pytest.approx([schedule(t) * factor for t in range(1, 400, 7)], rel=1e-13)


def test_warm_up_of_a_cosine_is_its_own():
    warmed, own = optim.WarmUp(optim.Cosine(0.1), 20), optim.Cosine(0.1, warm_up=20)
    assert [warmed(t, 100) for t in range(1, 110)] == [own(t, 100) for t in range(1, 110)]


def test_a_chain_is_each_of_its_schedules_in_turn():
    parts = optim.InverseTime(0.1, 10), optim.OneCycle(0.2), optim.Cosine(0.3)
    chain = optim.Chain(parts, steps=[20, 30])
    expected = [
        *(parts[0](t) for t in range(1, 21)),
        *(parts[1](t, 30) for t in range(1, 31)),
        *(parts[2](t, 50) for t in range(1, 60)),
    ]
    assert [chain(t, 100) for t in range(1, 110)] == expected
    assert chain.largest() == 0.3
    assert not optim.Chain([optim.Cosine(), optim.Constant()]).spans_fit


def test_a_rule_with_schedules_inside_others_is_restored_from_a_file():
    warmed = optim.WarmUp(optim.Piecewise([0.1, 0.01], [30]), 20)
    rate = optim.Chain([warmed, optim.Exponential(staircase=True), optim.Cosine()], [40, 10])
    rule = optim.Momentum(rate, optim.Restarts(optim.OneCycle.for_momentum(), 50))
    net = fanin.Network(1, [fanin.Dense(1)])
    net.fit([[0.0], [1.0]], [0.0, 1.0], rule=rule, epochs=60)
    loaded = fanin.Network.from_bytes(net.to_bytes())
    assert (loaded.rule, loaded.to_bytes()) == (rule, net.to_bytes())


PAIR = [optim.Constant(), optim.Cosine()]


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: optim.WarmUp(0.1), TypeError, "schedule: expected one of constant, .*, got 0.1"),
        (
            lambda: optim.Restarts(optim.WarmUp()),
            TypeError,
            "schedule: expected one of constant, .*, got WarmUp",
        ),
        (lambda: optim.WarmUp(steps=0), ValueError, r"steps: expected a number in \[1, infinity\), got 0"),
        (
            lambda: optim.Restarts(period=0),
            ValueError,
            r"period: expected a number in \[1, infinity\), got 0",
        ),
        (lambda: optim.Restarts(factor=1.001), ValueError, "factor: expected 1 or at least 1.01, got 1.001"),
        (
            lambda: optim.Polynomial(power=0),
            ValueError,
            r"power: expected a number in \(0, infinity\), got 0",
        ),
        (
            lambda: optim.Restarts(optim.Cosine(warm_up=50), 50),
            ValueError,
            "warm_up: expected fewer than the 50 steps, got 50",
        ),
        (lambda: optim.Chain([]), ValueError, "schedules: expected 2 to 4 schedules, got 0"),
        (
            lambda: optim.Chain([optim.Cosine()] * 5),
            ValueError,
            "schedules: expected 2 to 4 schedules, got 5",
        ),
        (
            lambda: optim.Chain(optim.Cosine()),
            TypeError,
            "schedules: expected a list of schedules, got Cosine",
        ),
        (
            lambda: optim.Chain([optim.Cosine(), 0.1]),
            TypeError,
            "schedules: schedule 2: expected one of constant, .*, restarts, got 0.1",
        ),
        (
            lambda: optim.Chain([optim.Chain(), optim.Cosine()]),
            TypeError,
            "schedules: schedule 1: expected one of constant, .*, restarts, got Chain",
        ),
        (
            lambda: optim.Chain(PAIR, steps=[0]),
            ValueError,
            r"steps: expected a number in \[1, infinity\), got 0",
        ),
        (lambda: optim.Chain(PAIR, steps=[None]), TypeError, "steps: expected a number, got None"),
        (
            lambda: optim.Chain(PAIR, steps=[10, 20]),
            ValueError,
            "steps: expected one number fewer than schedules, got 2 for 2 schedules",
        ),
        (
            lambda: optim.Chain([optim.WarmUp(steps=10), optim.Cosine()], [10]),
            ValueError,
            "steps: expected fewer than the 10 steps, got 10",
        ),
        (
            lambda: optim.Chain([optim.WarmUp(optim.Cosine(warm_up=5), 10), optim.Cosine()], [15]),
            ValueError,
            "warm_up: expected fewer than the 5 steps, got 5",
        ),
    ],
)
def test_schedules_inside_others_are_checked(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def test_schedules_give_the_same_bits_on_every_instruction_set():
    code = "from optim.test_schedules import SCHEDULES, STEPS, schedule_of\n"
    code += "for name, (_, examples) in SCHEDULES.items():\n  for example in examples:\n"
    code += "    print([schedule_of(name, example)(t, 400) for t in STEPS])"
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

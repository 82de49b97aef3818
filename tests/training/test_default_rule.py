"""A fit that names no rule, or names one by a word."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import _core, optim
from helpers import digest, inputs_for, rule_named

DEFAULT = optim.Around(optim.AdamW(), average_share=0.05)


def new_net(seed=0):
    return fanin.Network(5, [fanin.Dense(8, "tanh"), fanin.Dense(3)], "softmax_cross_entropy", seed=seed)


def test_without_a_rule_a_fit_is_that_of_adamw_with_averaged_weights(classification):
    X, y = classification
    expected, chunked = new_net(), new_net()
    expected.fit(X, y, rule=DEFAULT, epochs=3)
    nets = [new_net() for _ in range(3)]
    history = nets[0].fit(X, y, epochs=3)
    nets[1].fit_chunks([(X, y)], epochs=3)
    fanin.train_together([(nets[2], X, y, {"epochs": 3}), (chunked, X, y, {})])
    assert history.rule == nets[0].rule == DEFAULT
    assert {digest(net) for net in nets} == {digest(expected)}


def test_fit_needs_only_data(rng):
    X = rng.uniform(-1, 1, size=(1000, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    net = fanin.Network(2, [fanin.Dense(64, "relu"), fanin.Dense(2)], "softmax_cross_entropy")
    net.fit(X, y)
    assert net.evaluate(X, y)["accuracy"] > 0.95


@pytest.mark.filterwarnings("ignore::fanin.optim.BatchSizeWarning")
def test_a_name_is_the_rule_with_its_defaults(every_rule, classification):
    rule, nets = rule_named(every_rule), [new_net() for _ in range(3)]
    for net, given in zip(nets, (rule, every_rule, None), strict=True):
        if given is None:
            net.fit_chunks([classification], rule=every_rule, epochs=2)
        else:
            assert net.fit(*classification, rule=given, epochs=2).rule == rule
    assert len({digest(net) for net in nets}) == 1
    assert optim.Around(every_rule, l2=0.1) == optim.Around(rule, l2=0.1)
    optimizer = optim.Optimizer(every_rule, [np.ones((2, 3))])
    assert optimizer.rule == rule
    optimizer.step([np.ones((2, 3))], **inputs_for(rule, [np.ones((2, 3))]))
    optimizer.rule = every_rule
    assert optimizer.t == 1


def test_find_rate_races_the_default_rule_or_one_by_its_name(classification):
    curve = fanin.find_rate(new_net(), *classification, rates=[0.001, 0.01])
    assert isinstance(curve.rule, optim.Around)
    assert curve.rule.at_rate(0.001) == DEFAULT
    named = fanin.find_rate(new_net(), *classification, rule="adam", rates=[0.001, 0.01])
    assert named.rule == optim.Adam(optim.Cosine(named.rate, steps=20))


@pytest.mark.parametrize("name", ["", "Adam", "adam ", "auto", "adam\0"])
def test_an_unknown_name_lists_those_of_the_core(name, classification):
    known, solvers = ", ".join(_core.rules()), ", ".join(_core.solver_ranges())
    for use in (
        lambda: new_net().fit(*classification, rule=name),
        lambda: new_net().fit_chunks([classification], rule=name),
        lambda: fanin.find_rate(new_net(), *classification, rule=name),
        lambda: fanin.train_together([(new_net(), *classification, {"rule": name})]),
        lambda: optim.Around(name),
        lambda: optim.Optimizer(name, [np.ones(2)]),
        lambda: setattr(optim.Optimizer("adam", [np.ones(2)]), "rule", name),
    ):
        with pytest.raises(ValueError, match=f"rule: expected one of {known}(, {solvers})?, got "):
            use()

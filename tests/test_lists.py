"""The lists of the C++ core, the dataclasses of the Python face and the reference name the same things."""

from __future__ import annotations

import dataclasses
import inspect

import fanin
from fanin import _core, optim
from helpers import rule_classes
from reference.activations import ACTIVATIONS
from reference.initializers import standard_deviation
from reference.losses import LOSSES
from reference.rules import RULES


def hyper_parameters(dataclass_type):
    return {field.name: field.default for field in dataclasses.fields(dataclass_type)}


def test_rules_have_the_same_names_and_defaults_in_core_python_and_reference(every_rule):
    in_core = dict(_core.rules()[every_rule])
    assert list(in_core) == list(hyper_parameters(rule_classes()[every_rule]))
    assert in_core == hyper_parameters(rule_classes()[every_rule])
    assert in_core == hyper_parameters(RULES[every_rule])


def test_core_python_and_reference_list_the_same_rules():
    listed = {c for c in vars(optim).values() if dataclasses.is_dataclass(c) and dataclasses.fields(c)}
    assert set(rule_classes().values()) == listed
    assert set(_core.rules()) == set(RULES)


def test_core_and_reference_list_the_same_activations_losses_and_initializers():
    assert set(_core.activations()) == set(ACTIVATIONS)
    assert set(_core.losses()) == set(LOSSES)
    for name in set(_core.initializers()) - {"auto"}:
        assert standard_deviation(name, 3, 4) >= 0


def test_every_listed_name_makes_a_network(every_activation, every_loss, every_initializer):
    net = fanin.Network(
        2, [fanin.Dense(2, every_activation, every_initializer), fanin.Dense(2)], loss=every_loss
    )
    assert net.predict([[0.5, -0.5]]).shape == (1, 2)


def test_rules_take_positional_and_keyword_arguments_in_the_order_of_the_equation(every_rule):
    values = [default / 2 for default in _core.rules()[every_rule].values()]
    by_name = dict(zip(_core.rules()[every_rule], values, strict=True))
    assert rule_classes()[every_rule](*values) == rule_classes()[every_rule](**by_name)


def test_a_rule_shows_its_equation_in_its_docstring(every_rule):
    assert "<-" in (inspect.getdoc(rule_classes()[every_rule]) or "")


def test_defaults_are_the_ones_the_textbook_recommends():
    assert hyper_parameters(optim.Momentum)["momentum"] == 0.9
    assert hyper_parameters(optim.Adam) == {
        "learning_rate": 1e-3,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
    }

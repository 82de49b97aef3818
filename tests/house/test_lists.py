"""The lists of the C++ core, the dataclasses of the Python face and the reference name the same things."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import get_args

import numpy as np
import pytest

import fanin
from fanin import _core, initializers, layers, losses, optim
from helpers import ROOT, dense_with, inputs_for, loss_for, rule_classes, schedule_classes
from listed import lists, what_is_missing
from reference.activations import ACTIVATIONS
from reference.initializers import DEVIATIONS
from reference.losses import LOSSES
from reference.rules import RULES
from reference.schedules import SCHEDULES


def hyper_parameters(dataclass_type):
    """Names and defaults; an array has none, which in the core is an empty one."""
    defaults = {field.name: field.default for field in dataclasses.fields(dataclass_type)}
    return {name: () if d is dataclasses.MISSING else described(d) for name, d in defaults.items()}


def described(default):
    if isinstance(default, optim.Schedule):
        return default.name, default.values()
    return tuple(map(described, default)) if isinstance(default, tuple) else default


def test_rules_have_the_same_names_and_defaults_in_core_python_and_reference(every_rule):
    in_core = dict(_core.rules()[every_rule])
    assert list(in_core) == list(hyper_parameters(rule_classes()[every_rule]))
    assert in_core == hyper_parameters(rule_classes()[every_rule])
    assert in_core == hyper_parameters(RULES[every_rule])


def test_no_list_lacks_an_entry():
    """Of those that are listed at all; the tests do not begin otherwise."""
    assert what_is_missing(lists()) == []
    assert set(lists()) == {"rule", "schedule", "activation", "loss", "initializer", "layer"}


def test_a_missing_entry_is_named_with_the_file_that_lacks_it():
    places = {"rules.hpp": ["sgd", "lion"], "optim.py, its dataclasses,": {"sgd": 1, "adam": 2}}
    assert what_is_missing({"rule": places, "loss": {"a": ["huber"], "b": ("huber",)}}) == [
        'rule "lion": optim.py, its dataclasses, lacks it; it is in rules.hpp',
        'rule "adam": rules.hpp lacks it; it is in optim.py, its dataclasses',
    ]


def test_entries_have_the_same_order_in_core_python_and_reference():
    for kind in ("activation", "loss", "initializer"):
        assert len({tuple(names) for names in lists()[kind].values()}) == 1


HEADERS = ROOT / "cpp" / "include" / "fanin"
# In C++ all names share one namespace, where Logistic and Activation mean an activation, Quantile a loss and Constant
# an initializer.
CALLED_OTHERWISE = {
    "LogisticLoss": "Logistic",
    "ActivationLayer": "Activation",
    "QuantileLayer": "Quantile",
    "ConstantSchedule": "Constant",
}


@pytest.mark.parametrize(
    ("headers", "classes"),
    [
        ("rules/*.hpp", rule_classes().values()),
        ("*schedules.hpp", schedule_classes().values()),
        ("losses/*.hpp", losses.BY_NAME.values()),
        ("layers/*.hpp", layers.BY_NAME.values()),
    ],
)
def test_what_is_listed_is_named_alike_in_both_languages(headers, classes):
    text = "\n".join(path.read_text() for path in HEADERS.glob(headers))
    structs = re.findall(r"^struct (\w+)[^{;]*{\n  static constexpr const char\* name = ", text, re.MULTILINE)
    assert sorted(CALLED_OTHERWISE.get(name, name) for name in structs) == sorted(c.__name__ for c in classes)


def test_losses_have_the_same_names_and_defaults_in_core_python_and_reference(every_loss):
    in_core = _core.losses()[every_loss]
    assert list(in_core) == list(hyper_parameters(losses.BY_NAME[every_loss]))
    assert in_core == hyper_parameters(losses.BY_NAME[every_loss])
    assert in_core == hyper_parameters(LOSSES[every_loss])


def test_every_loss_is_exported():
    exported = {c.name: c for c in vars(losses).values() if isinstance(c, type) and "name" in vars(c)}
    assert exported == losses.BY_NAME
    assert {c.__name__ for c in exported.values()} | {"Loss"} == set(losses.__all__)


def test_a_loss_shows_its_equation_and_its_metric_in_its_docstring(every_loss):
    text = inspect.getdoc(losses.BY_NAME[every_loss]) or ""
    assert "``" in text
    assert f'"{_core.loss_traits()[every_loss][0]}"' in text


def test_the_docstring_of_activation_lists_each_with_the_variance_of_its_weights(every_activation):
    row = rf'^"{every_activation}" .* ([\d.]+)$'
    listed = re.search(row, inspect.getdoc(layers.Activation) or "", re.MULTILINE)
    assert listed, f"the docstring of fanin.Activation lacks {every_activation!r}"
    assert float(listed[1]) == ACTIVATIONS[every_activation].weight_variance


def test_initializers_have_the_same_names_and_defaults_in_core_python_and_reference(every_initializer):
    in_core = _core.initializers()[every_initializer]
    in_python = hyper_parameters(initializers.BY_NAME[every_initializer])
    assert list(in_core) == list(in_python)
    assert in_core == in_python
    if every_initializer != "values":
        assert in_core == (inspect.getfullargspec(DEVIATIONS[every_initializer]).kwonlydefaults or {})


def test_every_initializer_is_exported():
    exported = {
        c.name: c
        for c in vars(initializers).values()
        if isinstance(c, type) and issubclass(c, initializers.Initializer) and "name" in vars(c)
    }
    assert exported == initializers.BY_NAME
    assert {c.__name__ for c in exported.values()} | {"Initializer"} == set(initializers.__all__)
    assert get_args(layers.InitializerName) == initializers.NAMES


def test_an_initializer_shows_its_equation_in_its_docstring(every_initializer):
    assert "``" in (inspect.getdoc(initializers.BY_NAME[every_initializer]) or "")


@pytest.mark.parametrize("name", list(layers.BY_NAME))
def test_layers_have_the_same_names_and_defaults_in_core_and_python(name):
    in_core = _core.layers()[name]
    in_python = hyper_parameters(layers.BY_NAME[name])
    without_default = [field for field, default in in_python.items() if default == ()]
    given = {"units": 1, "activation": "tanh", "layers": [fanin.Dropout()], "n": 3, "dim": 2, "layer": 1}
    layer = layers.BY_NAME[name](**{field: given[field] for field in without_default})
    made = layer.values()
    assert list(in_core) == list(in_python) == list(made) == list(_core.layer_ranges()[name])
    assert {**in_core, **{field: made[field] for field in without_default}} == made
    assert layers.restored(layers.described(1, [layer])) == [layer]


def test_every_kind_of_layer_is_exported():
    exported = {
        c.name: c
        for c in vars(layers).values()
        if isinstance(c, type) and issubclass(c, layers.Layer) and "name" in vars(c)
    }
    assert exported == layers.BY_NAME
    assert list(_core.layers()) == list(layers.BY_NAME)
    assert all(getattr(fanin, kind.__name__) is kind for kind in layers.BY_NAME.values())


def test_every_listed_name_makes_a_network(every_activation, every_loss, every_initializer):
    layers = [fanin.Dense(2, every_activation), dense_with(every_initializer, 2, 2)]
    net = fanin.Network(2, layers, loss=loss_for(every_loss, 2))
    assert net.predict([[0.5, -0.5]]).shape == (1, 2)


def another_value(default, allowed):
    if isinstance(default, bool):
        return not default
    if isinstance(default, str):
        return allowed[-1]
    return default / 2 if default / 2 >= allowed[0] else default * 2


def test_rules_take_positional_and_keyword_arguments_in_the_order_of_the_equation(every_rule):
    ranges = _core.rule_ranges()[every_rule]
    by_name = {name: another_value(value, ranges[name]) for name, value in _core.rules()[every_rule].items()}
    by_name.update({"bias_correction": False} if every_rule == "rmsprop" else {})  # not with centered
    assert rule_classes()[every_rule](*by_name.values()) == rule_classes()[every_rule](**by_name)
    assert rule_classes()[every_rule](**by_name).values() == by_name


def test_schedules_have_the_same_names_and_defaults_in_core_python_and_reference(every_schedule):
    in_core = _core.schedules()[every_schedule]
    in_reference = inspect.signature(SCHEDULES[every_schedule].value).parameters
    assert in_core == hyper_parameters(schedule_classes()[every_schedule])
    assert in_core == {name: p.default for name, p in in_reference.items() if name not in ("t", "of_fit")}


def test_the_table_of_schedules_has_each():
    table = (ROOT / "docs" / "guide" / "rules.md").read_text(encoding="utf-8").split("## Schedules")[1]
    listed = re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]+)\|", table, re.MULTILINE)))
    assert sorted(listed) == sorted(kind.__name__ for kind in schedule_classes().values())


def test_a_rule_shows_its_equation_in_its_docstring(every_rule):
    assert "<-" in (inspect.getdoc(rule_classes()[every_rule]) or "")


def test_the_table_of_rules_has_each_with_its_state_and_the_bytes_of_a_step(every_rule):
    """float32: the gradient, and the second one of a rule that has it, is read; weight and state are written too."""
    kind = rule_classes()[every_rule]
    table = (ROOT / "docs" / "guide" / "rules.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| `{kind.__name__}` \|.*\| ([^|]+) \| (\d+) \|[^|]+\|$", table, re.MULTILINE)
    assert row, f"docs/guide/rules.md has no row for {kind.__name__}"
    state = optim.Optimizer(kind(), [np.zeros(1)]).state
    slots = [name for name, values in state.items() if isinstance(values, list)]
    gradients = 1 + len(inputs_for(kind(), [np.zeros(1)]))
    assert (row[1], int(row[2])) == (", ".join(slots) or "-", 4 * gradients + 8 * (1 + len(slots)))


def test_defaults_are_the_ones_the_textbook_recommends():
    recommended = {
        optim.Momentum: {"momentum": 0.9},
        optim.AdaptiveGain: {"delta": 0.05, "min_gain": 0.1, "max_gain": 10},
        optim.Rprop: {
            "increase": 1.2,
            "decrease": 0.5,
            "min_step": 1e-6,
            "max_step": 50,
            "variant": "rprop-",
        },
        optim.RMSprop: {"decay": 0.9, "bias_correction": False},
        optim.Adam: {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    }
    for rule, values in recommended.items():
        defaults = hyper_parameters(rule)
        assert {name: defaults[name] for name in values} == values

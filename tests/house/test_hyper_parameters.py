"""Every hyper-parameter of every value is checked on construction, with a message that names it."""

from __future__ import annotations

import copy
import dataclasses
import decimal
import inspect

import numpy as np
import pytest

import fanin
from fanin import initializers, layers, losses, optim
from fanin.layers import Residual
from fanin.plot import Bowl
from fanin.training.settings import Settings

LISTS = (optim, losses, initializers, layers)
KINDS = {
    kind
    for module in LISTS
    for kind in vars(module).values()
    if inspect.isclass(kind) and dataclasses.is_dataclass(kind) and hasattr(kind, "name")
} | {optim.Around, fanin.EarlyStopping, fanin.RateControl, Settings, Bowl}
GIVEN = {
    "units": 3,
    "n": 3,
    "layer": 1,
    "dim": 2,
    "rule": optim.Adam(),
    "activation": "tanh",
    "layers": [fanin.Dense(2)],
    "array": np.ones((2, 2)),
}
# checked together with the network or the data
LATER = {"sample_weight", "validation_data", "validation_fraction"}
FIELDS = [
    (kind, field.name)
    for kind in sorted(KINDS, key=lambda kind: kind.__name__)
    for field in dataclasses.fields(kind)
    if field.init and field.name not in LATER
]
# names of arrays, which are looked up when the rule is used
PLACES = {("frozen", "a tuple"), ("frozen", "nested lists")}
NO_VALUES = {
    "a tuple": (0.25, "a"),
    "a set": {0.25},
    "a text": "\ud800",
    "bytes": b"0.5",
    "a complex number": 1j,
    "a class": int,
    "an object": object(),
    "NaN": float("nan"),
    "infinity": float("inf"),
    "minus infinity": -np.inf,
    "a decimal": decimal.Decimal(1),
    "a dict": {"a": {}},
    "nested lists": [[0.5], [[0.5]]],
}


@pytest.mark.parametrize("value", NO_VALUES)
@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=lambda one: getattr(one, "__name__", one))
def test_a_value_of_the_wrong_kind_is_refused_by_the_name_of_the_hyper_parameter(kind, name, value):
    needed = {
        field.name: GIVEN[field.name]
        for field in dataclasses.fields(kind)
        if field.init
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    }
    kind(**needed)
    if (name, value) in PLACES:
        return
    with pytest.raises((TypeError, ValueError), match=name):
        kind(**{**needed, name: NO_VALUES[value]})


def test_every_kind_of_value_is_tested():
    names = {kind.__name__ for kind in KINDS}
    assert {"Adam", "Around", "Piecewise", "Dense", "Residual", "Huber", "Sparse", "EarlyStopping"} <= names
    assert len(FIELDS) > 100


@pytest.mark.parametrize("unordered", [{"layer1"}, frozenset(), {"layer1": 1}])
def test_a_list_is_not_a_set_or_a_dict(unordered):
    for make, words in {
        lambda: optim.Around(
            optim.SGD(), frozen=unordered
        ): "frozen: expected a list of arrays or layers, got ",
        lambda: optim.Piecewise(unordered, after=[1]): "levels: expected a list of numbers, got ",
        lambda: losses.Quantile(unordered): "levels: expected a list of numbers, got ",
        lambda: Residual(unordered): "layers: expected a list of ",
        lambda: fanin.Network(1, unordered): "layers: expected a list of ",
        lambda: Settings(optim.SGD(), callbacks=unordered): "callbacks: expected a list, got ",
        lambda: optim.Optimizer(optim.SGD(), unordered): "arrays: expected a list of arrays, got ",
    }.items():
        with pytest.raises(TypeError, match=words):
            make()


@pytest.mark.parametrize("dtype", [None, "float16", ">f4", int, "none", 3, (1, 2), object()], ids=str)
def test_a_network_is_float32_or_float64_and_nothing_else(dtype):
    with pytest.raises((TypeError, ValueError), match=r'^dtype: expected "float32" or "float64", got '):
        fanin.Network(1, [fanin.Dense(1)], dtype=dtype)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_state_that_is_set_must_be_finite(bad):
    w = np.zeros((2, 2))
    optimizer = optim.Optimizer(optim.Adam(), [w])
    optimizer.step([np.ones((2, 2))])
    state = optimizer.state
    before = optimizer.state
    state["v"][0][1, 0] = bad
    with pytest.raises(
        ValueError, match=r"^state: v\[0\]: every value must be finite in float64, got .* at \[1, 0\]"
    ):
        optimizer.state = state
    np.testing.assert_equal(optimizer.state, before)


def test_a_state_that_is_not_finite_is_copied_as_it_is():
    w = np.zeros(2)
    optimizer = optim.Optimizer(optim.Momentum(), [w])
    optimizer.step([np.array([np.nan, 1.0])])
    np.testing.assert_equal(copy.deepcopy(optimizer).state, optimizer.state)

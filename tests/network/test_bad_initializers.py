"""Invalid initializers are rejected on construction, or by a layer that they do not fit."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import initializers
from fanin.initializers import Constant, HeNormal, Sparse, Values


def every_number():
    return [
        (name, field)
        for name, hyper_parameters in fanin._core.initializers().items()
        for field, default in hyper_parameters.items()
        if isinstance(default, float)
    ]


@pytest.mark.parametrize(("name", "field"), every_number())
@pytest.mark.parametrize(
    ("value", "error"),
    [
        (float("nan"), ValueError),
        (float("inf"), ValueError),
        ("1", TypeError),
        (None, TypeError),
        (True, TypeError),
    ],
    ids=str,
)
def test_a_hyper_parameter_of_an_initializer_must_be_a_finite_number(name, field, value, error):
    with pytest.raises(error, match=f"^{field}: expected a"):
        initializers.BY_NAME[name](**{field: value})


@pytest.mark.parametrize(("name", "field"), [row for row in every_number() if row[1] != "value"])
@pytest.mark.parametrize("value", [0, -1.0])
def test_gains_and_deviations_are_above_zero(name, field, value):
    with pytest.raises(ValueError, match=rf"^{field}: expected a number in \(0, infinity\), got {value}"):
        initializers.BY_NAME[name](**{field: value})


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (0, ValueError, "expected at least 1, got 0"),
        (2**63, ValueError, "expected less than 2\\^63, got 9223372036854775808"),
        (1.5, TypeError, "expected an integer, got 1.5"),
        (True, TypeError, "expected an integer, got True"),
        (None, TypeError, "expected an integer, got None"),
    ],
    ids=str,
)
def test_connections_are_a_whole_number(value, error, words):
    with pytest.raises(error, match=f"^connections: {words}"):
        Sparse(value)


@pytest.mark.parametrize("argument", ["initializer", "bias_initializer"])
@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ("values", ValueError, "expected one of auto, he_normal, .*sparse, .*got 'values'"),
        (0.1, TypeError, "expected a name, an initializer of fanin.initializers or an array, got 0.1"),
        (None, TypeError, "expected a name, .*got None"),
        (HeNormal, TypeError, "expected a name, .*got <class"),
        (initializers.Initializer, TypeError, "expected a name, .*got <class"),
        (np.float64(0.1), TypeError, "expected a name, .*0.1"),
        (np.array(0.1), ValueError, r"array: expected one or two dimensions, got shape \(\)"),
        (np.ones((2, 2, 2)), ValueError, r"array: expected one or two dimensions, got shape \(2, 2, 2\)"),
        ([[1.0, 2.0], [3.0]], ValueError, "array: expected an array of numbers; "),
        (np.ones(2, complex), TypeError, "array: expected real numbers, got dtype complex128"),
        (["he_normal"], TypeError, "array: expected real numbers, got dtype <U9"),
        ({}, TypeError, "array: expected real numbers, got dict"),
        (b"auto", TypeError, r"array: expected real numbers, got dtype \|S4"),
        (np.ma.masked_array([1.0, 2.0], [False, True]), ValueError, "array: row 1 is masked"),
    ],
    ids=repr,
)
def test_a_layer_refuses_a_value_that_is_no_initializer(argument, given, error, words):
    with pytest.raises(error, match=f"^{argument}: {words}"):
        fanin.Dense(2, **{argument: given})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"initializer": np.ones((4, 3))}, r"initializer: expected shape \(3, 4\), got \(4, 3\)"),
        ({"initializer": np.ones(12)}, r"initializer: expected shape \(3, 4\), got \(12,\)"),
        ({"initializer": np.ones((0, 4))}, r"initializer: expected shape \(3, 4\), got \(0, 4\)"),
        ({"bias_initializer": np.ones(3)}, r"bias_initializer: expected shape \(4,\), got \(3,\)"),
        ({"bias_initializer": np.ones((1, 4))}, r"bias_initializer: expected shape \(4,\), got \(1, 4\)"),
        (
            {"initializer": np.where(np.eye(3, 4, 1), np.nan, 1)},
            "initializer: row 0, column 1 is nan; every value must be finite in float32",
        ),
        (
            {"bias_initializer": [0, 0, 0, 1e300]},
            r"bias_initializer: row 0, column 3 is 1e\+300; every value must be finite in float32",
        ),
        (
            {"initializer": Constant(-1e39)},
            r"initializer: row 0, column 0 is -1e\+39; every value must be finite",
        ),
        (
            {"initializer": HeNormal(gain=1e300)},
            "initializer: row 0, column 0 is .*; every value must be finite",
        ),
        (
            {"initializer": Sparse(4)},
            "initializer: connections: expected at most 3, the inputs of the layer, got 4",
        ),
        ({"initializer": "sparse"}, "initializer: connections: expected at most 3, .*, got 15"),
        ({"initializer": Sparse(2**63 - 1)}, "initializer: connections: expected at most 3, .*"),
        ({"bias_initializer": Sparse(1)}, "bias_initializer: sparse selects some of a unit's weights"),
    ],
    ids=repr,
)
def test_a_network_names_the_layer_that_an_initializer_does_not_fit(given, words):
    with pytest.raises(ValueError, match=f"^layers: layer 2: {words}"):
        fanin.Network(5, [fanin.Dense(3), fanin.Dense(4, **given), fanin.Dense(1)])


def test_a_value_too_large_for_float32_is_accepted_for_float64():
    net = fanin.Network(1, [fanin.Dense(1, initializer=[[1e300]])], dtype="float64")
    assert net.get_weights()["layer1.weight"] == 1e300


def test_values_must_be_real_numbers():
    with pytest.raises(TypeError, match=r"^array: expected real numbers, got dtype <U3$"):
        Values("abc")

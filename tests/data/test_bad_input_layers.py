"""Rows that input layers cannot learn from, and misuse, are refused with a message."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim


def net_of(layer, n_inputs=7, **options):
    return fanin.Network(n_inputs, [layer, fanin.Dense(6, "tanh"), fanin.Dense(1)], **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[:, :3], "X: expected 7 columns"),
        (lambda X: X * np.nan, "X: row 0, column 0 is nan; every value must be finite in float64"),
        (lambda X: X * np.inf, "X: row 0, column 0 is inf"),
        (lambda X: X[:0], "X: expected at least one row to learn from, got none"),
    ],
)
def test_bad_rows_are_refused_and_nothing_is_changed(kind, change, message, X):
    net = net_of(kind())
    net.adapt(X)
    before = net.to_bytes()
    with pytest.raises(ValueError, match=message):
        net.adapt(change(X))
    assert net.to_bytes() == before


def test_a_variance_that_overflows_is_refused():
    with pytest.raises(ValueError, match="X: column 0: its variance overflows in float64"):
        net_of(fanin.Standardize(), 1).adapt([[1e200], [-1e200]])


def test_a_column_of_missing_values_is_refused(kind, X):
    X[:, 2] = np.nan
    net = net_of(kind("median"))
    for learn in (lambda: net.adapt(X), lambda: net.fit(X, X[:, 1], rule=optim.SGD())):
        with pytest.raises(ValueError, match="X: column 2 has only missing values"):
            learn()
    with pytest.raises(
        ValueError, match=r"chunk 2: X: row 0, column 0 is -?inf; values must be finite, or NaN"
    ):
        net.adapt_chunks([(X, None), (X * np.inf, None)])
    assert dict(net.learned) == {}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda kind: fanin.Network(7, [fanin.Dense(3), kind(), fanin.Dense(1)]),
            r"layer 2: an input layer \(.*\) must come first",
        ),
        (
            lambda kind: fanin.Network(7, [fanin.Residual([kind(), fanin.Dense(7)]), fanin.Dense(1)]),
            "must come first",
        ),
        (lambda kind: fanin.Network(7, [kind()]), "expected at least one Dense"),
        (lambda kind: kind("mode"), "missing: expected one of error, mean, median, got 'mode'"),
        (
            lambda kind: fanin.Network(1, [fanin.Dense(1)]).adapt([[1.0]]),
            "network: it has no input layer, such as a Standardize",
        ),
        (
            lambda kind: net_of(kind()).predict(np.ones((1, 7))),
            "has not learned from data yet; call fit or adapt",
        ),
        (lambda kind: net_of(kind()).evaluate(np.ones((1, 7)), [1]), "has not learned from data yet"),
    ],
)
def test_misuse_is_explained(kind, make, message):
    with pytest.raises(ValueError, match=message):
        make(kind)


def test_values_beyond_the_range_of_float32_become_its_largest_number():
    net = fanin.Network(1, [fanin.Standardize(), fanin.Dense(1, initializer=[[1.0]])])
    net.adapt([[0.0], [2.0]])
    assert net.predict([[1e300]]) == np.finfo("float32").max

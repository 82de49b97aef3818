"""Options, arrays and batches that batch norm cannot use are rejected with a clear message."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fanin
from batch_norm_nets import classifier, data
from fanin import functional as F
from fanin import optim
from helpers import digest


def test_batches_of_one_row_are_refused_with_the_reason():
    x, y = data(20)
    net = classifier()
    reason = "because batch norm divides by the standard deviation of a batch, got 1"
    with pytest.raises(ValueError, match=f"batch_size: expected at least 2, {reason}"):
        net.fit(x, y, rule=optim.SGD(0.1), batch_size=1)
    with pytest.raises(ValueError, match=f"X: expected at least 2 rows, {reason}"):
        net.fit(x[:1], y[:1], rule=optim.SGD(0.1))
    assert net.predict(x[:1]).shape == (1, 2)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: fanin.BatchNorm(epsilon=0),
            ValueError,
            r"epsilon: expected a number in \[1e-30, 1e\+30\], got 0",
        ),
        (lambda: fanin.BatchNorm(epsilon=math.nan), ValueError, "epsilon: expected a number in"),
        (lambda: fanin.BatchNorm(epsilon="small"), TypeError, "epsilon: expected a number, got 'small'"),
        (lambda: fanin.BatchNorm(decay=1.0), ValueError, r"decay: expected a number in \[0, 1\), got 1.0"),
        (lambda: fanin.BatchNorm(decay=-0.1), ValueError, r"decay: expected a number in \[0, 1\), got -0.1"),
        (lambda: fanin.BatchNorm(decay=True), TypeError, "decay: expected a number, got True"),
        (
            lambda: fanin.BatchNorm(bias_correction=1),
            TypeError,
            "bias_correction: expected True or False, got 1",
        ),
        (
            lambda: fanin.Dense(3, batch_norm="yes"),
            TypeError,
            "batch_norm: expected True, False or fanin.BatchNorm",
        ),
        (
            lambda: fanin.Dense(3, batch_norm=True, bias_initializer=[1.0, 2.0, 3.0]),
            ValueError,
            "bias_initializer: expected zeros, because a layer with batch norm has no biases; got ",
        ),
    ],
)
def test_options_that_cannot_be_used_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("layer1.gamma", np.ones(3), r"layer1.gamma: expected shape \(70,\), got \(3,\)"),
        ("layer1.running_mean", np.full(70, np.nan), "layer1.running_mean: every value must be finite"),
        (
            "layer1.running_variance",
            np.full(70, -1.0),
            "layer1.running_variance: expected numbers of at least 0, got -1",
        ),
        ("layer1.bias", np.ones(70), "weights: unknown name 'layer1.bias'"),
    ],
)
def test_arrays_that_cannot_be_set_are_refused_and_nothing_is_written(name, values, message):
    net = classifier()
    before = digest(net)
    with pytest.raises(ValueError, match=message):
        net.set_weights({**net.get_weights(), name: values})
    assert digest(net) == before


X, ONE = np.ones((4, 3)), np.ones(3)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((np.ones(3), ONE, ONE), {}, ValueError, r"x: expected two dimensions, got shape \(3,\)"),
        ((X, np.ones(2), ONE), {}, ValueError, "gamma: expected 3 elements, got 2"),
        ((X, ONE, np.ones(4)), {}, ValueError, "beta: expected 3 elements, got 4"),
        ((X, ONE, X), {}, ValueError, r"beta: expected one dimension, got shape \(4, 3\)"),
        ((X[:1], ONE, ONE), {}, ValueError, "x: expected at least two rows .*, got 1"),
        ((X[:0], ONE, ONE), {}, ValueError, "x: expected at least two rows .*, got 0"),
        (
            (X, ONE, ONE, 0),
            {},
            ValueError,
            "epsilon: expected a normal number above 0 in float64, got 0",
        ),
        ((X, ONE, ONE, -1e-5), {}, ValueError, "epsilon: expected a normal number above 0"),
        ((X, ONE, ONE, np.nan), {}, ValueError, "epsilon: expected a normal number above 0"),
        ((X, ONE, ONE, np.inf), {}, ValueError, "epsilon: expected a normal number above 0"),
        ((X, ONE, ONE, "small"), {}, TypeError, "epsilon: expected a number, got 'small'"),
        ((X.astype(str), ONE, ONE), {}, TypeError, "x: expected real numbers, got dtype <U32"),
        ((X, ONE, ONE), {"out": np.ones((3, 4))}, ValueError, r"out: expected shape \(4, 3\), got \(3, 4\)"),
        ((X, ONE, ONE), {"out": np.ones((4, 3), "f4")}, TypeError, "out: expected an array of float64"),
        ((X, ONE, ONE), {"out": np.ones((3, 4)).T}, ValueError, "out: expected rows that do not overlap"),
    ],
)
def test_batches_that_cannot_be_normalized_are_refused(arguments, options, error, message):
    with pytest.raises(error, match=message):
        F.batch_norm(*arguments, **options)


@pytest.mark.parametrize(
    ("dy", "out", "error", "message"),
    [
        (np.ones((3, 4)), None, ValueError, r"dy: expected shape \(4, 3\), got \(3, 4\)"),
        (X, [None, None], ValueError, "out: expected three arrays, for dx, dgamma and dbeta, got 2"),
        (X, [None, ONE[:2], None], ValueError, r"dgamma: expected shape \(3,\), got \(2,\)"),
        (X, [None, None, np.ones(6)[::2]], ValueError, "dbeta: expected a C-contiguous array"),
        (X, [np.ones((4, 3), "f4"), None, None], TypeError, "dx: expected an array of float64"),
    ],
)
def test_gradients_that_cannot_be_taken_or_written_are_refused(dy, out, error, message):
    _, cache = F.batch_norm(np.arange(12.0).reshape(4, 3), np.ones(3), np.zeros(3))
    with pytest.raises(error, match=message):
        F.batch_norm_backward(dy, cache, out=out)


def test_the_cache_must_be_that_of_batch_norm():
    _, cache = F.batch_norm(np.arange(12.0).reshape(4, 3), np.ones(3), np.zeros(3))
    with pytest.raises(TypeError, match="cache: expected the BatchNormCache of batch_norm, got tuple"):
        F.batch_norm_backward(X, tuple(cache))


def test_a_variance_below_zero_is_refused():
    with pytest.raises(
        ValueError, match="variance: expected finite numbers of at least 0, got -1 at position 1"
    ):
        F.batch_norm_inference(X, ONE, [1.0, -1.0, 1.0], ONE, ONE)

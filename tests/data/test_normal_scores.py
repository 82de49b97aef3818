"""`fanin.Quantile`: normal scores of the columns of X."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from reference.inputs import normal_scores, scores


def adapted(X, weight=None, **options):
    net = fanin.Network(X.shape[1], [fanin.Quantile(**options), fanin.Dense(1)], dtype="float64")
    net.adapt(X, sample_weight=weight)
    return net


@pytest.mark.parametrize("rows", [1, 2, 3, 255, 256, 257, 1000])
@pytest.mark.parametrize("weighted", [False, True])
def test_scores_are_those_of_the_reference(rows, weighted):
    rng = np.random.default_rng(rows)
    X = np.stack([np.exp(3 * rng.normal(size=rows)), rng.integers(0, 3, rows), np.full(rows, 7.0)], axis=1)
    weight = rng.integers(1, 4, rows).astype(float) if weighted else np.ones(rows)
    net = adapted(X, weight)
    for j in range(3):
        knots, of_knots = normal_scores(X[:, j], weight)
        np.testing.assert_allclose(net.learned["layer1.knots"][j][: len(knots)], knots, rtol=1e-12)
        np.testing.assert_allclose(
            net.learned["layer1.scores"][j][: len(knots)], of_knots, rtol=1e-12, atol=1e-15
        )
    between = np.stack([X.mean(axis=1)] * 3, axis=1)
    for values in (X, between, X - 1, X + 1e300, -X * 1e300):
        expected = scores(values, net.learned["layer1.knots"], net.learned["layer1.scores"])
        np.testing.assert_allclose(net.first_inputs(values), expected, rtol=1e-9, atol=1e-12)


def test_any_distribution_becomes_normal():
    X = np.random.default_rng(0).exponential(size=(20_000, 1)) ** 3
    seen = adapted(X).first_inputs(X)[:, 0]
    assert abs(seen.mean()) < 0.01
    assert seen.std() == pytest.approx(1, abs=0.02)
    assert np.quantile(seen, [0.1587, 0.8413]) == pytest.approx([-1, 1], abs=0.02)


def test_order_is_kept_and_monotonic_maps_of_a_column_do_not_matter():
    X = np.random.default_rng(1).normal(size=(200, 1))  # each value is a knot
    seen = adapted(X).first_inputs(X)[:, 0]
    assert (np.argsort(seen) == np.argsort(X[:, 0])).all()
    np.testing.assert_array_equal(adapted(np.exp(X)).first_inputs(np.exp(X))[:, 0], seen)


def test_a_constant_column_gives_zero_and_values_beyond_the_training_set_are_limited():
    X = np.stack([np.full(300, 3.0), np.arange(300.0)], axis=1)
    seen = adapted(X).first_inputs([[3.0, -1e308], [-1e308, 1e308], [1e308, 299.0]])
    np.testing.assert_array_equal(seen[:, 0], 0)
    assert seen[:, 1] == pytest.approx([-2.886, 2.886, 2.886], abs=1e-3)


def test_the_median_and_the_mean_replace_missing_values():
    X = np.array([[1.0], [2.0], [3.0], [10.0], [np.nan], [100.0]])
    assert adapted(X, missing="median", indicators=False).learned["layer1.fill"] == 0
    at_mean = adapted(X, missing="mean", indicators=False)
    assert at_mean.first_inputs([[np.nan]]) == at_mean.first_inputs([[np.nanmean(X)]])

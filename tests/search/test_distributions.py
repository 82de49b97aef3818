"""Distributions draw on the scale that suits a parameter, from the same uniform numbers everywhere."""

from __future__ import annotations

import copy
import json
import math
import pickle

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterSampler, RandomizedSearchCV

from fanin.search import Choice, IntUniform, LogUniform, OneMinusLogUniform, TupleOf, Uniform

RANGES = {
    "uniform": Uniform(-0.3, 0.7),
    "wide": Uniform(-1.7e308, 1.7e308),
    "log": LogUniform(1e-4, 1e-1),
    "odd log": LogUniform(0.00037, 0.71),
    "beta": OneMinusLogUniform(0.9, 0.9999),
    "beta from 0": OneMinusLogUniform(0.0, 0.97),
    "integers": IntUniform(-3, 12),
    "log integers": IntUniform(1, 1000, log=True),
}
ALL = {
    **RANGES,
    "choice": Choice(["a", None, 0.5]),
    "nested choice": Choice([0.0, LogUniform(1e-6, 1e-2)]),
    "tuple": TupleOf(IntUniform(16, 128), IntUniform(1, 3)),
    "pair": TupleOf(OneMinusLogUniform(0.8, 0.999), 2),
}
every_distribution = pytest.mark.parametrize("distribution", ALL.values(), ids=ALL)
every_range = pytest.mark.parametrize("distribution", RANGES.values(), ids=RANGES)


def is_uniform(numbers):
    return stats.kstest(numbers, "uniform").pvalue > 0.01


def test_a_rate_is_drawn_evenly_on_a_log_scale():
    rates = np.array(LogUniform(1e-4, 1e-1).rvs(10_000, random_state=0))
    assert is_uniform((np.log10(rates) + 4) / 3)
    assert not is_uniform((rates - 1e-4) / (1e-1 - 1e-4))


def test_one_minus_beta_is_drawn_evenly_on_a_log_scale():
    betas = np.array(OneMinusLogUniform(0.9, 0.9999).rvs(10_000, random_state=0))
    assert is_uniform((-np.log10(1 - betas) - 1) / 3)
    assert np.median(1 / (1 - betas)) == pytest.approx(10**2.5, rel=0.1)


def test_averages_reach_over_10_to_10000_values_for_betas_from_09_to_09999():
    beta = OneMinusLogUniform(0.9, 0.9999)
    assert [round(1 / (1 - beta.at(u))) for u in (0, 1 / 3, 2 / 3, 1)] == [10, 100, 1_000, 10_000]


def test_numbers_are_drawn_evenly_between_two_ends():
    assert is_uniform((np.array(Uniform(-0.3, 0.7).rvs(10_000, random_state=0)) + 0.3) / 1.0)


def test_layers_and_units_are_drawn_uniformly_with_both_ends():
    values, counts = np.unique(IntUniform(1, 6).rvs(6_000, random_state=0), return_counts=True)
    assert values.tolist() == [1, 2, 3, 4, 5, 6]
    assert stats.chisquare(counts).pvalue > 0.01


def test_integers_on_a_log_scale_are_about_as_probable_as_their_inverse():
    values, counts = np.unique(IntUniform(1, 100, log=True).rvs(20_000, random_state=0), return_counts=True)
    assert values[0] == 1
    assert values[-1] == 100
    assert counts[:8] / counts[0] * 1.0 == pytest.approx(
        np.log1p(1 / (np.arange(8) + 0.5)) / np.log(3), rel=0.1
    )


def test_lengths_of_tuples_and_their_elements_are_drawn_uniformly():
    tuples = TupleOf(IntUniform(16, 128), IntUniform(1, 3)).rvs(3_000, random_state=0)
    assert stats.chisquare(np.bincount([len(t) for t in tuples])[1:]).pvalue > 0.01
    elements = np.concatenate(tuples)
    assert (elements.min(), elements.max()) == (16, 128)
    assert stats.chisquare(np.bincount(elements)[16:]).pvalue > 0.01


def test_options_are_equally_probable_and_distributions_among_them_are_drawn_in_turn():
    penalties = Choice([0.0, LogUniform(1e-6, 1e-2)]).rvs(2_000, random_state=0)
    positive = np.array([p for p in penalties if p])
    assert 0.46 < len(positive) / 2_000 < 0.54
    assert is_uniform((np.log10(positive) + 6) / 4)


@every_range
def test_no_value_of_a_range_lies_outside_and_its_ends_are_exact(distribution):
    assert distribution.at(0) == distribution.low
    assert distribution.at(1) == distribution.high
    tiny = 2.0**-53
    for u in (tiny, 10 * tiny, 1e-9, 0.1, 1 / 3, 0.5, 0.9, 1 - 1e-9, 1 - 10 * tiny, 1 - tiny):
        assert distribution.low <= distribution.at(u) <= distribution.high


@every_range
def test_place_is_the_inverse_of_the_quantile_function(distribution):
    for u in np.linspace(0, 1, 41):
        value = distribution.at(u)
        assert distribution.at(distribution.place(value)) == pytest.approx(value, rel=1e-12)
        if not isinstance(distribution, IntUniform):
            assert distribution.place(value) == pytest.approx(u, abs=1e-12)
    assert 0 <= distribution.place(-math.inf) < 0.1 + 0.3 * isinstance(distribution, IntUniform)
    assert distribution.place(math.inf) > 0.9


@every_range
def test_a_part_of_a_range_lies_between_two_of_its_quantiles(distribution):
    part = distribution.between(0.26, 0.51)
    assert type(part) is type(distribution)
    assert (part.low, part.high) == (distribution.at(0.26), distribution.at(0.51))


def test_a_part_of_integers_has_two_of_them_at_least():
    assert IntUniform(1, 3).between(0.5, 0.5) == IntUniform(2, 3)
    assert IntUniform(1, 3).between(1.0, 1.0) == IntUniform(2, 3)
    assert IntUniform(1, 100, log=True).between(0.0, 0.0) == IntUniform(1, 2, log=True)


@every_distribution
@pytest.mark.parametrize("kind", [np.random.RandomState, np.random.default_rng, int, np.int64])
def test_a_seed_repeats_the_values_for_every_kind_of_random_state(distribution, kind):
    values = distribution.rvs(20, random_state=kind(7))
    assert values == distribution.rvs(20, random_state=kind(7))
    assert len({repr(value) for value in values}) > 1


@every_distribution
def test_one_value_is_the_first_of_many(distribution):
    assert distribution.rvs(random_state=3) == distribution.rvs(5, random_state=3)[0]
    assert distribution.rvs(0, random_state=3) == []


def test_without_a_seed_each_draw_differs():
    assert LogUniform(1e-4, 1e-1).rvs() != LogUniform(1e-4, 1e-1).rvs()


@every_distribution
def test_values_are_plain_numbers_that_json_can_hold(distribution):
    for value in distribution.rvs(20, random_state=np.random.RandomState(0)):
        for part in value if isinstance(value, tuple) else (value,):
            assert type(part) in {int, float, str, type(None)}
        assert json.loads(json.dumps(value)) == (list(value) if isinstance(value, tuple) else value)


@every_distribution
def test_a_distribution_equals_what_its_repr_evaluates_to_and_its_copies(distribution):
    for other in (
        eval(repr(distribution)),
        copy.deepcopy(distribution),
        pickle.loads(pickle.dumps(distribution)),
    ):
        assert other == distribution
        assert hash(other) == hash(distribution)


def test_distributions_of_another_kind_or_other_ends_differ():
    assert Uniform(0.1, 0.5) != LogUniform(0.1, 0.5)
    assert Uniform(0.1, 0.5) != Uniform(0.1, 0.6)
    assert IntUniform(1, 5) != IntUniform(1, 5, log=True)
    assert repr(LogUniform(np.float64(1e-4), 1e-1)) == "LogUniform(0.0001, 0.1)"
    assert repr(TupleOf(IntUniform(16, 128), 2)) == "TupleOf(IntUniform(16, 128), 2)"
    assert repr(IntUniform(1, 9, log=True)) == "IntUniform(1, 9, log=True)"


def test_the_values_of_finite_distributions_can_be_counted_and_listed():
    for distribution, count in (
        (IntUniform(1, 4), 4),
        (Choice(["a", "b", "a"]), 2),
        (TupleOf(IntUniform(1, 3), IntUniform(1, 2)), 3 + 9),
        (TupleOf(Choice(["a", "b"]), 3), 8),
    ):
        values = list(distribution.values())
        assert distribution.count == len(values) == len(set(values)) == count
    assert Uniform(0, 1).count is Choice([0, Uniform(0, 1)]).count is TupleOf(Uniform(0, 1), 2).count is None
    assert list(Choice(["a", IntUniform(1, 3)]).values()) == ["a", 1, 2, 3]


def test_scikit_learn_samples_them():
    space = {"rate": LogUniform(1e-4, 1e-1), "units": IntUniform(16, 128), "momentum": [0.0, 0.9]}
    points = list(ParameterSampler(space, n_iter=10, random_state=0))
    assert points == list(ParameterSampler(space, n_iter=10, random_state=0))
    assert len({point["rate"] for point in points}) == 10
    assert all(1e-4 <= point["rate"] <= 1e-1 and 16 <= point["units"] <= 128 for point in points)


@pytest.mark.parametrize("random_state", [0, np.random.RandomState(0)])
def test_they_work_in_a_randomized_search_of_scikit_learn(random_state):
    X, y = load_iris(return_X_y=True)
    space = {"C": LogUniform(1e-3, 1e3), "fit_intercept": Choice([True, False])}
    search = RandomizedSearchCV(LogisticRegression(max_iter=500), space, n_iter=4, random_state=random_state)
    search.fit(X, y)
    assert len(set(search.cv_results_["param_C"])) == 4
    assert search.best_score_ > 0.8

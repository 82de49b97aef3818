"""The importance of a parameter is the share of the variance of the scores that it explains alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fanin.search import Choice, IntUniform, LogUniform, TupleOf, Uniform
from fanin.search.importance import importance
from fanin.search.space import Space
from fanin.search.trials import Outcome, Trial
from made_up_trials import trial, trials_of

RATE = LogUniform(1e-4, 1e-1)


def median_importance(space, objective, n=60, seeds=15):
    found = [importance(space, trials_of(space.draw(n, seed), objective)) for seed in range(seeds)]
    return {name: float(np.median([shares[name] for shares in found])) for name in space}


def test_shares_of_an_additive_objective_are_its_sobol_indices():
    weights = {"a": 3.0, "b": 2.0, "c": 1.0, "d": 0.0}
    space = Space({name: Uniform(0, 1) for name in weights})
    shares = median_importance(space, lambda p: sum(weights[name] * p[name] for name in p), n=200)
    total = sum(w**2 for w in weights.values())
    assert shares == pytest.approx({name: w**2 / total for name, w in weights.items()}, abs=0.06)


def test_shares_of_an_objective_with_an_interaction_leave_its_variance_out():
    space = Space({"a": Uniform(-1, 1), "b": Uniform(-1, 1)})
    shares = median_importance(space, lambda p: p["a"] + 3 * p["a"] * p["b"], n=200)
    assert shares["a"] == pytest.approx(0.25, abs=0.06)  # 1/3 of 1/3 + 9/9
    assert shares["b"] < 0.05


def test_an_optimum_inside_a_range_is_important_although_the_correlation_is_zero():
    space = Space({"rate": RATE, "momentum": Uniform(0, 1)})
    shares = median_importance(space, lambda p: -((RATE.place(p["rate"]) - 0.5) ** 2))
    assert shares["rate"] > 0.9
    assert shares["momentum"] < 0.05


def test_pure_noise_makes_nothing_important():
    noise = np.random.default_rng(0)
    space = Space(
        {
            "rate": RATE,
            "units": IntUniform(16, 128),
            "activation": ["relu", "tanh", "logistic"],
            "layers": TupleOf(IntUniform(16, 128), IntUniform(1, 3)),
            "alpha": stats.loguniform(1e-6, 1e-2),
        }
    )
    shares = median_importance(space, lambda p: noise.random(), n=30, seeds=41)
    assert max(shares.values()) < 0.04


def test_options_are_judged_by_their_means_and_tuples_by_their_length_and_mean():
    space = Space(
        {"activation": ["a", "b", "c"], "layers": TupleOf(IntUniform(1, 9), IntUniform(1, 3)), "x": RATE}
    )
    by_option = median_importance(space, lambda p: "bac".index(p["activation"]))
    assert by_option["activation"] == pytest.approx(1)
    by_length = median_importance(space, lambda p: len(p["layers"]) + 1e-3 * p["x"])
    assert by_length["layers"] > 0.85
    by_mean = median_importance(space, lambda p: -abs(np.mean(p["layers"]) - 5))
    assert by_mean["layers"] > 0.8


def test_options_that_are_distributions_are_one_group_each():
    space = Space({"l2": Choice([0.0, LogUniform(1e-6, 1e-2)]), "rate": RATE})
    shares = median_importance(space, lambda p: float(p["l2"] > 0))
    assert shares["l2"] == pytest.approx(1)


def test_distributions_of_scipy_are_judged_by_their_ranks():
    space = Space({"alpha": stats.loguniform(1e-6, 1e-2), "rate": RATE})
    assert median_importance(space, lambda p: p["alpha"])["alpha"] > 0.98


def test_failures_rank_last_however_the_others_scored():
    space = Space({"rate": RATE, "momentum": Uniform(0, 1)})
    shares = median_importance(space, lambda p: None if p["rate"] > 3e-2 else p["rate"])
    assert shares["rate"] > 0.5
    fails = median_importance(space, lambda p: None if p["momentum"] > 0.5 else 1.0)
    assert fails["momentum"] > 0.6


def test_only_the_first_rung_counts_because_all_trials_reach_it():
    space = Space({"rate": RATE, "momentum": Uniform(0, 1)})
    trials = [
        Trial(i, 0, p, (Outcome(i, 1, (p["rate"],), 0.0), Outcome(i, 3, (p["momentum"],), 0.0)))
        for i, p in enumerate(space.draw(50, random_state=0))
    ]
    assert importance(space, trials)["rate"] > 0.98


def test_a_parameter_is_judged_by_the_round_that_draws_it_first():
    space = Space({"rate": RATE, "momentum": Uniform(0, 1)})
    points = space.draw(60, random_state=0)
    first = trials_of([{"rate": p["rate"]} for p in points[:30]], lambda p: p["rate"])
    second = trials_of(points[30:], lambda p: p["momentum"], round=1, first=30)
    shares = importance(space, first + second)
    assert shares["rate"] > 0.98
    assert shares["momentum"] > 0.95


def test_too_few_trials_or_equal_scores_make_nothing_important():
    space = Space({"rate": RATE, "momentum": Uniform(0, 1), "beta": [0.9]})
    nothing = {"rate": 0.0, "momentum": 0.0, "beta": 0.0}
    points = space.draw(20, random_state=0)
    assert importance(space, []) == nothing
    assert importance(space, [trial(0, points[0], 1.0)]) == nothing
    assert importance(space, trials_of(points[:3], lambda p: p["rate"])) == nothing
    assert importance(space, trials_of(points, lambda p: 1.0)) == nothing
    assert importance(space, trials_of(points, lambda p: None)) == nothing

"""A lead within its confidence interval is a tie."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import fanin
from fanin import optim, search
from fanin.data.order import in_random_order
from fanin.search import Outcome, Trial
from fanin.search.comparison import lead, student
from fanin.search.result import best_of, ties_of
from searched import SMALL, SPACE, X, Y, make_net


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 9, 19, 1000])
def test_quantiles_of_students_distribution_are_those_of_scipy(degrees):
    assert student(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=4e-3)


def test_the_interval_is_that_of_the_paired_t_test():
    one, other = np.random.default_rng(0).normal(size=(2, 20))
    ahead = lead(one, other, 0.0)
    half = student(19) * ahead.error
    interval = stats.ttest_rel(one, other).confidence_interval(0.95)
    assert (ahead.mean - half, ahead.mean + half) == pytest.approx((interval.low, interval.high), rel=1e-4)
    assert ahead.is_clear == (interval.low > 0 or interval.high < 0)


def test_folds_that_share_training_rows_widen_the_interval():
    one, other = np.random.default_rng(1).normal(size=(2, 5))
    plain, corrected = (lead(one, other, ratio).error for ratio in (0.0, 0.25))
    assert corrected == pytest.approx(plain * math.sqrt((0.2 + 0.25) / 0.2))


def test_one_pair_makes_no_interval():
    only = lead([1.0], [0.5], 0.0)
    assert (only.mean, only.error, only.is_clear) == (0.5, math.inf, False)


def test_a_lead_within_its_interval_is_reported_as_a_tie():
    same = {"rate": search.Uniform(0.01, 0.0100001)}
    result = search.run(make_net, same, X, Y, n_iter=3, min_epochs=4, max_epochs=4)
    assert result.ties
    assert "is within its 95 % confidence interval: a tie" in result.log[-1]


def test_a_lead_beyond_its_interval_is_no_tie():
    result = search.run(make_net, {"rate": [1e-5, 3e-2]}, X, Y, min_epochs=40, max_epochs=40)
    assert result.best_params["rate"] == 3e-2
    assert result.ties == ()
    assert "beyond its 95 % confidence interval" in result.log[-1]


def scored_by_rung(number, *scores):
    """A trial whose mean scores at rungs of 1, 3, 9, ... epochs are these, with the same spread over four folds."""
    spread = np.array([-0.01, 0.01, -0.01, 0.01])
    outcomes = [
        Outcome(number, 3**rung, tuple(score + (1 + number) * spread), 0.0)
        for rung, score in enumerate(scores)
    ]
    return Trial(number, 1, {"rate": number}, tuple(outcomes))


def test_the_best_is_one_of_those_trained_longest():
    trials = [scored_by_rung(0, 0.80), scored_by_rung(1, 0.79, 0.795)]
    assert best_of(trials, 0.25) == trials[1]


def test_an_earlier_rung_is_best_if_it_leads_by_more_than_its_standard_error():
    trials = [scored_by_rung(0, 0.9, 0.84, 0.83), scored_by_rung(1, 0.8, 0.82), scored_by_rung(2, 0.7)]
    best = best_of(trials, 0.25)
    assert (best.number, best.epochs) == (0, 1)
    assert ties_of(best, trials, 0.25) == ()


def test_more_epochs_that_overfit_are_reported():
    rng = np.random.default_rng(5)
    X, noise = rng.normal(size=(300, 100)), rng.normal(size=(300, 1))

    def make(rate):
        return fanin.Network(100, [fanin.Dense(1)]), {"rule": optim.Adam(rate)}

    result = search.run(make, {"rate": search.LogUniform(1e-3, 1e-1)}, X, noise, n_iter=9, max_epochs=81)
    assert result.best.epochs < 81
    assert "more epochs overfit" in result.log[-1]
    assert -result.best_score == pytest.approx(loss_of_held_out(result.net, X, noise), rel=1e-5)


def loss_of_held_out(net, X, y):
    held = np.sort(in_random_order(300, 0)[:60])
    return net.evaluate(X[held], y[held])["loss"]


def test_trials_of_earlier_rungs_are_never_ties():
    result = search.run(make_net, SPACE, X, Y, **SMALL)
    assert all(trial.epochs == result.best.epochs for trial in result.ties)

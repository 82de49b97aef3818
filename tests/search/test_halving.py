"""Successive halving: few epochs for many trials, many for few."""

from __future__ import annotations

import pytest

from fanin import search
from fanin.search.halving import promoted, rungs_of
from fanin.training.tail import tail_epochs
from searched import SMALL, SPACE, X, Y, make_net


def test_rungs_are_powers_of_the_factor_below_the_last_one():
    assert rungs_of(64, 3, "auto", 200) == (7, 22, 67, 200)
    assert rungs_of(27, 3, "auto", 27) == (3, 9, 27)
    assert rungs_of(8, 2, "auto", 8) == (2, 4, 8)


def test_a_lowest_number_of_epochs_cuts_rungs_off():
    assert rungs_of(64, 3, 20, 200) == (22, 67, 200)
    assert rungs_of(64, 3, 200, 200) == (200,)


def test_rungs_never_fall_below_an_epoch_or_repeat():
    assert rungs_of(1000, 3, "auto", 4) == (1, 4)
    assert rungs_of(64, 3, "auto", 1) == (1,)
    assert rungs_of(3, 3, "auto", 50) == (50,)


def test_a_third_reaches_the_next_rung_rounded_up():
    assert [promoted(n, 3) for n in (64, 22, 8, 3, 1)] == [22, 8, 3, 1, 1]


def test_a_tail_takes_its_share_of_a_rung_and_at_least_an_epoch():
    assert [tail_epochs(0.2, n) for n in (1, 2, 7, 22, 200)] == [1, 1, 1, 4, 40]
    assert tail_epochs(0.0, 200) == 0


def test_the_trials_of_each_rung_are_the_best_of_the_one_before():
    result = search.run(make_net, SPACE, X, Y, **SMALL)
    assert result.rungs == (3, 9)
    first = sorted(result.trials, key=lambda trial: -trial.outcomes[0].score)
    assert {trial.number for trial in result.trials if len(trial.outcomes) == 2} == {
        trial.number for trial in first[:3]
    }
    assert result.best.score == max(trial.score for trial in result.trials if trial.epochs == 9)


def test_equal_numbers_of_epochs_make_a_plain_random_search():
    result = search.run(make_net, SPACE, X, Y, n_iter=5, min_epochs=2, max_epochs=2)
    assert [trial.epochs for trial in result.trials] == [2] * 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_iter": 0}, "n_iter: expected at least 1, got 0"),
        ({"factor": 1}, r"factor: expected a number in \(1, infinity\), got 1"),
        ({"max_epochs": 0}, "max_epochs: expected at least 1, got 0"),
        ({"min_epochs": 12}, "min_epochs: expected at most max_epochs, 9, got 12"),
        ({"min_epochs": "few"}, "min_epochs: expected a number or \"auto\", got 'few'"),
        ({"rounds": None}, "rounds: expected a number, or max_time too, got None"),
        ({"rounds": 0}, "rounds: expected at least 1, got 0"),
        ({"tail": 1}, r"tail: expected a number in \[0, 1\), got 1"),
        ({"scoring": "r2"}, "scoring: expected one of loss, accuracy, got 'r2'"),
        ({"max_time": 0}, r"max_time: expected a number in \(0, infinity\), got 0"),
        ({"validation_fraction": 1}, r"validation_fraction: expected a number in \(0, 1\), got 1"),
    ],
)
def test_impossible_settings_of_a_search_are_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        search.run(make_net, SPACE, X, Y, **{**SMALL, **arguments})

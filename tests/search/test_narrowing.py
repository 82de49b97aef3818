"""From coarse to fine: each round searches half the range around the best trials, and says why."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fanin.search import Choice, IntUniform, LogUniform, OneMinusLogUniform, TupleOf, Uniform
from fanin.search.narrowing import narrowed
from fanin.search.space import Space
from fanin.search.trials import ranked
from made_up_trials import trial, trials_of

RATE = LogUniform(1e-4, 1e-1)


def after(distribution, value, current=None, name="x"):
    """The next distribution of one parameter and its sentences, if the best trial has a value."""
    first = Space({name: distribution})
    return next_of(first, Space({name: current or distribution}), [trial(7, {name: value}, 1.0)], name)


def next_of(first, current, trials, name):
    space, log = narrowed(first, current, trials)
    return space[name], log


def share(whole, part):
    low, high = whole.span(part)
    return high - low


@pytest.mark.parametrize("whole", [RATE, Uniform(-2, 5), OneMinusLogUniform(0.5, 0.999)], ids=repr)
def test_a_range_halves_on_its_scale_around_the_best(whole):
    following, _ = after(whole, whole.at(0.4))
    assert whole.span(following) == pytest.approx((0.15, 0.65))
    again, _ = after(whole, whole.at(0.5), following)
    assert whole.span(again) == pytest.approx((0.375, 0.625))


def test_a_decision_is_a_sentence_with_its_numbers():
    _, log = after(RATE, RATE.at(0.5), name="learning_rate_init")
    assert log == [
        "learning_rate_init: next from 0.00056 to 0.018 (before: 0.0001 to 0.1), around 0.0032; best trial: 7"
    ]
    _, log = after(OneMinusLogUniform(0.9, 0.9999), 0.999)
    assert log == ["x: next from 0.9944 to 0.99982 (before: 0.9 to 0.9999), around 0.999; best trial: 7"]


def test_a_range_lies_around_the_median_of_the_best_three():
    u = [0.5, 0.35, 0.9, 0.1]
    trials = [trial(i, {"x": RATE.at(place)}, -float(i)) for i, place in enumerate(u)]
    following, log = next_of(Space({"x": RATE}), Space({"x": RATE}), trials, "x")
    assert RATE.span(following) == pytest.approx((0.25, 0.75))
    assert log[0].endswith("best trials: 0, 1, 2")


def test_no_range_leads_outside_the_one_given_and_its_end_is_reported():
    for place, end in ((0.02, "low"), (0.99, "high")):
        following, log = after(RATE, RATE.at(place))
        assert RATE.span(following) == pytest.approx((0, 0.5) if end == "low" else (0.5, 1))
        assert f", near the {end} end of the range given: a wider one may be better; " in log[0]


def test_an_end_that_nothing_can_lie_beyond_is_not_called_too_narrow():
    _, log = after(Uniform(0, 0.5), 0.01)
    assert "near the low end of the range given; best" in log[0]


def test_a_range_moves_and_keeps_its_width_if_the_best_lies_near_an_end_that_is_not_the_users():
    current = RATE.between(0.4, 0.6)
    for place, span in ((0.41, (0.31, 0.51)), (0.59, (0.49, 0.69)), (0.9, (0.8, 1.0))):
        following, log = after(RATE, RATE.at(place), current)
        assert RATE.span(following) == pytest.approx(span)
        assert "end: the range moves and keeps its width" in log[0]


@pytest.mark.parametrize(
    "whole", [IntUniform(1, 3), IntUniform(16, 128), IntUniform(1, 1000, log=True)], ids=repr
)
def test_integers_are_narrowed_and_never_to_fewer_than_two(whole):
    for u in np.linspace(0, 1, 11):
        best, current = whole.at(u), whole
        for _ in range(12):
            current, _ = after(whole, best, current)
            assert whole.low <= current.low <= best <= current.high <= whole.high
            assert current.count >= 2
            assert current.log == whole.log
        assert current.count <= 3


def test_a_range_of_integers_is_the_half_around_the_best():
    assert after(IntUniform(1, 8), 5)[0] == IntUniform(3, 7)
    assert after(IntUniform(1, 3), 1)[0] == IntUniform(1, 2)


def test_integers_beside_the_best_stay_and_come_back():
    assert after(IntUniform(1, 3), 2, IntUniform(2, 3))[0] == IntUniform(1, 3)
    assert after(IntUniform(1, 9), 6, IntUniform(5, 7))[0] == IntUniform(5, 7)
    assert after(IntUniform(1, 9), 5, IntUniform(5, 7))[0] == IntUniform(4, 6)


def test_tuples_are_narrowed_in_length_and_element():
    whole = TupleOf(IntUniform(1, 100), IntUniform(1, 8))
    following, log = after(whole, (40, 50, 60), name="hidden_layer_sizes")
    assert following.length == IntUniform(1, 5)
    assert (following.element.low, following.element.high) == pytest.approx((26, 74), abs=2)
    assert log[0].startswith(
        "hidden_layer_sizes: length next from 1 to 5 (before: 1 to 8), around 3; each next from "
    )
    assert after(TupleOf(RATE, 2), (1e-3, 1e-2))[0].length == 2


def test_a_range_of_elements_keeps_all_of_the_best_tuple():
    following, _ = after(TupleOf(IntUniform(1, 100), 2), (10, 95))
    assert following.element.low <= 10
    assert following.element.high >= 95


def test_tuples_of_anything_but_ranges_stay():
    whole = TupleOf(Choice(["a", "b"]), 2)
    assert after(whole, ("a", "b")) == (whole, [])


def options(tried):
    """Trials with the options of a list, from best to worst."""
    return [trial(i, {"x": option, "rate": 0.01}, -float(i)) for i, option in enumerate(tried)]


def better_of(choices, tried):
    space = Space({"x": choices, "rate": RATE})
    return next_of(space, space, options(tried), "x")


def test_an_option_that_none_of_the_better_half_has_is_dropped_with_its_count():
    choice, log = better_of(["relu", "tanh", "logistic"], ["relu", "tanh", "relu", "tanh", *["logistic"] * 3])
    assert choice == Choice(["relu", "tanh"])
    assert log[0] == (
        "x: next among 'relu', 'tanh'; no trial with another value is in the better half ('logistic' of 3 trials)"
    )


def test_an_option_stays_if_it_was_tried_less_than_three_times():
    choice, log = better_of(["relu", "tanh"], ["relu", "relu", "relu", "tanh", "tanh"])
    assert choice == Choice(["relu", "tanh"])
    assert not any(line.startswith("x:") for line in log)


def test_one_option_always_stays():
    choice, _ = better_of(["relu", "tanh"], ["relu"] * 4 + ["tanh"] * 4)
    assert choice == Choice(["relu"])
    space = Space({"x": ["relu", "tanh"]})
    following, log = narrowed(space, space, options(["relu"] * 4 + ["tanh"] * 4))
    assert following == space
    assert log == ["the space stays as it is: one point would be left"]


def test_options_that_are_distributions_are_recognized_by_their_values():
    penalty = Choice([0.0, LogUniform(1e-6, 1e-2)])
    choice, _ = better_of(penalty, [1e-4, 1e-3, 1e-5, 0.0, 0.0, 0.0])
    assert choice == Choice([LogUniform(1e-6, 1e-2)])


def test_constants_stay_and_distributions_of_scipy_stay_with_one_sentence():
    first = Space({"rate": RATE, "beta": [0.999], "alpha": stats.loguniform(1e-6, 1e-2)})
    points = first.draw(8, random_state=0)
    trials = trials_of(points[:4], lambda p: -p["rate"])
    space, log = narrowed(first, first, trials)
    assert (space["beta"], space["alpha"]) == (first["beta"], first["alpha"])
    assert log[1:] == [
        "alpha: keeps its whole range, because only distributions of fanin.search are narrowed"
    ]
    trials += trials_of(points[4:], lambda p: -p["rate"], round=1, first=4)
    assert len(narrowed(first, space, trials)[1]) == 1


def test_trials_of_a_higher_rung_are_better_and_failed_ones_the_worst():
    trials = [
        trial(0, {}, math.nan, epochs=9),
        trial(1, {}, 0.9, epochs=1),
        trial(2, {}, 0.1, epochs=9),
        trial(3, {}, 0.5, epochs=3),
        trial(4, {}, 0.9, epochs=1),
    ]
    assert [t.number for t in ranked(trials)] == [2, 3, 1, 4, 0]


def test_a_space_stays_if_every_trial_failed_or_none_drew_the_parameter():
    space = Space({"rate": RATE})
    assert narrowed(space, space, trials_of(space.draw(5), lambda p: None)) == (space, [])
    assert narrowed(space, space, [trial(0, {}, 1.0)]) == (space, [])


def test_a_range_too_small_to_halve_stays():
    tiny = Uniform(1.0, math.nextafter(1.0, 2.0))
    following, log = after(tiny, 1.0)
    assert following == tiny
    assert "no number lies between the ends" in log[0]


def search(objective, first, rounds, seed):
    space, trials = first, []
    for number, n in enumerate(rounds):
        if trials:
            space, _ = narrowed(first, space, trials)
        trials += trials_of(space.draw(n, (seed + number) * 10), objective, round=number, first=len(trials))
    return max(t.score for t in trials)


def test_three_rounds_come_closer_to_an_optimum_than_random_search_with_as_many_trials():
    first = Space({"rate": RATE, "momentum": OneMinusLogUniform(0.5, 0.999), "dropout": Uniform(0, 0.5)})

    def objective(p):
        rate, momentum, dropout = (first[name].place(p[name]) for name in first)
        return -((rate - 0.3) ** 2) - 0.3 * (momentum - 0.8) ** 2 - 0.1 * (dropout - 0.6) ** 2

    fine = [search(objective, first, (24, 12, 12), seed) for seed in range(20)]
    coarse = [search(objective, first, (48,), seed) for seed in range(20)]
    assert np.median(fine) > 0.5 * np.median(coarse)  # both are negative

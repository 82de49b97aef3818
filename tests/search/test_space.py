"""A space is checked, and its points are drawn at random or taken from a grid."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import stats

from fanin.search import Choice, Grid, IntUniform, LogUniform, OneMinusLogUniform, TupleOf, Uniform
from fanin.search.space import Space

RATE = LogUniform(1e-4, 1e-1)
MOMENTUM = OneMinusLogUniform(0.5, 0.99)


def test_25_random_points_try_25_rates_and_a_grid_of_25_tries_5():
    space = Space({"rate": RATE, "momentum": MOMENTUM})
    grid, random = list(Grid(space)), space.draw(25, random_state=0)
    assert len(grid) == len(random) == 25
    assert len({point["rate"] for point in grid}) == 5
    assert len({point["rate"] for point in random}) == 25


def test_lists_tuples_and_arrays_are_choices():
    space = Space({"a": [1, 2], "b": ("x", "y"), "c": np.array([0.5, 0.25])})
    assert dict(space) == {"a": Choice([1, 2]), "b": Choice(["x", "y"]), "c": Choice([0.5, 0.25])}
    assert all(type(point["c"]) is float for point in space.draw(8))


def test_one_value_beside_others_is_a_constant():
    points = Space({"rate": RATE, "momentum": [0.9]}).draw(5, random_state=0)
    assert [point["momentum"] for point in points] == [0.9] * 5


@pytest.mark.parametrize("kind", [int, np.random.RandomState, np.random.default_rng])
def test_distributions_of_scipy_are_drawn_as_plain_numbers_with_the_seed(kind):
    space = Space({"alpha": stats.loguniform(1e-6, 1e-2), "units": stats.randint(8, 64)})
    points = space.draw(6, random_state=kind(3))
    assert points == space.draw(6, random_state=kind(3))
    assert {(type(point["alpha"]), type(point["units"])) for point in points} == {(float, int)}


def test_points_are_independent():
    points = Space({"rate": RATE, "momentum": MOMENTUM}).draw(2_000, random_state=0)
    places = np.array([(RATE.place(p["rate"]), MOMENTUM.place(p["momentum"])) for p in points])
    assert np.abs(np.corrcoef(places.T)[0, 1]) < 0.05
    assert stats.kstest(places[:, 0], "uniform").pvalue > 0.01
    assert stats.kstest(places[:, 1], "uniform").pvalue > 0.01


def test_points_of_a_finite_space_are_all_different():
    space = Space({"layers": IntUniform(1, 3), "activation": ["relu", "tanh"]})
    assert space.size == 6
    for n in range(1, 9):
        points = {tuple(point.items()) for point in space.draw(n, random_state=n)}
        assert len(points) == min(n, 6)
    assert len(space.draw(100, random_state=0)) == 6


def test_all_points_of_a_finite_space_come_in_random_order():
    space = Space({"layers": IntUniform(1, 9), "units": [16, 32, 64]})
    orders = {repr(space.draw(27, random_state=seed)) for seed in range(5)}
    assert len(orders) == 5
    assert len({repr(sorted(map(repr, space.draw(27, random_state=seed)))) for seed in range(5)}) == 1


def test_options_given_twice_are_drawn_more_often_and_count_once():
    space = Space({"activation": ["relu", "relu", "relu", "tanh"], "layers": [1, 2]})
    assert space.size == 4
    first = [space.draw(1, random_state=seed)[0]["activation"] for seed in range(200)]
    assert 130 < first.count("relu") < 170
    assert [len(space.draw(n, random_state=0)) for n in (2, 3, 4, 9)] == [2, 3, 4, 4]


def test_points_of_a_finite_space_are_drawn_evenly():
    space = Space({"layers": IntUniform(1, 3), "activation": ["relu", "tanh"]})
    drawn = [repr(point) for seed in range(600) for point in space.draw(2, random_state=seed)]
    assert stats.chisquare(np.unique(drawn, return_counts=True)[1]).pvalue > 0.01


def test_the_size_of_a_space_is_the_product_of_its_counts_or_none():
    layers = TupleOf(IntUniform(1, 4), IntUniform(1, 2))
    assert Space({"layers": layers, "activation": ["relu", "tanh"]}).size == 20 * 2
    assert Space({"layers": layers, "rate": RATE}).size is None
    assert Space({"layers": layers, "alpha": stats.loguniform(1e-6, 1e-2)}).size is None


def test_a_grid_has_every_combination_with_the_ends_of_each_range():
    grid = Grid({"rate": RATE, "layers": IntUniform(1, 3), "activation": ["relu", "tanh"]}, points=4)
    points = list(grid)
    assert len(points) == len(grid) == 4 * 3 * 2
    assert len({repr(point) for point in points}) == 24
    assert sorted({point["rate"] for point in points}) == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1])
    assert min(point["rate"] for point in points) == 1e-4
    assert max(point["rate"] for point in points) == 1e-1


def test_a_grid_combines_the_values_within_choices_and_tuples():
    assert [p["l2"] for p in Grid({"l2": Choice([0.0, Uniform(1, 2)])}, points=3)] == [0.0, 1.0, 1.5, 2.0]
    pairs = [p["layers"] for p in Grid({"layers": TupleOf(IntUniform(10, 90), IntUniform(1, 2))}, points=2)]
    assert pairs == [(10,), (90,), (10, 10), (10, 90), (90, 10), (90, 90)]


BAD = {
    "a list": (
        [1, 2],
        TypeError,
        "expected a mapping from names to distributions or lists of values, got [1, 2]",
    ),
    "empty": ({}, ValueError, "expected at least one parameter, got none"),
    "numbered": ({1: [2, 3]}, TypeError, "expected names of parameters, got 1"),
    "one point": (
        {"rate": [0.1], "momentum": [0.9]},
        ValueError,
        "expected something to choose among, got one value for each parameter",
    ),
    "no values": ({"rate": []}, ValueError, "['rate']: expected at least one value, got an empty list"),
    "a number": (
        {"rate": 0.1, "momentum": MOMENTUM},
        TypeError,
        "['rate']: expected a distribution or a list of values, got 0.1; a constant is a list of one value",
    ),
    "text": (
        {"rate": "auto"},
        TypeError,
        "['rate']: expected a distribution or a list of values, got 'auto'",
    ),
    "a class": ({"rate": Uniform}, TypeError, "['rate']: expected a distribution, got the class Uniform"),
    "a matrix": (
        {"rate": np.ones((2, 2))},
        TypeError,
        "['rate']: expected a distribution or a list of values, got an array of shape (2, 2)",
    ),
}


@pytest.mark.parametrize(("mapping", "error", "message"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("name", ["space", "param_distributions"])
def test_a_bad_space_gets_a_message_with_its_name(mapping, error, message, name):
    with pytest.raises(error, match=re.escape(name) + ".*" + re.escape(message)):
        Space(mapping, name)


def test_bad_numbers_of_points_and_grids_without_ranges_get_a_clear_message():
    with pytest.raises(ValueError, match=r"n: expected at least 1, got 0"):
        Space({"rate": RATE}).draw(0)
    with pytest.raises(ValueError, match=r"points: expected at least 2, got 1"):
        Grid({"rate": RATE}, points=1)
    message = r"space\['alpha'\]: expected a distribution of fanin.search for a grid, got "
    with pytest.raises(TypeError, match=message):
        Grid({"alpha": stats.loguniform(1e-6, 1e-2)})

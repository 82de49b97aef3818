"""Curvature in the bench: what the rounds give together, and the Levenberg-Marquardt on NumPy."""

import sys
from math import inf

import numpy as np
import pytest

from helpers import ROOT

sys.path.append(str(ROOT))

from bench import curvature, targets
from bench.workers import marquardt


def test_products_are_compared_with_the_gradient():
    rounds = {"gradient": {"fanin": [1.0, 2.0, 9.0]}, "Hessian product": {"fanin": [3.0, 3.0, 4.0]}}
    assert curvature.derived(rounds) == {"Hessian product over gradient": {"fanin": [1.5]}}
    assert curvature.derived({"Hessian product": {"fanin": [3.0]}}) == {}


def test_starts_become_times_and_evaluations_which_are_compared_start_by_start():
    rounds = {"fanin": [[(5.0, 10), (6.0, 30)], [(7.0, 20)]], "SciPy": [[(8.0, 20), (9.0, 15)], [(9.0, 20)]]}
    found = curvature.derived({"L-BFGS": rounds})
    assert found["L-BFGS"] == {"fanin": [5.0, 6.0, 7.0], "SciPy": [8.0, 9.0, 9.0]}
    assert found["evaluations"] == {"fanin": [10, 30, 20], "SciPy": [20, 15, 20]}
    assert found["evaluations over SciPy's"] == {"fanin": [1.0]}


def test_a_start_that_does_not_reach_the_loss_counts_as_infinitely_many_evaluations():
    assert curvature.over_scipy([10, inf, inf], [10, 10, inf]) == 1.0
    assert curvature.over_scipy([inf, inf, 10], [10, 10, 10]) == inf
    assert curvature.over_scipy([10.0], [inf]) == 0.0


def test_levenberg_marquardt_of_numpy_lowers_the_error_to_the_goal():
    x, w = np.linspace(-1, 1, 50)[:, None], [np.ones((1, 3)), np.arange(3.0), np.ones((3, 1)), np.zeros(1)]
    e, a = marquardt.residuals(w, x, x**2)
    J = marquardt.jacobian(w, x, a)
    for i in range(10):
        after, _ = marquardt.residuals(marquardt.moved(w, 1e-6 * np.eye(10)[i]), x, x**2)
        assert (after - e)[:, 0] / 1e-6 == pytest.approx(J[:, i], abs=1e-5)
    assert marquardt.solved(w, x, x**2, 200, goal=1e-5) <= 1e-5 < marquardt.solved(w, x, x**2, 1, goal=1e-5)


def test_the_targets_of_curvature_name_cases_that_there_are():
    results = [*curvature.RESULTS, *curvature.UNITS]
    rows = [f"{result}, {case.name}, threads 2" for result in results for case in curvature.CASES]
    patterns = [
        where for group, what, _, where in targets.TARGETS if group == "curvature" and what != "advice"
    ]
    assert all(any(targets.re.search(where, row) for row in rows) for where in patterns)
    assert len(patterns) == 11

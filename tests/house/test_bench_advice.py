"""The advice in the bench: its nets, what its rounds give together, and its target."""

import sys

import pytest

from helpers import ROOT

sys.path.append(str(ROOT))

from bench import advice, report, targets

of_advice = pytest.importorskip("bench.workers.advice")  # needs pandas and scikit-learn

ERRORS = {"fanin": [1.0, 3.0], "mini-batches": [2.0, 4.0], "L-BFGS": [1.0, 3.0]}


def run_of(errors):
    derived = advice.of_all_splits({"error": errors})
    cases = [
        {"case": "suggest: wine", "threads": 1, "result": result, "unit": "%", "values": values}
        for result, values in derived.items()
    ]
    return {"machine": {}, "curvature": {"rate": "", "cases": cases}}


def test_splits_become_means_and_the_error_of_the_advice_over_the_least_of_the_roads():
    assert advice.of_all_splits({"error": ERRORS}) == {
        "error": {"fanin": [2.0], "mini-batches": [3.0], "L-BFGS": [2.0]},
        "over the better road": {"fanin": [100.0]},
    }
    assert advice.of_all_splits({"error": {"L-BFGS": [1.0]}}) == {"error": {"L-BFGS": [1.0]}}
    assert advice.of_all_splits({}) == {}


def test_the_table_of_choices_names_the_road_that_was_advised():
    (table,) = advice.table_of_choices(report.groups(run_of(ERRORS))["curvature"])
    (line,) = table.rows
    assert (line["advice"], line["of the better error, %"]) == ("L-BFGS", "100")
    assert (line["mini-batches, %"], line["L-BFGS, %"]) == ("3.00", "2.00")
    (table,) = advice.table_of_choices(report.groups(run_of(ERRORS | {"fanin": [2.0, 3.0]}))["curvature"])
    assert table.rows[0]["advice"] == "several roads"
    assert advice.table_of_choices([]) == []


def test_the_target_of_advice_is_a_bound_on_its_worst_error():
    for factor, verdict in ((1.04, "met"), (1.06, "missed")):
        errors = ERRORS | {"fanin": [2 * factor]}
        (line,) = targets.targets_table(run_of(errors), "curvature").rows
        assert line["verdict"] == verdict


def test_a_round_of_advice_is_the_error_of_a_road_on_the_next_split():
    case = next(case for case in advice.ADVICE if case.name == "suggest: wine, 16 tanh, float64")
    of_column = {task.column: task for task in of_advice.tasks(case)}
    assert list(of_column) == ["", "mini-batches", "L-BFGS"]
    first, second = (of_column["L-BFGS"].round(1.0) for _ in range(2))
    assert first != second
    assert of_column[""].round(1.0) == first


def test_levenberg_marquardt_is_a_road_for_squared_errors_in_float64():
    case = next(case for case in advice.ADVICE if case.load == "diabetes" and case.dtype == "float64")
    assert "Levenberg-Marquardt" in of_advice.roads(case, 2000)
    assert "Levenberg-Marquardt" not in of_advice.roads(case, 2001)
    assert len(advice.ADVICE) == 18

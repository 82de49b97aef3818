"""Searches in the bench: what their rounds give together, their targets, and the rows that are tuned on."""

import sys

import numpy as np
import pytest

from helpers import ROOT

sys.path.append(str(ROOT))

from bench import report, search, targets

tuning = pytest.importorskip("bench.workers.tuning")  # needs pandas and scikit-learn
trials = pytest.importorskip("bench.workers.trials")


def rounds_of(*errors):
    return [{"test error": error, "trials": 20.0, "tuning time": 30.0} for error in errors]


def run_of(ours, theirs):
    derived = search.derived({"test error": {"fanin": rounds_of(*ours), "Optuna": rounds_of(*theirs)}})
    cases = [
        {
            "case": "tuning: wine",
            "threads": 2,
            "result": result,
            "unit": search.UNITS[result],
            "values": values,
        }
        for result, values in derived.items()
    ]
    return {"machine": {}, "search": {"rate": "", "cases": cases}}


def test_seeds_become_errors_trials_and_seconds_and_the_ratio_of_the_median_errors():
    found = search.derived({"test error": {"fanin": rounds_of(1, 2, 9), "Optuna": rounds_of(3, 4, 5)}})
    assert found["test error"] == {"fanin": [1, 2, 9], "Optuna": [3, 4, 5]}
    assert found["trials"]["Optuna"] == [20.0] * 3
    assert found["tuning time"]["fanin"] == [30.0] * 3
    assert found["test error over Optuna's"] == {"fanin": [50.0]}
    assert search.derived({"population": {"fanin": [1.9]}}) == {}
    assert "test error over Optuna's" not in search.derived({"test error": {"fanin": rounds_of(1)}})


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        ([1, 2, 2], [1, 2, 9], "met"),
        ([0, 0, 2], [0, 0, 0], "met"),
        ([0, 0, 0], [2, 2, 2], "met"),
        ([2, 2, 2], [0, 0, 2], "missed"),
    ],
)
def test_a_median_error_above_that_of_optuna_is_missed_and_none_at_all_is_an_error_like_another(
    ours, theirs, verdict
):
    (line,) = targets.targets_table(run_of(ours, theirs), "search").rows
    assert line["verdict"] == verdict


def test_errors_of_nothing_are_shown():
    rows = report.groups(run_of([0, 0, 2], [0, 0, 0]))["search"]
    table, *_ = report.result_tables(rows, search.RESULTS, "")
    assert table.rows[0]["fanin, %"].startswith("0.00")


def test_the_targets_of_searches_name_cases_that_there_are():
    rows = [f"{result}, {case.name}, threads 2" for result in search.RESULTS for case in search.CASES]
    patterns = [where for group, _, _, where in targets.TARGETS if group == "search"]
    assert all(any(targets.re.search(where, row) for row in rows) for where in patterns)
    assert (len(patterns), search.RESULTS.keys()) == (3, search.UNITS.keys())


def test_a_random_search_is_judged_by_one_process_of_scikit_learn():
    values = {"fanin": [1.0], "scikit-learn": [31.0], "scikit-learn, n_jobs=2": [16.0]}
    case = {"case": search.CASES[1].name, "threads": 2, "result": "random search", "unit": "s"}
    run = {"machine": {}, "search": {"rate": "", "cases": [case | {"values": values}]}}
    (line,) = targets.targets_table(run, "search").rows
    assert (line["measured, unit"], line["verdict"]) == ("31.0", "met")


def test_tuning_holds_out_rows_by_the_seed_and_numbers_have_a_deviation_of_1():
    diabetes = next(case for case in search.TUNED if case.load == "diabetes")
    rows, other = (tuning.rows_of(diabetes, seed) for seed in (0, 1))
    assert (len(rows.X), len(rows.X_test), rows.X.dtype.name) == (331, 111, "float32")
    assert not (rows.y == other.y).all()
    assert np.concatenate([rows.y, rows.y_test]).std() == pytest.approx(1)


def test_a_round_of_tuning_is_the_error_of_what_was_found_on_the_next_seed():
    seen = []

    def tune(estimator, folds, rows, seed, seconds):
        seen.append((len(rows.X), folds.get_n_splits(), seed, seconds))
        return tuning.Choice({"mlp__hidden_layer_sizes": (8,), "mlp__max_iter": 5}, 7)

    (task,) = tuning.tasks(search.Tuning("wine"), tune)
    first, second = (task.round(3.0) for _ in range(2))
    assert seen == [(133, 3, 0, 3.0), (133, 3, 1, 3.0)]
    assert first["trials"] == 7
    assert 0 <= first["test error"] <= 100
    assert first["tuning time"] < 60
    assert second.keys() == first.keys()


def test_a_random_search_that_tries_fewer_trials_than_expected_is_not_timed():
    from sklearn.model_selection import RandomizedSearchCV
    from sklearn.neural_network import MLPClassifier

    case = search.Trials("float64", trials=2, epochs=1, rows=90)
    (task,) = trials.tasks(case, MLPClassifier, RandomizedSearchCV)
    mean, best = task.numbers()
    assert 0 < mean <= best <= 1
    (task,) = trials.tasks(
        case, MLPClassifier, lambda *args, n_iter, **more: RandomizedSearchCV(*args, n_iter=1, **more)
    )
    with pytest.raises(ValueError, match="2 trials expected, but got 1"):
        task.numbers()

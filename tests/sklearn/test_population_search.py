"""PopulationSearchCV: trials on their way up the rungs of every fold, each as if trained alone."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from fanin import search
from fanin.sklearn import MLPClassifier, MLPRegressor, PopulationSearchCV
from twins import VERSION

RNG = np.random.default_rng(11)
X = RNG.normal(size=(90, 4))
Y = np.where(X[:, 0] * X[:, 1] > 0, "same", "other")
NUMBER = X[:, 0] - X[:, 1] ** 2
SPACE = {"learning_rate_init": search.LogUniform(1e-4, 1e-1), "alpha": search.LogUniform(1e-6, 1e-2)}
SMALL = {"n_iter": 6, "cv": 3, "random_state": 0}


def model(**parameters: Any) -> MLPClassifier:
    return MLPClassifier(**{"hidden_layer_sizes": 8, "max_iter": 9, "batch_size": 16, **parameters})


def searched(estimator: Any = None, space: Any = None, **arguments: Any) -> PopulationSearchCV:
    return PopulationSearchCV(estimator or model(), space or SPACE, **{**SMALL, **arguments})


def alone(found: PopulationSearchCV, row: int, estimator: Any = None) -> np.ndarray:
    """The scores of a row of cv_results_, of trainings each by itself."""
    params = found.cv_results_["params"][row]
    epochs = int(found.cv_results_["n_epochs"][row])
    one = clone(estimator or found.estimator).set_params(**params)
    one.set_params(max_iter=epochs, linear_tail=0.2, random_state=found.best_estimator_.random_state)
    return cross_validate(one, X, Y, cv=StratifiedKFold(3))["test_score"]


@pytest.mark.parametrize(
    "parameters", [{}, {"solver": "sgd"}, {"early_stopping": True}, {"n_iter_no_change": 2}]
)
def test_every_rung_of_every_trial_scores_as_one_trained_alone(parameters):
    found = searched(model(**parameters)).fit(X, Y)
    results = found.cv_results_
    assert results["n_epochs"].tolist() == [3] * 6 + [9] * 2
    for row in range(8):
        splits = [results[f"split{fold}_test_score"][row] for fold in range(3)]
        assert splits == alone(found, row).tolist()


def test_the_best_estimator_is_the_one_trained_alone_on_all_rows():
    found = searched().fit(X, Y)
    again = clone(found.estimator).set_params(
        **found.best_params_,
        max_iter=found.n_epochs_,
        linear_tail=0.2,
        random_state=found.best_estimator_.random_state,
    )
    assert np.array_equal(again.fit(X, Y).predict_proba(X), found.predict_proba(X))


def test_the_same_seed_gives_the_same_search_on_any_number_of_jobs():
    one, two, three = (searched(n_jobs=jobs).fit(X, Y) for jobs in (1, 2, 3))
    for other in (two, three):
        assert one.search_.trials == other.search_.trials
        assert np.array_equal(one.predict_proba(X), other.predict_proba(X))
    assert searched(random_state=1).fit(X, Y).search_.trials != one.search_.trials


def test_results_have_the_columns_of_scikit_learn():
    found = searched(return_train_score=True).fit(X, Y)
    results = pd.DataFrame(found.cv_results_)
    assert {"iter", "n_epochs", "params", "param_alpha", "mean_fit_time", "std_score_time"} <= set(results)
    assert np.allclose(
        results["mean_test_score"], results[[f"split{k}_test_score" for k in range(3)]].mean(axis=1)
    )
    assert results["rank_test_score"].min() == 1
    assert (results["mean_train_score"] > 0).all()
    last = results[results["n_epochs"] == 9]
    assert found.best_index_ == last["mean_test_score"].idxmax()
    assert found.best_score_ == last["mean_test_score"].max()
    assert found.best_params_ == found.search_.best_params
    assert (found.n_splits_, found.multimetric_, found.n_features_in_) == (3, False, 4)
    assert found.classes_.tolist() == ["other", "same"]


def test_regression_takes_any_metric():
    found = searched(MLPRegressor(hidden_layer_sizes=8, max_iter=9), scoring="neg_mean_absolute_error").fit(
        X, NUMBER
    )
    assert found.best_score_ < 0
    assert found.predict(X).shape == (90,)


def test_distributions_of_scipy_and_lists_are_drawn():
    space = {"alpha": stats.loguniform(1e-6, 1e-2), "activation": ["relu", "tanh"]}
    found = searched(space=space).fit(X, Y)
    assert {trial.params["activation"] for trial in found.search_.trials} == {"relu", "tanh"}


def test_numbers_of_units_and_layers_are_drawn_together():
    space = {"hidden_layer_sizes": search.TupleOf(search.IntUniform(4, 9), search.IntUniform(1, 3))}
    found = searched(space=space).fit(X, Y)
    assert {len(trial.params["hidden_layer_sizes"]) for trial in found.search_.trials} == {1, 2, 3}


def test_a_pipeline_is_searched_with_its_earlier_steps():
    frame = pd.DataFrame(X, columns=list("abcd")).assign(kind=np.where(X[:, 2] > 0, "x", "y"))
    columns = make_column_transformer((OneHotEncoder(), ["kind"]), remainder=StandardScaler())
    pipeline = make_pipeline(columns, model())
    space = {
        "mlpclassifier__learning_rate_init": search.LogUniform(1e-4, 1e-1),
        "columntransformer__remainder": [StandardScaler(), MinMaxScaler()],
    }
    found = searched(pipeline, space).fit(frame, Y)
    row = found.best_index_
    fixed = {"max_iter": 9, "linear_tail": 0.2, "random_state": found.best_estimator_[-1].random_state}
    again = clone(pipeline).set_params(**found.best_params_)
    again[-1].set_params(**fixed)
    expected = cross_validate(again, frame, Y, cv=StratifiedKFold(3))["test_score"]
    assert [found.cv_results_[f"split{fold}_test_score"][row] for fold in range(3)] == expected.tolist()
    assert found.feature_names_in_.tolist() == [*"abcd", "kind"]


def test_validation_rows_take_the_place_of_folds():
    found = searched(cv=None).fit(X[:60], Y[:60], X_val=X[60:], y_val=Y[60:])
    assert found.n_splits_ == 1
    again = clone(found.best_estimator_).fit(X[:60], Y[:60])
    assert found.best_score_ == again.score(X[60:], Y[60:])


def test_groups_stay_together():
    groups = np.repeat(np.arange(9), 10)
    found = searched(cv=GroupKFold(3)).fit(X, Y, groups=groups)
    assert found.n_splits_ == 3


def test_sample_weights_count_in_training():
    weights = np.where(np.arange(90) % 2, 1.0, 1e-3)
    plain, weighted = searched().fit(X, Y), searched().fit(X, Y, sample_weight=weights)
    assert plain.search_.trials != weighted.search_.trials
    again = clone(weighted.best_estimator_).fit(X, Y, sample_weight=weights)
    assert np.array_equal(again.predict_proba(X), weighted.predict_proba(X))


def test_a_training_that_fails_scores_error_score():
    space = {"hidden_layer_sizes": [(8,), (0,), (9,)]}
    with pytest.warns(FitFailedWarning, match="3 of 9 trainings failed and score nan"):
        found = searched(space=space).fit(X, Y)
    failed = next(trial for trial in found.search_.trials if trial.params["hidden_layer_sizes"] == (0,))
    assert np.isnan(failed.score)
    assert failed.last.error == "ValueError: hidden_layer_sizes must be > 0, got [0]."
    assert found.best_params_["hidden_layer_sizes"] != (0,)
    with pytest.warns(FitFailedWarning, match="score -1"):
        assert -1.0 in searched(space=space, error_score=-1.0).fit(X, Y).cv_results_["mean_test_score"]
    with pytest.raises(ValueError, match="hidden_layer_sizes must be > 0"):
        searched(space=space, error_score="raise").fit(X, Y)


def test_a_search_of_which_all_fail_names_the_commonest_cause():
    space = {"learning_rate_init": search.LogUniform(1e20, 1e30)}
    with pytest.raises(
        ValueError, match=r"all 6 trials failed; the commonest cause \(6 of them\): ValueError: Solver"
    ):
        searched(model(solver="sgd"), space).fit(X * 1e30, Y)


def test_batches_larger_than_a_fold_are_cut_with_a_warning():
    with pytest.warns(
        UserWarning, match="batch_size: some trials draw more than 60, the training rows of a fold"
    ):
        searched(space={"batch_size": [30, 80]}).fit(X, Y)


def test_a_search_resumes_from_the_journal(tmp_path):
    path = tmp_path / "journal"
    whole = searched(journal=path).fit(X, Y)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    again = searched(journal=path).fit(X, Y)
    assert again.search_.trials == whole.search_.trials
    assert np.array_equal(again.predict_proba(X), whole.predict_proba(X))
    with pytest.raises(ValueError, match="another search, whose estimator is "):
        searched(model(beta_1=0.8), journal=path).fit(X, Y)
    with pytest.raises(ValueError, match="another search, whose data is "):
        searched(journal=path, cv=2).fit(X, Y)
    with pytest.raises(ValueError, match="random_state: expected an integer with a journal, got None"):
        searched(journal=path, random_state=None).fit(X, Y)


def test_a_time_limit_shortens_the_search():
    found = searched(model(max_iter=3000), n_iter=2000, max_time=1).fit(X, Y)
    assert len(found.search_.trials) < 2000
    assert found.predict(X).shape == (90,)


def test_a_function_may_choose_the_best():
    found = searched(refit=lambda results: int(np.argmax(results["param_alpha"]))).fit(X, Y)
    assert found.best_params_["alpha"] == max(found.cv_results_["param_alpha"])
    with pytest.raises(IndexError, match="refit: expected the number of a row of cv_results_, got 99"):
        searched(refit=lambda results: 99).fit(X, Y)


def test_without_refit_there_is_no_best_estimator():
    found = searched(refit=False).fit(X, Y)
    assert found.best_params_
    assert not hasattr(found, "best_estimator_")


def test_a_search_is_pickled_and_cloned():
    found = searched().fit(X, Y)
    again = pickle.loads(pickle.dumps(found))
    assert np.array_equal(again.predict(X), found.predict(X))
    assert again.search_.trials == found.search_.trials
    assert clone(found).get_params()["n_iter"] == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"estimator": StandardScaler()},
            "estimator: expected an MLPClassifier or MLPRegressor of fanin.sklearn",
        ),
        (
            {"space": {"rate": [1, 2]}},
            "param_distributions: expected parameters such as activation, .*got 'rate'",
        ),
        (
            {"space": {"max_iter": [1, 2]}},
            "max_iter is the number of epochs, which rungs set; expected max_epochs",
        ),
        ({"space": {"alpha": [1e-4]}}, "param_distributions: expected something to choose among"),
        ({"n_iter": 0}, "n_iter: expected at least 1, got 0"),
        ({"max_epochs": "many"}, "max_epochs: expected a number or \"auto\", got 'many'"),
        ({"min_epochs": 10}, "min_epochs: expected at most max_epochs, 9, got 10"),
        ({"scoring": ["accuracy", "f1"]}, "scoring: expected one metric, got"),
        ({"error_score": "nan"}, "error_score: expected a number, got 'nan'"),
        ({"tiers": "andrew"}, "tiers: "),
        ({"max_time": 1e-9}, "max_time: no trial was trained and scored in this time"),
    ],
)
def test_impossible_searches_of_estimators_are_errors(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        searched(**arguments).fit(X, Y)


def test_an_empty_space_of_an_estimator_is_an_error():
    with pytest.raises(ValueError, match="param_distributions: expected at least one parameter, got none"):
        PopulationSearchCV(model(), {}).fit(X, Y)


@pytest.mark.parametrize("given", [{"X_val": X}, {"y_val": Y}])
def test_validation_rows_and_targets_come_together(given):
    with pytest.raises(ValueError, match="X_val, y_val: expected both or neither"):
        searched(cv=None).fit(X, Y, **given)


def test_folds_and_validation_rows_exclude_each_other():
    with pytest.raises(ValueError, match="cv: expected None with X_val, got 3"):
        searched().fit(X, Y, X_val=X, y_val=Y)


CHECKS = parametrize_with_checks([PopulationSearchCV(MLPClassifier(8, max_iter=30), SPACE, n_iter=3, cv=2)])


@pytest.mark.skipif(
    VERSION < (1, 6), reason="older checks expect that rows of weight 0 do not count in folds"
)
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_a_search_passes_the_checks_of_scikit_learn(estimator, check):
    with warnings.catch_warnings():
        for category in (FutureWarning, RuntimeWarning, UserWarning):
            warnings.simplefilter("ignore", category)
        check(estimator)

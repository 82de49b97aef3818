"""PopulationSearchCV given what it cannot take, and what is easily confused."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fanin import search
from fanin.sklearn import MLPClassifier, MLPRegressor, PopulationSearchCV
from searched import killed_after
from systems import posix

RNG = np.random.default_rng(12)
X = RNG.normal(size=(90, 4))
Y = np.where(X[:, 0] * X[:, 1] > 0, "same", "other")
SPACE = {"learning_rate_init": search.LogUniform(1e-4, 1e-1), "alpha": search.LogUniform(1e-6, 1e-2)}


def model(**parameters: Any) -> MLPClassifier:
    return MLPClassifier(**{"hidden_layer_sizes": 6, "max_iter": 6, "batch_size": 16, **parameters})


def searched(estimator: Any = None, space: Any = None, **arguments: Any) -> PopulationSearchCV:
    given = {"n_iter": 5, "cv": 3, "random_state": 0, **arguments}
    return PopulationSearchCV(estimator or model(), space or SPACE, **given)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cv": []}, r"cv: expected splits into rows to train on and rows to score with, got \[\]"),
        ({"cv": [(np.arange(0), np.arange(9))]}, r"cv: expected splits into rows .*, got \[\(0, 9\)\]"),
        ({"cv": [(np.arange(9), np.arange(0))]}, r"cv: expected splits into rows .*, got \[\(9, 0\)\]"),
        ({"refit": lambda results: "best"}, "refit: expected the number of a row of cv_results_, got 'best'"),
        ({"scoring": lambda *given: np.nan}, r"all 5 trials failed; .* \(5 of them\): the score is NaN"),
        ({"estimator": MLPClassifier}, "got the class MLPClassifier of fanin"),
        (
            {"estimator": TransformedTargetRegressor(MLPRegressor())},
            "got TransformedTargetRegressor of sklearn",
        ),
        (
            {"estimator": make_pipeline(StandardScaler(), make_pipeline(model()))},
            "got a pipeline that ends with Pipeline of sklearn",
        ),
    ],
)
def test_a_search_of_estimators_says_what_it_cannot_take(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        searched(**arguments).fit(X, Y)


def test_targets_are_required():
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        searched().fit(X, None)


@pytest.mark.parametrize("name", ["batch_size", "linear_tail"])
def test_a_value_of_the_wrong_type_fails_as_in_the_estimator(name):
    with pytest.warns(FitFailedWarning, match=f"InvalidParameterError: The '{name}' parameter"):
        searched(space={name: [{}, 0.5 if name == "linear_tail" else 8]}).fit(X, Y)


def test_trials_that_all_fail_at_a_later_rung_are_an_error():
    def first_rung_only(estimator: Any, X: Any, y: Any) -> float:
        return 1.0 if estimator.n_iter_ < 6 else np.nan

    with pytest.raises(ValueError, match=r"all 2 trials failed; .*: the score is NaN"):
        searched(n_iter=2, factor=1.5, scoring=first_rung_only).fit(X, Y)


def test_labels_may_be_categorical_or_sparse():
    expected = searched().fit(X, Y)
    assert searched().fit(X, pd.Categorical(Y)).search_.trials == expected.search_.trials
    several = (X[:, :3] > 0).astype(int)
    dense, thin = (searched(cv=KFold(3)).fit(X, y) for y in (several, sparse.csr_matrix(several)))
    assert dense.search_.trials == thin.search_.trials


def test_estimators_among_the_options_stay_as_they_are():
    options = [model(alpha=1e-3), model(alpha=10.0)]
    scalers = [StandardScaler(), StandardScaler(with_mean=False)]
    pipeline = make_pipeline(StandardScaler(), model())
    found = searched(pipeline, {"mlpclassifier": options, "standardscaler": scalers}).fit(X, Y)
    assert not any(hasattr(option, "n_features_in_") for option in (*options, *scalers))
    fixed = {"max_iter": 6, "linear_tail": 0.2, "random_state": found.best_estimator_[-1].random_state}
    again = clone(pipeline).set_params(**clone(dict(found.best_params_), safe=False))
    again[-1].set_params(**fixed)
    expected = cross_validate(again, X, Y, cv=StratifiedKFold(3))["test_score"]
    row = found.best_index_
    assert [found.cv_results_[f"split{fold}_test_score"][row] for fold in range(3)] == expected.tolist()


class Column(TransformerMixin, BaseEstimator):
    """Selects a column; its text does not say which, like those of estimators with many parameters."""

    def __init__(self, number: int = 0) -> None:
        self.number = number

    def fit(self, X: Any, y: Any = None) -> Column:
        return self

    def transform(self, X: Any) -> Any:
        return X[:, [self.number]]

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        return "Column(...)"


def test_transformers_with_the_same_text_are_not_confused():
    informative = np.column_stack([X[:, 0], np.where(Y == "same", 1.0, -1.0)])
    space = {"column": [Column(0), Column(1)], "mlpclassifier__alpha": search.LogUniform(1e-6, 1e-3)}
    pipeline = make_pipeline(Column(), model(learning_rate_init=0.1))
    found = searched(pipeline, space, n_iter=8, min_epochs=6).fit(informative, Y)
    scores = {0: [], 1: []}
    for trial in found.search_.trials:
        scores[trial.params["column"].number].append(trial.score)
    assert min(scores[1]) > 0.95
    assert max(scores[0]) < 0.8


def test_weights_reach_the_last_step_of_a_pipeline_with_metadata_routing_too():
    weights = np.where(np.arange(90) % 2, 1.0, 1e-3)
    pipeline = make_pipeline(StandardScaler(), model())
    space = {"mlpclassifier__alpha": search.LogUniform(1e-6, 1e-2)}
    expected = searched(pipeline, space).fit(X, Y, sample_weight=weights)
    with config_context(enable_metadata_routing=True):
        found = searched(pipeline, space).fit(X, Y, sample_weight=weights)
    assert np.array_equal(found.predict_proba(X), expected.predict_proba(X))


def test_a_search_may_be_cross_validated():
    scores = cross_val_score(searched(n_jobs=2), X, Y, cv=2, error_score="raise")
    assert scores.tolist() == cross_val_score(searched(n_jobs=1), X, Y, cv=2, error_score="raise").tolist()


@posix
def test_a_signal_ends_a_search_and_all_its_trainings(tmp_path):
    path, scored = tmp_path / "journal", []

    def score(estimator: Any, X: Any, y: Any) -> float:
        scored.append(threading.get_ident())
        if len(scored) == 20:
            os.kill(os.getpid(), signal.SIGINT)
        return float(estimator.score(X, y))

    found = searched(scoring=score, rounds=1000, journal=path).fit(X, Y)
    assert not found.search_.complete
    assert found.predict(X).shape == (90,)
    count = len(scored)
    time.sleep(0.1)
    assert len(scored) == count
    again = searched(scoring=score, journal=path).fit(X, Y)
    assert again.search_.trials == searched(scoring=score).fit(X, Y).search_.trials


@posix
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_search_of_estimators_killed_at_any_moment_ends_with_the_same_result(tmp_path):
    path, random = tmp_path / "journal", np.random.default_rng(0)
    whole = searched(rounds=3).fit(X, Y)

    def search_here() -> None:
        searched(rounds=3, journal=path, n_jobs=1, refit=False).fit(X, Y)

    for _ in range(10):
        if killed_after(random.uniform(0.01, 0.15), search_here):
            path.unlink()
    again = searched(rounds=3, journal=path).fit(X, Y)
    assert again.search_.trials == whole.search_.trials
    assert again.search_.log == whole.search_.log
    assert np.array_equal(again.predict_proba(X), whole.predict_proba(X))

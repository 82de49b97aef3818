"""FaninClassifier and FaninRegressor inside scikit-learn's tools, each once, and pickled in every way."""

from __future__ import annotations

import io
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fanin.sklearn import FaninClassifier, FaninRegressor

FAST = {"effort": "fast", "members": 1, "random_state": 0}
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"a": RNG.normal(size=90), "b": RNG.normal(size=90), "kind": ["x", "y", "z"] * 30})
SIGNAL = FRAME["a"] + (FRAME["kind"] == "x")
YES = np.where(SIGNAL > 0.3, "yes", "no")
CLASSIFIER, REGRESSOR = FaninClassifier(**FAST), FaninRegressor(**FAST)


def test_permutation_importance_finds_the_columns_that_count():
    model = clone(CLASSIFIER).fit(FRAME, YES)
    found = permutation_importance(model, FRAME, YES, n_repeats=2, random_state=0).importances_mean
    assert found[0] > 0.1
    assert found[0] > found[1]


def test_grid_search_finds_a_setting():
    search = GridSearchCV(REGRESSOR, {"loss": ["squared_error", "huber"]}, cv=2).fit(FRAME, SIGNAL)
    assert search.best_score_ > 0.5
    assert len(search.cv_results_["mean_test_score"]) == 2


def test_halving_random_search_finds_a_setting():
    settings = {"loss": ["squared_error", "absolute_error"]}
    search = HalvingRandomSearchCV(
        REGRESSOR, settings, n_candidates=2, min_resources=45, factor=2, cv=2, random_state=0
    )
    assert search.fit(FRAME, SIGNAL).best_score_ > 0.5


def test_a_pipeline_and_a_column_transformer_hand_frames_on():
    scaled = ColumnTransformer([("scale", StandardScaler(), ["a", "b"])], remainder="passthrough")
    pipe = make_pipeline(scaled.set_output(transform="pandas"), clone(CLASSIFIER)).fit(FRAME, YES)
    assert pipe.score(FRAME, YES) > 0.8
    assert list(pipe[-1].feature_names_in_) == ["scale__a", "scale__b", "remainder__kind"]


def test_calibrated_classifiers_give_probabilities():
    model = CalibratedClassifierCV(CLASSIFIER, cv=2).fit(FRAME, YES)
    np.testing.assert_allclose(model.predict_proba(FRAME).sum(axis=1), 1)
    assert model.score(FRAME, YES) > 0.7


def test_stacked_classifiers_learn_from_each_other():
    model = StackingClassifier([("fanin", CLASSIFIER)], LogisticRegression(), cv=2).fit(FRAME, YES)
    assert model.score(FRAME, YES) > 0.7


def test_voting_classifiers_mean_probabilities():
    other = clone(CLASSIFIER).set_params(random_state=1)
    model = VotingClassifier([("one", CLASSIFIER), ("other", other)], voting="soft").fit(FRAME, YES)
    expected = np.mean([one.predict_proba(FRAME) for one in model.estimators_], axis=0)
    np.testing.assert_allclose(model.predict_proba(FRAME), expected)


def test_cross_val_predict_takes_probabilities_of_several_labels():
    y = np.stack([SIGNAL > 0, FRAME["b"] > 0], axis=1).astype(int)
    found = cross_val_predict(CLASSIFIER, FRAME, y, cv=2, method="predict_proba")
    assert np.mean((found > 0.5) == y) > 0.7


def test_a_transformed_target_comes_back_in_its_units():
    model = TransformedTargetRegressor(REGRESSOR, func=np.log, inverse_func=np.exp)
    assert model.fit(FRAME, np.exp(SIGNAL)).score(FRAME, np.exp(SIGNAL)) > 0.5


def test_dask_fits_and_predicts_what_one_process_does():
    distributed = pytest.importorskip("distributed")
    expected = cross_val_predict(REGRESSOR, FRAME, SIGNAL, cv=2)
    with (
        distributed.Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None),
        joblib.parallel_backend("dask"),
    ):
        found = cross_val_predict(REGRESSOR, FRAME, SIGNAL, cv=2, n_jobs=2)
    np.testing.assert_array_equal(found, expected)


def by_joblib(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


def by_cloudpickle(model):
    return pickle.loads(pytest.importorskip("cloudpickle").dumps(model))


@pytest.mark.parametrize(
    "copied", [lambda model: pickle.loads(pickle.dumps(model)), by_joblib, by_cloudpickle]
)
def test_pickles_of_every_kind_predict_the_same_bits(copied):
    several = np.stack([SIGNAL > 0, FRAME["b"] > 0], axis=1).astype(int)
    levels = {"loss": "quantile", "quantile": [0.1, 0.9]}
    for model, y, method in (
        (clone(CLASSIFIER), several, "predict_proba"),
        (clone(REGRESSOR).set_params(**levels), SIGNAL, "predict_quantiles"),
    ):
        model.set_params(categorical_features=["kind"]).fit(FRAME, y)
        again = copied(model)
        np.testing.assert_array_equal(getattr(again, method)(FRAME), getattr(model, method)(FRAME))
        assert again.get_params() == model.get_params()
        assert str(again.report()) == str(model.report())

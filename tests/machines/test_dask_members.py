"""Networks of an estimator, and searches, are trained on a cluster of Dask, with the bits of one machine."""

from __future__ import annotations

from collections import Counter

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dask_clusters import executed, two_workers
from fanin import search
from fanin.distributed.workers import cluster, spread, workers
from fanin.sklearn import FaninClassifier, FaninRegressor, MLPClassifier, PopulationSearchCV

distributed = pytest.importorskip("distributed")
RNG = np.random.default_rng(3)
ROWS = 400
FRAME = pd.DataFrame(
    {"a": RNG.normal(size=ROWS), "b": RNG.normal(size=ROWS), "kind": RNG.choice(["x", "y"], ROWS)}
)
AMOUNT = FRAME["a"] ** 2 + (FRAME["kind"] == "x") + 0.1 * RNG.normal(size=ROWS)
LABEL = np.where(AMOUNT > 1, "large", "small")
pytestmark = pytest.mark.filterwarnings("ignore")  # of distributed: ports, files and memory of this machine


@pytest.fixture(scope="module")
def client():
    with two_workers() as found:
        yield found


@pytest.fixture
def scattered(client, monkeypatch):
    """The objects sent to the cluster, with how often they were."""
    counts: Counter = Counter()
    kept = []
    scatter = distributed.Client.scatter

    def counting(self, data, *arguments, **options):
        for value in data if isinstance(data, list) else [data]:
            if hasattr(value, "shape"):
                counts[id(value)] += 1
                kept.append(value)
        return scatter(self, data, *arguments, **options)

    monkeypatch.setattr(distributed.Client, "scatter", counting)
    return counts


def test_members_are_trained_on_both_workers_with_the_same_bits(client, scattered):
    model = FaninClassifier(members=6, random_state=0)
    here = model.fit(FRAME, LABEL).predict_proba(FRAME)
    before = executed(client)
    with joblib.parallel_backend("dask"):
        there = FaninClassifier(members=6, random_state=0).fit(FRAME, LABEL)
    after = executed(client)
    assert np.array_equal(there.predict_proba(FRAME), here)
    assert there.score(FRAME, LABEL) > 0.8
    assert all(after[worker] > before[worker] for worker in before)
    assert scattered
    assert set(scattered.values()) == {1}


def test_validation_rows_callbacks_and_diagnoses_work_on_a_cluster(client):
    seen = []
    options = {"members": 3, "effort": "fast", "random_state": 0, "diagnose": True, "early_stopping": True}
    here = FaninRegressor(**options).fit(FRAME, AMOUNT)
    with joblib.parallel_backend("dask"):
        there = FaninRegressor(**options, callbacks=[seen.append]).fit(FRAME, AMOUNT)
    assert np.array_equal(there.predict(FRAME), here.predict(FRAME))
    assert len(there.diagnoses_) == len(here.diagnoses_)
    assert {progress.stage for progress in seen} == {"encode", "choose", "train"}
    assert max(progress.done for progress in seen) == 1
    assert there.validation_score_ == here.validation_score_


def test_a_fitted_model_is_trained_further_on_a_cluster(client):
    models = [FaninRegressor(members=2, effort="fast", random_state=0, warm_start=True) for _ in range(2)]
    for model in models:
        model.fit(FRAME, AMOUNT)
    models[0].fit(FRAME, AMOUNT)
    with joblib.parallel_backend("dask"):
        models[1].fit(FRAME, AMOUNT)
    assert np.array_equal(models[0].predict(FRAME), models[1].predict(FRAME))


def test_a_callback_that_fails_ends_the_fit_on_a_cluster(client):
    def failing(progress):
        if progress.done > 0:
            raise KeyError("enough")

    with joblib.parallel_backend("dask"), pytest.raises(KeyError, match="enough"):
        FaninRegressor(random_state=0, callbacks=[failing]).fit(FRAME, AMOUNT)


def test_rows_of_a_search_are_scattered_once_for_all_rungs(client, scattered):
    space = {"learning_rate_init": search.LogUniform(1e-3, 1e-1)}
    model = make_pipeline(StandardScaler(), MLPClassifier(8, max_iter=9, batch_size=16))
    space = {f"mlpclassifier__{name}": drawn for name, drawn in space.items()}
    arguments = {"n_iter": 6, "cv": 2, "rounds": 2, "random_state": 0}
    X = FRAME[["a", "b"]].to_numpy()
    here = PopulationSearchCV(model, space, **arguments).fit(X, LABEL)
    with joblib.parallel_backend("dask"):
        there = PopulationSearchCV(model, space, **arguments).fit(X, LABEL)
    assert there.search_.trials == here.search_.trials
    assert np.array_equal(there.predict_proba(X), here.predict_proba(X))
    assert set(scattered.values()) == {1}
    assert len(scattered) <= 8  # X and y, to train on and to score with, of two folds


def test_tasks_of_a_cluster_train_their_networks_themselves(client):
    model = FaninRegressor(members=2, effort="fast", random_state=0)
    expected = cross_val_predict(model, FRAME, AMOUNT, cv=2)
    with joblib.parallel_backend("dask"):
        found = cross_val_predict(model, FRAME, AMOUNT, cv=2)
    assert np.array_equal(found, expected)


def test_without_dask_nothing_is_spread():
    with joblib.parallel_backend("threading"), spread():
        assert workers() is None
        value = np.zeros(3)
        assert cluster().sent(value) is value

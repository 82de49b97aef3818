"""A search on a cluster of Dask finds what it finds on one machine."""

from __future__ import annotations

import joblib
import numpy as np
import pytest

from dask_clusters import executed, two_workers
from fanin import search
from fanin.sklearn import MLPClassifier, PopulationSearchCV

pytest.importorskip("distributed")
RNG = np.random.default_rng(2)
X = RNG.normal(size=(120, 5))
Y = (X[:, 0] > X[:, 1] ** 2).astype(int)


@pytest.fixture(scope="module")
def client():
    with two_workers() as found:
        yield found


def searched(**arguments):
    space = {"learning_rate_init": search.LogUniform(1e-3, 1e-1), "alpha": search.LogUniform(1e-6, 1e-2)}
    model = MLPClassifier(8, max_iter=9, batch_size=16)
    return PopulationSearchCV(model, space, n_iter=6, cv=3, rounds=2, random_state=0, **arguments)


@pytest.mark.filterwarnings("ignore")  # what distributed warns of is not the search's
def test_a_cluster_of_two_workers_finds_the_same_bits(client, tmp_path):
    here = searched().fit(X, Y)
    with joblib.parallel_backend("dask"):
        there = searched(journal=tmp_path / "journal").fit(X, Y)
    assert there.search_.trials == here.search_.trials
    assert there.search_.log == here.search_.log
    assert np.array_equal(there.predict_proba(X), here.predict_proba(X))
    assert len((tmp_path / "journal").read_text().splitlines()) == 1 + sum(
        len(trial.outcomes) for trial in here.search_.trials
    )


@pytest.mark.filterwarnings("ignore")
def test_both_workers_of_a_cluster_train(client):
    before = executed(client)
    with joblib.parallel_backend("dask"):
        searched().fit(X, Y)
    after = executed(client)
    assert all(after[worker] > before[worker] for worker in before)

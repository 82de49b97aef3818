"""Sparse X in every estimator: the model of dense X, and no dense copy on the way."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import scipy.sparse
import sklearn.neural_network

from fanin.sklearn import FaninClassifier, FaninRegressor, MLPClassifier, MLPRegressor, PopulationSearchCV

FAST = {"effort": "fast", "random_state": 0}
RNG = np.random.default_rng(0)
ROWS = scipy.sparse.random(400, 60, density=0.05, format="csr", random_state=0)
SIGNAL = ROWS @ RNG.normal(size=60)
CLASSES = np.digitize(SIGNAL, np.quantile(SIGNAL, [0.4, 0.7]))
WIDE = 200_000  # rows and columns, which as an array would need 320 GB
FORMATS = [
    ("csr_matrix", np.int32),
    ("csr_array", np.int64),
    ("csc_matrix", np.int64),
    ("csc_array", np.int32),
]


def in_format(X, name, index):
    found = getattr(scipy.sparse, name)(X)
    found.indices, found.indptr = found.indices.astype(index), found.indptr.astype(index)
    return found


def wide(name="csr_matrix"):
    places = RNG.integers(0, WIDE, size=(2, 3000))
    return getattr(scipy.sparse, name)((np.ones(3000), places), shape=(WIDE, WIDE))


@pytest.mark.parametrize(("name", "index"), FORMATS)
@pytest.mark.parametrize(
    "parameters",
    [{"solver": "adam"}, {"solver": "sgd"}, {"solver": "lbfgs"}, {"early_stopping": True}],
    ids=["adam", "sgd", "lbfgs", "early stopping"],
)
def test_every_index_of_sparse_rows_gives_the_model_of_dense_ones(name, index, parameters):
    parameters = {"hidden_layer_sizes": (8,), "max_iter": 8, "tol": 0, "random_state": 1} | parameters
    X = in_format(ROWS, name, index)
    with pytest.warns(Warning, match="onverge"):
        ours, dense, theirs = (
            kind(**parameters).fit(rows, CLASSES)
            for kind, rows in (
                (MLPClassifier, X),
                (MLPClassifier, ROWS.toarray()),
                (sklearn.neural_network.MLPClassifier, ROWS),
            )
        )
    probabilities = ours.predict_proba(X)
    np.testing.assert_array_equal(probabilities, dense.predict_proba(ROWS.toarray()))
    np.testing.assert_allclose(probabilities, theirs.predict_proba(ROWS), rtol=0, atol=1e-6)
    assert ours.loss_ == pytest.approx(theirs.loss_, abs=1e-6)
    if "loss_curve_" in vars(theirs):
        np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["csr_matrix", "csc_array"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_no_perceptron_makes_sparse_rows_dense(name, solver):
    X, y = wide(name), RNG.integers(0, 2, WIDE)
    parameters = {"hidden_layer_sizes": (1,), "batch_size": 100_000, "max_iter": 1, "random_state": 0}
    model = MLPClassifier(**parameters, solver=solver, warm_start=True)
    stopped = MLPRegressor(**parameters, solver=solver, early_stopping=True)
    with pytest.warns(Warning, match="onverge"):
        model.fit(X, y, X_val=X, y_val=y)
    with pytest.warns(Warning, match="onverge"):
        model.fit(X, y)
    with pytest.warns(Warning, match="onverge"):
        stopped.fit(X, y.astype(float))
    assert model.predict_proba(X).shape == (WIDE, 2)
    assert model.score(X, y) > 0.4
    assert stopped.predict(X).shape == (WIDE,)
    if solver == "adam":
        assert model.partial_fit(X, y).n_iter_ == 1


def test_a_search_keeps_rows_sparse():
    model = MLPClassifier(hidden_layer_sizes=(1,), batch_size=100_000, max_iter=1, random_state=0)
    search = PopulationSearchCV(model, {"alpha": [1e-4, 1e-3]}, n_iter=2, cv=2, random_state=0)
    assert search.fit(wide(), RNG.integers(0, 2, WIDE)).best_score_ > 0.4


@pytest.mark.parametrize(("name", "index"), FORMATS)
def test_native_estimators_read_sparse_rows_of_every_format(name, index):
    X = in_format(ROWS, name, index)
    model = FaninClassifier(**FAST).fit(X, CLASSES)
    assert model.score(X, CLASSES) > 0.8
    np.testing.assert_array_equal(model.predict_proba(X), model.predict_proba(ROWS.toarray()))
    same = FaninClassifier(**FAST).fit(ROWS, CLASSES)
    np.testing.assert_array_equal(same.predict_proba(ROWS), model.predict_proba(X))
    numbers = FaninRegressor(**FAST).fit(X, SIGNAL)
    assert numbers.score(X, SIGNAL) > 0.8
    assert numbers.predict(X, return_std=True)[1].shape == (400,)


def test_native_estimators_make_no_dense_copy():
    X, y = wide(), RNG.normal(size=WIDE)
    model = FaninRegressor(**FAST, members=1, max_time=1).fit(X, y, X_val=X[:50], y_val=y[:50])
    assert model.n_features_in_ == WIDE
    assert model.predict(X.tocsc()).shape == (WIDE,)


@pytest.mark.parametrize(
    "options",
    [
        {"effort": "default"},
        {"effort": "high", "max_time": 5.0},
        {"members": 3, "out_of_fold": True},
        {"early_stopping": True, "scoring": "accuracy"},
        {"class_weight": "balanced"},
        {"diagnose": True},
    ],
    ids=str,
)
def test_options_of_a_fit_apply_to_sparse_rows(options):
    weight = np.arange(400) % 3
    model = FaninClassifier(**FAST | options).fit(ROWS, CLASSES, weight)
    assert model.score(ROWS, CLASSES) > 0.6
    np.testing.assert_array_equal(list(model.staged_predict_proba(ROWS))[-1], model.predict_proba(ROWS))
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict_proba(ROWS), model.predict_proba(ROWS))
    assert "numbers of a sparse matrix" in str(copy.report(ROWS, CLASSES))


def test_targets_of_every_kind_are_learned_from_sparse_rows():
    labels = np.column_stack([SIGNAL > 0, CLASSES == 1]).astype(int)
    several = FaninClassifier(**FAST).fit(ROWS, labels)
    assert several.predict(ROWS).shape == (400, 2)
    two = FaninClassifier(**FAST).fit(ROWS, SIGNAL > 0)
    np.testing.assert_allclose(two.predict_proba(ROWS).sum(axis=1), 1)
    quantiles = FaninRegressor(loss="quantile", quantile=[0.1, 0.9], **FAST).fit(ROWS, SIGNAL)
    assert (np.diff(quantiles.predict_quantiles(ROWS), axis=1) >= 0).all()
    huber = FaninRegressor(loss="huber", **FAST).fit(ROWS, SIGNAL)
    assert huber.report().quality.measures[0].name == "Huber loss"


def test_sparse_rows_in_parts_and_a_second_fit_train_further():
    model = FaninClassifier(members=2, warm_start=True, random_state=0)
    for part in np.array_split(np.arange(400), 4):
        model.partial_fit(ROWS[part], CLASSES[part], classes=[0, 1, 2])
    assert model.predict(ROWS).shape == (400,)
    assert model.fit(ROWS, CLASSES).score(ROWS, CLASSES) > 0.6
    assert model._model.members == 2


def test_columns_without_values_are_left_out_and_counted():
    X = scipy.sparse.hstack([ROWS, scipy.sparse.csr_matrix((400, 1000))]).tocsr()
    model = FaninClassifier(**FAST).fit(X, CLASSES)
    assert model.encoder_.describe().splitlines()[1].endswith("dropped: 0 in every row")
    assert "on 60 columns (1,000 dropped)" in model.report().text(100)
    other = X.tolil()
    other[:, 100] = 1
    np.testing.assert_array_equal(model.predict_proba(other.tocsr()), model.predict_proba(X))


def test_notes_stay_with_a_model_of_sparse_rows():
    model = FaninRegressor(**FAST).fit(ROWS, SIGNAL)
    model.notes_ = {"by": "hand", "rows": np.int64(400)}
    assert pickle.loads(pickle.dumps(model)).notes_ == {"by": "hand", "rows": 400}


def test_what_sparse_rows_cannot_do_is_refused(tmp_path):
    model = FaninClassifier(**FAST).fit(ROWS, CLASSES)
    with pytest.raises(
        ValueError, match="save: expected a model of a table, got one of sparse X; use pickle"
    ):
        model.save(tmp_path / "model")
    with pytest.raises(ValueError, match=r"importance: .* columns of a table, got a sparse matrix"):
        model.report(ROWS, CLASSES, importance=True)
    with pytest.raises(ValueError, match=r"columns: .* columns of a table, got a sparse matrix"):
        model.partial_dependence(ROWS, [0])
    with pytest.raises(ValueError, match=r'categorical_features: expected "from_dtype" with sparse X, got 3'):
        FaninClassifier(categorical_features=[3]).fit(ROWS, CLASSES)
    with pytest.raises(ValueError, match="X has 59 features"):
        model.predict(ROWS[:, :59])
    with pytest.raises(ValueError, match="Input X contains NaN"):
        model.predict(ROWS * np.nan)
    with pytest.raises(
        ValueError, match=r"X: row 0, column .* is 1e.300; expected numbers finite in float32"
    ):
        model.predict(scipy.sparse.csr_matrix(np.full((1, 60), 1e300)))
    with pytest.raises(ValueError, match="expected a column to learn from, got rows of zeros"):
        FaninClassifier().fit(0 * ROWS, CLASSES)
    with pytest.raises(TypeError, match=r"X: expected a frame, .* got csr_matrix"):
        FaninClassifier(**FAST).fit(ROWS.toarray(), CLASSES).predict(ROWS)

"""Sample weights, sparse rows, frames and other types of X and y give scikit-learn's model as well."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

from twins import VERSION, assert_same_model, twins

SMALL = {"hidden_layer_sizes": (8,), "batch_size": 16, "random_state": 5, "max_iter": 30}
SOLVERS = ["sgd", "adam"]
weighs_samples = pytest.mark.skipif(VERSION < (1, 7), reason="scikit-learn weighs samples from 1.7 on")


ROWS = np.random.default_rng(3).normal(size=(60, 5))
NUMBERS = np.sin(ROWS.sum(axis=1))


def weights(rows):
    """From 0 to 4, with some zeros, but none for a whole batch."""
    return np.arange(rows) % 5 * np.linspace(0.5, 1, rows)


@weighs_samples
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", SOLVERS)
def test_sample_weights_give_the_same_model(any_case, solver, early_stopping):
    flags = {"early_stopping": early_stopping, "validation_fraction": 0.3, "alpha": 0.01}
    pair = twins(any_case.kind, **SMALL | any_case.parameters, solver=solver, **flags)
    pair.fit(any_case.X, any_case.y, sample_weight=weights(60))
    assert_same_model(pair, any_case.X)
    pair.fit(any_case.X, any_case.y, weights(60).tolist())
    assert_same_model(pair, any_case.X)


@weighs_samples
@pytest.mark.parametrize("solver", SOLVERS)
def test_sample_weights_of_a_partial_fit_give_the_same_model(case, solver):
    pair = twins(case.kind, **SMALL | case.parameters, solver=solver)
    classes = {"classes": [0, 1, 2]} if case.kind == "MLPClassifier" else {}
    for factor in (1, 10, 0.1):
        pair.partial_fit(case.X, case.y, sample_weight=factor * weights(60), **classes)
    assert_same_model(pair, case.X)


@weighs_samples
def test_sample_weights_with_lbfgs_reach_the_same_loss(case):
    pair = twins(case.kind, **SMALL, solver="lbfgs", alpha=1.0)
    pair.fit(case.X, case.y, sample_weight=weights(60))
    assert pair.ours.loss_ == pytest.approx(pair.theirs.loss_, rel=0.01)


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", SOLVERS)
def test_sparse_rows_give_the_same_model(case, solver, form, kind, early_stopping):
    X = np.where(np.abs(case.X) > 0.7, case.X, 0)
    sparse = getattr(scipy.sparse, f"{form}_{kind}")(X)
    pair = twins(case.kind, **SMALL | case.parameters, solver=solver, early_stopping=early_stopping)
    pair.fit(sparse, case.y)
    assert_same_model(pair, sparse)
    assert_same_model(pair, X)


def test_sparse_rows_in_float32_give_a_model_in_float32(case):
    sparse = scipy.sparse.csr_matrix(case.X.astype("float32"))
    pair = twins(case.kind, **SMALL | case.parameters)
    pair.fit(sparse, case.y)
    assert pair.ours.coefs_[0].dtype == np.float32
    assert_same_model(pair, sparse, tolerance=1e-4)


def forms_of(X):
    pd = pytest.importorskip("pandas")
    return {
        "list": X.tolist(),
        "integers": (10 * X).astype(int),
        "bytes": (10 * np.abs(X)).astype("uint8"),
        "booleans": X > 0,
        "float16": X.astype("float16"),
        "objects": X.astype(object),
        "columns": np.asfortranarray(X),
        "every second row": np.repeat(X, 2, axis=0)[::2],
        "other byte order": X.astype(X.dtype.newbyteorder()),
        "frame": pd.DataFrame(X, columns=list("abcde")),
        "frame of mixed types": pd.DataFrame(
            {"a": X[:, 0], "b": X[:, 1].astype("float32"), "c": X[:, 2] > 0}
        ),
        "read only": np.frombuffer(X.tobytes()).reshape(X.shape),
    }


@pytest.mark.parametrize("form", sorted(forms_of(np.zeros((1, 5)))))
def test_every_form_of_rows_gives_the_same_model(case, form):
    X = forms_of(case.X)[form]
    pair = twins(case.kind, **SMALL | case.parameters)
    pair.fit(X, case.y)
    assert_same_model(pair, X)
    names = [getattr(estimator, "feature_names_in_", None) for estimator in pair]
    assert np.array_equal(*names)


@pytest.mark.parametrize(
    "y",
    [
        np.array([False, True] * 30),
        np.array([-1, 1] * 30),
        np.array([5, 3, 900] * 20),
        np.array([0.0, 1.0, 2.0] * 20),
        np.array(["b", "a", "c"] * 20, dtype=object),
        np.array(["b", "a", "c"] * 20),
        np.array([[0], [1], [2]] * 20),
        np.zeros(60, int),
        np.array([[0, 1, 1], [1, 1, 0]] * 30),
        np.zeros((60, 2), int),
        ["yes", "no"] * 30,
    ],
    ids=lambda y: f"{np.asarray(y).dtype}-{'-'.join(map(str, np.shape(y)))}-{np.ravel(y)[:3]}",
)
def test_every_kind_of_labels_gives_the_same_model(y):
    pair = twins("MLPClassifier", **SMALL)
    pair.fit(ROWS, y)
    assert_same_model(pair, ROWS)


@pytest.mark.parametrize("form", ["csr_matrix", "csr_array", "csc_matrix"])
def test_labels_in_a_sparse_matrix_give_the_same_model(form):
    y = getattr(scipy.sparse, form)(np.array([[0, 1, 1], [1, 1, 0]] * 30))
    pair = twins("MLPClassifier", **SMALL)
    pair.fit(ROWS, y)
    assert_same_model(pair, ROWS)


@pytest.mark.parametrize("dtype", [int, bool, "float32", object])
def test_every_type_of_numbers_to_predict_gives_the_same_model(dtype):
    y = np.round(NUMBERS).astype(dtype)
    pair = twins("MLPRegressor", **SMALL)
    pair.fit(ROWS, y)
    assert_same_model(pair, ROWS)


def test_numbers_in_a_column_are_a_vector_with_a_warning():
    pair = twins("MLPRegressor", **SMALL)
    pair.fit(ROWS, NUMBERS[:, None])
    assert_same_model(pair, ROWS)


@pytest.mark.parametrize("form", ["Series", "DataFrame"])
def test_targets_in_frames_give_the_same_model(form):
    pd = pytest.importorskip("pandas")
    y = getattr(pd, form)(np.column_stack([NUMBERS, NUMBERS]) if form == "DataFrame" else NUMBERS)
    pair = twins("MLPRegressor", **SMALL)
    pair.fit(ROWS, y)
    assert_same_model(pair, ROWS)

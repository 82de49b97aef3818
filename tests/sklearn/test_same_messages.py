"""The same misuse gives scikit-learn's message, warning or line of verbose output."""

from __future__ import annotations

import _thread
import re
import threading
import warnings

import numpy as np
import pytest
import scipy.sparse
from sklearn.exceptions import ConvergenceWarning, NotFittedError

import fanin.sklearn
from twins import VERSION, twins

BASES = (ValueError, TypeError, AttributeError, NotFittedError)
ROWS = np.random.default_rng(2).normal(size=(30, 3))
LABELS = np.arange(30) % 3
NUMBERS = ROWS[:, 0]
MISSING = np.where(ROWS > 2, np.nan, ROWS)
MISSING[4, 1] = np.nan
FEW = {"max_iter": 3, "random_state": 0}
poisson = pytest.mark.skipif(VERSION < (1, 7), reason="scikit-learn's loss poisson came with 1.7")
weights = pytest.mark.skipif(VERSION < (1, 7), reason="scikit-learn weighs samples from 1.7 on")


def error_of(call, estimator):
    with pytest.raises(BASES) as caught:
        call(estimator)
    return caught.value


def words(error):
    """Those of a message, in alphabetical order: scikit-learn lists choices in the order of a set."""
    return sorted(re.split(r"[ {},]+", str(error)))


def assert_same_error(pair, call):
    """Both raise, with the same text and exceptions that the same handlers catch."""
    ours, theirs = (error_of(call, estimator) for estimator in pair)
    assert words(ours) == words(theirs)
    assert [isinstance(ours, base) for base in BASES] == [isinstance(theirs, base) for base in BASES]


@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
@pytest.mark.parametrize(
    "parameters",
    [
        *({"hidden_layer_sizes": value} for value in (0, -1, (3, 0), "many", None, 2.5)),
        *({"activation": value} for value in ("sigmoid", None, 1)),
        *({"solver": value} for value in ("rmsprop", None)),
        *({"alpha": value} for value in (-1, "small", np.nan, None)),
        *({"batch_size": value} for value in (0, -3, 1.5, "all", None)),
        *({"learning_rate": value} for value in ("cosine", 0.1)),
        *({"learning_rate_init": value} for value in (0, -0.1, "0.1")),
        *({"power_t": value} for value in (-1, None)),
        *({"max_iter": value} for value in (0, -1, 1.5)),
        *({"shuffle": value} for value in ("yes", None)),
        *({"random_state": value} for value in (-1, "seed", 1.5)),
        *({"tol": value} for value in (-1, None)),
        *({"verbose": value} for value in (-1, "loud")),
        *({"warm_start": value} for value in ("yes", 2)),
        *({"momentum": value} for value in (-0.1, 1.1)),
        *({"nesterovs_momentum": value} for value in ("yes",)),
        *({"early_stopping": value} for value in ("auto",)),
        *({"validation_fraction": value} for value in (1.0, -0.1)),
        *({"beta_1": value} for value in (1.0, -0.1)),
        *({"beta_2": value} for value in (1, 2)),
        *({"epsilon": value} for value in (0, -1e-8)),
        *({"n_iter_no_change": value} for value in (0, 1.5, None)),
        *({"max_fun": value} for value in (0, 1.5)),
    ],
    ids=str,
)
def test_a_bad_parameter_gives_the_same_message(kind, parameters):
    y = LABELS if kind == "MLPClassifier" else NUMBERS
    assert_same_error(twins(kind, **parameters), lambda estimator: estimator.fit(ROWS, y))


@poisson
def test_a_bad_loss_gives_the_same_message():
    assert_same_error(twins("MLPRegressor", loss="absolute"), lambda estimator: estimator.fit(ROWS, NUMBERS))


BAD_DATA = {
    "NaN": (MISSING, LABELS),
    "infinity": (np.where(np.isnan(MISSING), np.inf, MISSING), LABELS),
    "a vector": (ROWS[:, 0], LABELS),
    "three axes": (ROWS[:, :, None], LABELS),
    "no rows": (ROWS[:0], LABELS[:0]),
    "no columns": (ROWS[:, :0], LABELS),
    "lengths": (ROWS, LABELS[:-1]),
    "complex": (ROWS + 1j, LABELS),
    "words": ([["a", "b"]] * 30, LABELS),
    "no y": (ROWS, None),
    "no X": (None, LABELS),
    "sparse NaN": (scipy.sparse.csr_matrix(MISSING), LABELS),
    "axes of y": (ROWS, LABELS.reshape(30, 1, 1)),
}
BAD_LABELS = {"numbers": NUMBERS, "NaN": np.where(LABELS == 1, np.nan, LABELS), "outputs": ROWS}


@pytest.mark.parametrize("name", BAD_DATA)
@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
def test_bad_data_gives_the_same_message(kind, name):
    classes = {"classes": [0, 1, 2]} if kind == "MLPClassifier" else {}
    assert_same_error(twins(kind, **FEW), lambda estimator: estimator.fit(*BAD_DATA[name]))
    assert_same_error(twins(kind, **FEW), lambda estimator: estimator.partial_fit(*BAD_DATA[name], **classes))


@pytest.mark.parametrize("name", BAD_LABELS)
def test_targets_that_are_no_labels_give_the_same_message(name):
    assert_same_error(twins("MLPClassifier", **FEW), lambda estimator: estimator.fit(ROWS, BAD_LABELS[name]))


@pytest.mark.parametrize("name", ["predict", "predict_proba", "predict_log_proba", "score"])
def test_a_prediction_before_a_fit_gives_the_same_message(name):
    data = (ROWS, LABELS) if name == "score" else (ROWS,)
    pair = twins("MLPClassifier")
    assert_same_error(pair, lambda estimator: getattr(estimator, name)(*data))


@pytest.mark.parametrize(
    "X",
    [
        MISSING,
        ROWS[:, :2],
        ROWS[0],
        ROWS[:0],
        "rows",
        None,
        [["a"] * 3],
        scipy.sparse.csr_matrix(ROWS[:, :2]),
    ],
    ids=["NaN", "columns", "a vector", "no rows", "a string", "None", "strings", "sparse columns"],
)
def test_bad_rows_to_predict_give_the_same_message(X):
    for kind in ("MLPClassifier", "MLPRegressor"):
        pair = twins(kind, **FEW)
        pair.fit(ROWS, LABELS)
        assert_same_error(pair, lambda estimator: estimator.predict(X))


def test_classes_of_partial_fits_are_checked_as_in_scikit_learn():
    pair = twins("MLPClassifier", **FEW)
    assert_same_error(pair, lambda estimator: estimator.partial_fit(ROWS, LABELS))
    pair.partial_fit(ROWS, LABELS, classes=[0, 1, 2])
    assert_same_error(pair, lambda estimator: estimator.partial_fit(ROWS, LABELS, classes=[0, 1]))
    assert_same_error(pair, lambda estimator: estimator.partial_fit(ROWS, LABELS + 1))
    assert_same_error(pair, lambda estimator: estimator.partial_fit(ROWS[:, :2], LABELS))


def test_a_warm_start_with_other_classes_or_columns_gives_the_same_message():
    pair = twins("MLPClassifier", **FEW, warm_start=True)
    pair.fit(ROWS, LABELS)
    assert_same_error(pair, lambda estimator: estimator.fit(ROWS, LABELS + 1))
    assert_same_error(pair, lambda estimator: estimator.fit(ROWS, LABELS > 0))
    assert_same_error(pair, lambda estimator: estimator.fit(ROWS[:, :2], LABELS))


def test_partial_fit_with_lbfgs_or_early_stopping_gives_the_same_message():
    pair = twins("MLPClassifier", solver="lbfgs")
    assert not hasattr(pair.ours, "partial_fit")
    assert_same_error(pair, lambda estimator: estimator.partial_fit)
    pair = twins("MLPClassifier", early_stopping=True)
    assert_same_error(pair, lambda estimator: estimator.partial_fit(ROWS, LABELS, classes=[0, 1, 2]))


@pytest.mark.parametrize(
    ("rows", "labels", "fraction"),
    [(4, [0, 0, 0, 1], 0.5), (30, LABELS, 0.01), (2, [0, 1], 0.5), (30, LABELS, 0.0), (30, LABELS, 0.99)],
    ids=str,
)
def test_too_few_samples_to_stop_early_give_the_same_message(rows, labels, fraction):
    if VERSION < (1, 7) and fraction == 0.01:
        pytest.skip("scikit-learn accepts a single validation sample before 1.7")
    pair = twins("MLPClassifier", **FEW, early_stopping=True, validation_fraction=fraction)
    assert_same_error(pair, lambda estimator: estimator.fit(ROWS[:rows], labels))


@weights
@pytest.mark.parametrize(
    "sample_weight", [np.ones(29), np.ones((30, 2)), np.full(30, np.nan), ["a"] * 30], ids=repr
)
def test_bad_sample_weights_give_the_same_message(sample_weight):
    pair = twins("MLPRegressor", **FEW)
    assert_same_error(pair, lambda estimator: estimator.fit(ROWS, NUMBERS, sample_weight=sample_weight))


def test_sample_weights_of_zero_alone_are_rejected():
    with pytest.raises(ValueError, match="at least one non-zero"):
        fanin.sklearn.MLPRegressor(**FEW).fit(ROWS, NUMBERS, sample_weight=np.zeros(30))


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_weights_that_are_not_finite_give_the_same_message(solver):
    pair = twins("MLPRegressor", **FEW, solver=solver)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same_error(pair, lambda estimator: estimator.fit(ROWS * np.finfo(float).max / 10, NUMBERS))


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_iter": 3},
        {"batch_size": 500, "max_iter": 1},
        {"tol": 10, "n_iter_no_change": 2},
        {"solver": "lbfgs", "max_iter": 2},
        {"solver": "lbfgs", "max_fun": 2},
    ],
    ids=str,
)
def test_the_same_warnings_are_given(parameters):
    pair = twins("MLPClassifier", random_state=0, **parameters)
    pair.fit(ROWS, LABELS)  # twins compare their warnings
    pair.fit(ROWS, LABELS[:, None])


@pytest.mark.parametrize(
    "parameters",
    [
        {"max_iter": 3},
        {"tol": 10, "n_iter_no_change": 2},
        {"early_stopping": True, "validation_fraction": 0.3, "tol": 1.0, "n_iter_no_change": 2},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 10, "n_iter_no_change": 1},
        {"solver": "sgd", "learning_rate": "invscaling", "tol": 10, "n_iter_no_change": 1, "verbose": 2},
    ],
    ids=str,
)
def test_verbose_prints_the_same_lines(parameters, capsys):
    printed = []
    for estimator in twins("MLPClassifier", **{"random_state": 0, "verbose": True} | parameters):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(ROWS, LABELS)
        if not estimator.early_stopping:
            estimator.partial_fit(ROWS, LABELS)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "Iteration 1, loss = " in printed[0]


def test_an_interrupted_fit_warns_and_leaves_a_model_that_predicts():
    model = fanin.sklearn.MLPClassifier(max_iter=10**8, tol=0, n_iter_no_change=np.inf)
    timer = threading.Timer(0.5, _thread.interrupt_main)
    timer.start()
    with pytest.warns(UserWarning, match=r"^Training interrupted by user\.$"):
        model.fit(ROWS, LABELS)
    timer.join()
    assert model.n_iter_ == len(model.loss_curve_) > 0
    assert np.isfinite(model.predict_proba(ROWS)).all()
    model.partial_fit(ROWS, LABELS)

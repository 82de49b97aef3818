"""Bad data for the estimators of tables: each message names the argument and the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from fanin.sklearn import FaninClassifier, FaninRegressor

FAST = {"effort": "fast", "random_state": 0}
X = np.random.default_rng(0).normal(size=(40, 2))
FRAME = pd.DataFrame(X, columns=["a", "b"])
NUMBER, LABELS = X[:, 0].copy(), np.arange(40) % 2


def with_missing(values, rows=(3, 7)):
    y = np.array(values, object)
    y[list(rows)] = None
    return y


@pytest.mark.parametrize("kind", [FaninClassifier, FaninRegressor])
def test_missing_targets_are_named_with_their_rows(kind):
    y = LABELS if kind is FaninClassifier else NUMBER
    message = r"y: 2 of 40 targets are missing, in rows 3, 7; remove these rows, or fill in targets"
    for missing in (
        with_missing(y),
        pd.Series(with_missing(y)),
        pd.Series(with_missing(y)).astype("Float64"),
    ):
        with pytest.raises(ValueError, match=message):
            kind(**FAST).fit(X, missing)
    with pytest.raises(
        ValueError, match=r"12 of 40 targets are missing, in rows 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, \.\.\."
    ):
        kind(**FAST).fit(X, np.where(np.arange(40) < 12, np.nan, y))


@pytest.mark.parametrize(
    ("y", "loss", "message"),
    [
        (
            np.where(np.arange(40) == 5, np.inf, NUMBER),
            "squared_error",
            "y: row 5 is inf; targets must be finite",
        ),
        (np.arange(40), "gamma", "y: row 0 is 0; loss='gamma' needs values above 0"),
        (np.arange(40) - 1, "poisson", "y: row 0 is -1; loss='poisson' needs values of at least 0"),
        (np.zeros(40), "poisson", "y: all values are 0; loss='poisson' needs some above 0"),
        (X, "quantile", "y: loss='quantile' needs one target, got 2"),
        (
            np.ones((40, 1, 1)),
            "squared_error",
            r"y: expected shape \(n_samples,\) or \(n_samples, n_outputs\), got",
        ),
    ],
)
def test_targets_that_do_not_suit_the_loss_are_refused(y, loss, message):
    with pytest.raises(ValueError, match=message):
        FaninRegressor(loss=loss, **FAST).fit(X, y)
    with pytest.raises(TypeError, match="y: expected an array of real numbers, got dtype <U2"):
        FaninRegressor(**FAST).fit(X, LABELS.astype("U2"))


def test_targets_that_are_no_numbers_are_named_with_their_row():
    for value, why in (
        (10**400, "int too large"),
        ("p", "could not convert string"),
        ([1], "must be a string or"),
    ):
        y = np.array([*NUMBER], object)
        y[4] = value
        with pytest.raises(TypeError, match=f"y: row 4: expected a number: .*{why}"):
            FaninRegressor(**FAST).fit(X, y)


def test_labels_of_several_types_and_of_no_valid_characters_are_refused():
    with pytest.raises(TypeError, match="y: expected labels of one type, got int and str"):
        FaninClassifier(**FAST).fit(X, np.array([1, "p"] * 20, object))
    with pytest.raises(ValueError, match=r"y: labels: expected text of valid characters, got 'a\\ud880'"):
        FaninClassifier(**FAST).fit(X, ["a\ud880", "b"] * 20)
    with pytest.raises(TypeError, match=r"y: expected text, .* as labels, got dtype timedelta64"):
        FaninClassifier(**FAST).fit(X, LABELS.astype("m8[s]"))
    with pytest.raises(ValueError, match="y should be a 1d array"):
        FaninClassifier(**FAST).fit(X, {"a": 1})


@pytest.mark.parametrize("about", [{"dtype": "S2000000000"}, {"dtype": "f4,f4"}, {"classes": 1e300}])
def test_files_with_other_classes_are_refused(about, tmp_path, monkeypatch):
    true = FaninClassifier._about
    monkeypatch.setattr(FaninClassifier, "_about", lambda model: true(model) | about)
    FaninClassifier(**FAST).fit(X, LABELS).save(tmp_path / "m.safetensors")
    with pytest.raises(ValueError, match="not a FaninClassifier: "):
        FaninClassifier.load(tmp_path / "m.safetensors")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_fit_that_fails_leaves_the_estimator_as_it_was(error, monkeypatch):
    model = FaninClassifier(**FAST).fit(X, LABELS)
    found = model.predict_proba(X)

    def fail(*_, **__):
        raise error

    monkeypatch.setattr("fanin.sklearn.table_fitting.fit_table", fail)
    with pytest.raises(error):
        model.fit(np.hstack([X, X]), np.arange(40) % 3)
    assert (model.n_features_in_, list(model.classes_)) == (2, [0, 1])
    assert (model.predict_proba(X) == found).all()
    with pytest.raises(error):
        (model := FaninRegressor()).fit(X, NUMBER)
    assert not any(name.endswith("_") for name in vars(model))


def test_a_single_class_is_refused():
    with pytest.raises(
        ValueError, match="y: expected at least two classes in rows with a weight, got one class: 'a'"
    ):
        FaninClassifier(**FAST).fit(X, ["a"] * 40)
    with pytest.raises(ValueError, match="got one class: 1"):
        FaninClassifier(**FAST).fit(X, LABELS, LABELS)
    with pytest.raises(ValueError, match="class_weight: leaves no sample"):
        FaninClassifier(**FAST, class_weight={0: 0, 1: 0}).fit(X, LABELS)


@pytest.mark.parametrize("kind", [FaninClassifier, FaninRegressor])
def test_bad_tables_are_refused(kind):
    def refused(table, message, error=ValueError):
        with pytest.raises(error, match=message):
            kind(**FAST).fit(table, LABELS)

    infinite = X.copy()
    infinite[5, 1] = np.inf
    refused(infinite, 'X: row 5, column "x1" is infinite')
    refused(FRAME.assign(b=infinite[:, 1]), 'X: row 5, column "b" is infinite')
    refused(
        FRAME.assign(c=[[1, 2]] * 40),
        'X: row 0, column "c": expected a number, text, .*, got list',
        TypeError,
    )
    refused(FRAME.set_axis(["a", "a"], axis=1), "X: column names must differ, got 'a' more than once")
    refused(np.ones((40, 2)), r"X: expected a column to learn from\n.*dropped: it is 1")
    refused(FRAME[:39], "inconsistent numbers of samples")
    refused(FRAME[:0], "0 sample")
    refused(FRAME[[]], "0 feature")


@pytest.mark.parametrize("kind", [FaninClassifier, FaninRegressor])
def test_bad_weights_and_parameters_are_refused(kind):
    y = LABELS if kind is FaninClassifier else NUMBER
    with pytest.raises(ValueError, match="sample_weight: row 3 is -1; weights must be finite and at least 0"):
        kind(**FAST).fit(X, y, np.where(np.arange(40) == 3, -1, 1))
    with pytest.raises(
        ValueError,
        match=r"sample_weight: expected 0 or at least 1\.17549e-38, lost in float32 .* got 1e-40 in row 3",
    ):
        kind(**FAST).fit(X, y, np.where(np.arange(40) == 3, 1e-40, np.arange(40) != 1))
    with pytest.raises(ValueError, match="at least one non-zero"):
        kind(**FAST).fit(X, y, np.zeros(40))
    for name, value in {
        "members": 0,
        "effort": "more",
        "max_time": 0,
        "out_of_fold": 2,
        "random_state": -1,
    }.items():
        with pytest.raises(ValueError, match=f"The '{name}' parameter of {kind.__name__} must be"):
            kind(**{name: value}).fit(X, y)
    with pytest.raises(NotFittedError):
        kind().save("nowhere")


def test_a_quantile_and_a_loss_outside_their_sets_are_refused():
    for parameters in ({"quantile": 1.0}, {"loss": "mse"}):
        with pytest.raises(ValueError, match="parameter of FaninRegressor must be"):
            FaninRegressor(**parameters).fit(X, NUMBER)


@pytest.mark.parametrize("kind", [FaninClassifier, FaninRegressor])
def test_a_few_rows_and_many_levels_work(kind):
    y = LABELS if kind is FaninClassifier else NUMBER
    kind(**FAST).fit(X[:10], y[:10]).predict(X)
    many = pd.DataFrame(
        {
            "level": [f"level {i % 5000}" for i in range(10000)],
            "x": np.random.default_rng(1).normal(size=10000),
        }
    )
    model = kind(effort="fast", max_time=5, random_state=0).fit(many, np.tile(y, 250))
    assert len(model.predict(many[:5])) == 5

"""Bad data and weights: each message names the argument, and rows are those that users passed."""

from __future__ import annotations

import numpy as np
import pytest

from fanin.sklearn import MLPClassifier, MLPRegressor

X = np.random.RandomState(0).normal(size=(60, 3))
LABELS = np.arange(60) % 3
SEVERAL = np.array([LABELS == 0, LABELS == 1]).T.astype(int)
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 2, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore:.*Maximum iterations")


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_negative_sample_weight_is_named_with_its_row(early_stopping):
    weights = np.ones(60)
    weights[41] = -2
    classifier = MLPClassifier(**SMALL, early_stopping=early_stopping)
    with pytest.raises(
        ValueError, match="sample_weight: row 41 is -2; weights must be finite and at least 0"
    ):
        classifier.fit(X, LABELS, weights)
    with pytest.raises(ValueError, match="sample_weight_val: row 41 is -2; weights"):
        classifier.fit(X, LABELS, X_val=X, y_val=LABELS, sample_weight_val=weights)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_targets_that_are_no_numbers_or_negative_are_named_with_their_row(early_stopping):
    regressor = MLPRegressor("poisson", **SMALL, early_stopping=early_stopping)
    y = np.ones((60, 2))
    y[41, 1] = -2
    with pytest.raises(
        ValueError, match=r"y: row 41 is \[ 1. -2.\]; loss='poisson' needs values of at least 0"
    ):
        regressor.fit(X, y)
    with pytest.raises(TypeError, match="y: expected an array of real numbers, got dtype <U1"):
        regressor.fit(X, np.full(60, "1"))


@pytest.mark.parametrize(
    ("class_weight", "y", "message"),
    [
        ({0: -1, 1: 1, 2: 1}, LABELS, "class_weight: weights must be finite and at least 0, got -1 for 0"),
        (
            {0: 1, 1: np.nan, 2: 1},
            LABELS,
            "class_weight: weights must be finite and at least 0, got nan for 1",
        ),
        ({0: 1, 1: 2}, SEVERAL, "class_weight: expected 'balanced' or None for several labels per sample"),
    ],
)
def test_a_bad_weight_of_a_class_gives_a_clear_message(class_weight, y, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier(**SMALL, class_weight=class_weight).fit(X, y)


@pytest.mark.parametrize(
    ("estimator", "y", "y_val", "message"),
    [
        (MLPClassifier, SEVERAL, LABELS % 2, r"y_val: expected shape \(60, 2\), as y has, got \(60,\)"),
        (MLPRegressor, LABELS, SEVERAL, r"y_val: expected shape \(60,\), as y has, got \(60, 2\)"),
    ],
)
def test_validation_targets_have_the_columns_of_y(estimator, y, y_val, message):
    with pytest.raises(ValueError, match=message):
        estimator(**SMALL).fit(X, y, X_val=X, y_val=y_val)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (np.nan, ValueError, r"coefs_\[0\]: every value must be finite in float32, got nan"),
        (1e300, ValueError, r"coefs_\[0\]: every value must be finite in float32, got 1e\+300"),
        (1j, TypeError, r"coefs_\[0\]: expected real numbers, got dtype complex128"),
        ("a", TypeError, r"coefs_\[0\]: expected real numbers, got dtype <U1"),
    ],
)
def test_weights_that_cannot_be_used_are_named(value, error, message):
    regressor = MLPRegressor(**SMALL, dtype="float32").fit(X, LABELS)
    regressor.coefs_[0] = np.full((3, 4), value)
    with pytest.raises(error, match=message):
        regressor.predict(X)


def test_float32_networks_take_weights_in_float64_and_lists():
    regressor = MLPRegressor(**SMALL, dtype="float32").fit(X, LABELS)
    regressor.coefs_[0] = (np.ones((3, 4)) / 4).tolist()
    regressor.intercepts_[0] = np.zeros(4)
    hidden = np.maximum(X @ np.full((3, 4), 0.25), 0)
    expected = (hidden @ regressor.coefs_[1] + regressor.intercepts_[1]).ravel()
    np.testing.assert_allclose(regressor.predict(X), expected, rtol=1e-5)
    assert regressor.partial_fit(X, LABELS).coefs_[0].shape == (3, 4)


def test_labels_without_classes_give_a_clear_message():
    classifier = MLPClassifier()
    classifier.coefs_, classifier.intercepts_ = [np.ones((3, 3))], [np.ones(3)]
    assert classifier.predict_proba(X).shape == (60, 3)
    with pytest.raises(AttributeError, match="classes_ is not set, but the weights are"):
        classifier.predict(X)


def test_a_failed_warm_fit_keeps_the_number_of_outputs():
    regressor = MLPRegressor(**SMALL, warm_start=True).fit(X, LABELS)
    with pytest.raises(ValueError, match=r"y: expected shape \(60, 1\), got \(60, 2\)"):
        regressor.fit(X, SEVERAL)
    assert regressor.n_outputs_ == 1
    assert regressor.to_sklearn().predict(X).shape == (60,)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_early_stopping_that_diverges_raises_the_error_of_other_fits():
    huge = np.sign(X) * 1.7e308
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        MLPClassifier(**SMALL, early_stopping=True).fit(huge, LABELS == 0)

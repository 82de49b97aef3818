"""FaninClassifier and FaninRegressor: several labels of a row, several quantiles, columns given as categories."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csc_matrix, csr_matrix

from fanin.sklearn import FaninClassifier, FaninRegressor

FAST = {"effort": "fast", "random_state": 0}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
NOISE = 0.3 * RNG.normal(size=200)
LABELS = np.stack([X[:, 0] + NOISE > 0, X[:, 0] + X[:, 1] > 0.5, X[:, 2] > 5], axis=1).astype(int)
NUMBER = X[:, 0] + np.abs(X[:, 1]) * RNG.normal(size=200)
LEVELS = [0.1, 0.4, 0.9]
CODES = pd.DataFrame({"code": RNG.integers(0, 6, 200), "text": ["01", "1", "02", "2"] * 50, "x": X[:, 0]})


def loaded(model, folder):
    model.save(folder / "model.safetensors")
    return type(model).load(folder / "model.safetensors")


def test_several_labels_of_a_row_are_learned_with_a_probability_each_also_in_a_file(tmp_path):
    model = FaninClassifier(**FAST).fit(X, LABELS)
    for one in (model, loaded(model, tmp_path)):
        probabilities, found = one.predict_proba(X), one.predict(X)
        np.testing.assert_array_equal(probabilities, model.predict_proba(X))
        assert list(one.classes_) == [0, 1, 2]
        np.testing.assert_array_equal(found, probabilities > 0.5)
        assert found.dtype == np.int64
        assert one.score(X, LABELS) > 0.9
        assert (probabilities[:, 2] < 0.05).all()  # a label that no row has
        assert np.ptp(probabilities.sum(axis=1)) > 0.1


@pytest.mark.parametrize(
    "kind",
    [csr_matrix, csc_matrix, np.ndarray.tolist, pd.DataFrame, pl.DataFrame, lambda y: y.astype(object)],
)
def test_an_indicator_matrix_may_be_of_any_kind(kind):
    few, y = X[:60], LABELS[:60]
    expected = FaninClassifier(**FAST).fit(few, y).predict_proba(few)
    np.testing.assert_array_equal(FaninClassifier(**FAST).fit(few, kind(y)).predict_proba(few), expected)


def test_weights_count_for_several_labels_as_repeated_rows_do():
    weights = RNG.integers(0, 3, size=200)
    weighted = FaninClassifier(**FAST).fit(X, LABELS, weights)
    repeated = FaninClassifier(**FAST).fit(X.repeat(weights, axis=0), LABELS.repeat(weights, axis=0))
    np.testing.assert_array_equal(weighted.predict_proba(X), repeated.predict_proba(X))
    rare = np.stack([LABELS[:, 0], X[:, 1] + NOISE > 1.5], axis=1).astype(int)
    plain, balanced = (FaninClassifier(**FAST, class_weight=w).fit(X, rare) for w in (None, "balanced"))
    mean = plain.predict_proba(X)[:, 1].mean()
    assert balanced.predict_proba(X)[:, 1].mean() > mean


def test_the_report_of_several_labels_has_measures_of_all_of_them():
    model = FaninClassifier(members=4, random_state=0, out_of_fold=True).fit(X, LABELS)
    assert model.out_of_fold_.shape == (200, 3)
    quality, p = model.report().quality, model.out_of_fold_
    values = {measure.name: measure.value for measure in quality.measures}
    assert quality.origin == "out of fold"
    losses = -np.log(np.where(LABELS == 1, p, 1 - p))
    np.testing.assert_allclose(values["log-loss"], losses.mean(), rtol=1e-12)
    np.testing.assert_allclose(model.out_of_fold_score_, losses.sum(axis=1).mean(), rtol=1e-12)
    np.testing.assert_allclose(values["accuracy"], np.mean((p > 0.5) == LABELS))
    np.testing.assert_allclose(values["all labels right"], np.mean(((p > 0.5) == LABELS).all(axis=1)))
    assert values["ROC AUC"] > 0.9
    assert "Calibration" in model.report(X, LABELS, importance=True).text()


def test_other_labels_than_those_of_the_fit_are_refused_in_a_report():
    several, one = FaninClassifier(**FAST).fit(X, LABELS), FaninClassifier(**FAST).fit(X, LABELS[:, 0])
    for y in (LABELS[:, :2], LABELS[:, 0]):
        with pytest.raises(ValueError, match=r"y: expected labels of shape \(n_samples, 3\), as in the fit"):
            several.report(X, y)
    with pytest.raises(ValueError, match=r"y: expected labels of shape \(n_samples,\), as in the fit, got"):
        one.report(X, LABELS)
    with pytest.raises(ValueError, match="y: expected labels of the fit, got 2"):
        one.report(X, np.full(200, 2))
    assert one.score(X, np.full(200, 2)) == 0


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (LABELS + 1, r"y: row \d+, column \d is 2; several columns must be .*MultiOutputClassifier"),
        (LABELS.astype(str), "y: row 0, column 0 is .; several columns must be an indicator matrix"),
        (np.where(LABELS == 1, np.nan, 0.0), "targets are missing, in rows"),
        (np.zeros((200, 3)), "y: expected rows with a weight that differ in a label, got the same in all"),
        ([[1], [1, 2]] * 100, "y: .* got rows of different lengths: .*MultiLabelBinarizer"),
    ],
)
def test_matrices_that_are_no_indicators_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        FaninClassifier(**FAST).fit(X, y)


def test_weights_by_label_are_refused_for_several_labels_of_a_row():
    with pytest.raises(ValueError, match="class_weight: expected 'balanced' or None for several labels"):
        FaninClassifier(**FAST, class_weight={0: 1}).fit(X, LABELS)


def test_a_column_of_labels_is_one_label_a_row():
    with pytest.warns(UserWarning, match="A column-vector y was passed"):
        model = FaninClassifier(**FAST).fit(X, LABELS[:, :1])
    assert model.predict_proba(X).shape == (200, 2)


def test_several_quantiles_are_learned_together_and_do_not_cross_also_in_a_file(tmp_path):
    model = FaninRegressor(loss="quantile", quantile=LEVELS, **FAST).fit(X, NUMBER)
    for one in (model, loaded(model, tmp_path)):
        found = one.predict_quantiles(X)
        assert found.shape == (200, 3)
        assert (np.diff(found) >= 0).all()
        assert (np.diff(one.predict_quantiles(100 * X)) >= 0).all()
        np.testing.assert_array_equal(found, model.predict_quantiles(X))
        np.testing.assert_array_equal(one.predict(X), found[:, 1])
        assert one.quantile == LEVELS
        assert one.predict(X, return_std=True)[1].shape == (200,)
    shares = np.mean(NUMBER[:, None] <= found, axis=0)
    np.testing.assert_allclose(shares, LEVELS, atol=0.17)
    quality = model.report(X, NUMBER).quality
    assert quality.covered == tuple(shares)
    d = NUMBER[:, None] - found
    pinball = np.maximum(np.multiply(LEVELS, d), np.subtract(LEVELS, 1) * d)
    np.testing.assert_allclose(quality.measures[0].value, pinball.mean(), rtol=1e-12)
    assert "% of the targets are at or below the predicted quantiles" in str(model.report()).replace(
        "\n    ", " "
    )


def test_quantiles_of_rows_out_of_fold_have_a_column_each_and_weights_shift_them():
    options = {"loss": "quantile", "quantile": np.array(LEVELS), "members": 2} | FAST
    model = FaninRegressor(**options, out_of_fold=True).fit(X, NUMBER)
    assert model.out_of_fold_.shape == (200, 3)
    assert (np.diff(model.out_of_fold_) >= 0).all()
    high = FaninRegressor(**options).fit(X, NUMBER, np.where(NUMBER > 0, 20, 1))
    assert (high.predict_quantiles(X).mean(axis=0) > model.predict_quantiles(X).mean(axis=0)).all()


def test_one_quantile_has_a_column_and_other_losses_have_none():
    model = FaninRegressor(loss="quantile", quantile=0.9, **FAST).fit(X[:60], NUMBER[:60])
    np.testing.assert_array_equal(model.predict_quantiles(X)[:, 0], model.predict(X))
    other = FaninRegressor(quantile=LEVELS, **FAST).fit(X[:60], NUMBER[:60])
    with pytest.raises(ValueError, match="predict_quantiles: expected a fit with loss='quantile'"):
        other.predict_quantiles(X)


@pytest.mark.parametrize(
    "quantile",
    [
        *([0.9, 0.1], [0.5, 0.5], [0, 0.5], [0.5, 1], [], [[0.5]], [[0.1], [0.1, 0.2]], ["0.5"], [True]),
        *({0.1: 1}, "a", None, np.linspace(0.01, 0.99, 33), np.array(0.5), np.nan, [0.1, np.nan]),
    ],
)
def test_levels_that_are_no_ascending_quantiles_are_refused(quantile):
    message = (
        r"'quantile' parameter of FaninRegressor must be a float in the range \(0.0, 1.0\) or an ascending"
    )
    with pytest.raises(ValueError, match=message):
        FaninRegressor(loss="quantile", quantile=quantile, **FAST).fit(X, NUMBER)


@pytest.mark.parametrize(
    "given", [["code", "text"], [0, 1], np.array([True, True, False]), pd.Index(["text", "code"])]
)
def test_columns_given_as_categories_have_a_column_for_each_level_also_in_a_file(given, tmp_path):
    y = CODES["code"].isin([1, 4]) + 0.1 * CODES["x"]
    model = FaninRegressor(categorical_features=given, **FAST).fit(CODES, y)
    code, text, x = model.encoder_.columns
    assert code.levels == ("0", "1", "2", "3", "4", "5")
    assert text.levels == ("01", "02", "1", "2")
    assert type(x).__name__ == "Number"
    expected = model.predict(CODES)
    np.testing.assert_array_equal(loaded(model, tmp_path).predict(CODES), expected)
    np.testing.assert_array_equal(model.predict(CODES.astype({"code": float})), expected)
    polars = pl.DataFrame({name: CODES[name].to_list() for name in CODES})
    np.testing.assert_array_equal(model.predict(polars), expected)
    unseen, missing = (model.predict(CODES.assign(code=value)) for value in (99, np.nan))
    np.testing.assert_array_equal(unseen, missing)


def test_columns_of_an_array_are_given_as_categories_by_position():
    model = FaninRegressor(categorical_features=[0], **FAST).fit(CODES[["code", "x"]].to_numpy(), NUMBER)
    assert len(model.encoder_.columns[0].levels) == 6
    with pytest.raises(ValueError, match="got the name 'code' for an array, whose columns have none"):
        FaninRegressor(categorical_features=["code"], **FAST).fit(X, NUMBER)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["nothing"], "categorical_features: .* got 'nothing', which is no column of X"),
        ([True, False], "categorical_features: .* got 2 booleans for 3 columns"),
        ([3], "categorical_features: .* got position 3 for 3 columns"),
        ([-1], "categorical_features: .* got position -1 for 3 columns"),
        ("code", "'categorical_features' parameter of FaninRegressor must be"),
        (None, "'categorical_features' parameter of FaninRegressor must be"),
        (["day"], 'X: column "day": expected numbers or text of a category, got dates'),
    ],
)
def test_columns_that_are_none_or_dates_are_refused_as_categories(given, message):
    table = CODES.assign(x=pd.date_range("2020", periods=200)).rename(columns={"x": "day"})
    with pytest.raises(ValueError, match=message):
        FaninRegressor(categorical_features=given, **FAST).fit(table, NUMBER)
    with pytest.raises(TypeError, match=r"categorical_features: expected .*, got 0\.0"):
        FaninRegressor(categorical_features=[0.0], **FAST).fit(table, NUMBER)


DAYS = [datetime.date(2020, 1, 1), datetime.date(2021, 1, 1)]


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        (pd.Categorical(["a", "b"], categories=["z", "b", "a"]), "O"),
        (pl.Series(["a", "b"]), "U1"),
        (pl.Series(["a", "b"]).cast(pl.Categorical), "O"),
        (pl.Series(DAYS), "M8[D]"),
        (DAYS, "M8[D]"),
        (pd.Series(np.array(DAYS, "M8[us]")), "M8[us]"),
        (np.array([10**30, 10**31], object), "O"),
        (np.array([2**63, 2**64 - 1], np.uint64), "u8"),
        (pd.Series([True, False], dtype="boolean"), "?"),
        (np.array([True, False], object), "O"),
        (pd.Series([1, 2], dtype="Int64"), "i8"),
    ],
)
def test_labels_of_other_libraries_and_other_types_come_back(labels, dtype, tmp_path):
    one = np.asarray(labels)
    if one.dtype.kind == "M":
        one = one.astype(dtype)
    place = (X[:90, 0] > 0).astype(int)
    y = labels[place] if isinstance(labels, pd.Categorical) else one[place]
    if isinstance(labels, pl.Series | pd.Series):
        y = type(labels)(y.tolist() if dtype not in ("M8[D]", "M8[us]") else y, dtype=labels.dtype)
    model = FaninClassifier(**FAST).fit(X[:90], y)
    for each in (model, loaded(model, tmp_path)):
        found = each.predict(X[:90])
        assert found.dtype == np.dtype(dtype)
        assert np.mean(found == one[place]) > 0.9


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([1, True], object), "y: expected labels of one type, got bool and int"),
        (
            pd.Series(pd.to_datetime(["2020", "2021"])).dt.tz_localize("UTC"),
            "expected dates without a time zone",
        ),
        (
            pd.period_range("2020", periods=2),
            "expected text, numbers, booleans or dates as labels, got Period",
        ),
        (np.array([1j, 2]), "expected text, numbers, booleans or dates as labels, got dtype complex128"),
    ],
)
def test_labels_of_mixed_and_unknown_types_are_refused(labels, message):
    y = pd.Series(labels).repeat(100)
    with pytest.raises(TypeError, match=message):
        FaninClassifier(**FAST).fit(X, y)

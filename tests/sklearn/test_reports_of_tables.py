"""What FaninClassifier and FaninRegressor report: scores, calibration, leaks, importance, partial dependence."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.calibration import calibration_curve
from sklearn.exceptions import NotFittedError
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    mean_gamma_deviance,
    mean_poisson_deviance,
    roc_auc_score,
)

from fanin.losses import Gamma, Huber, Poisson, Quantile, SquaredError
from fanin.sklearn import FaninClassifier, FaninRegressor
from fanin.sklearn.table_leaks import leaks_of
from fanin.sklearn.table_quality import quality_of_classes, quality_of_numbers
from fanin.tables.encoder import TableEncoder

FAST = {"effort": "fast", "random_state": 0}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
NUMBER = np.sin(2 * X[:, 0]) + X[:, 1] + 0.3 * RNG.normal(size=400)
LABELS = np.array(["no", "yes"])[(NUMBER > 0).astype(int)]
FRAME = pd.DataFrame(
    {
        "size": X[:, 0],
        "weight": X[:, 1],
        "kind": np.where(X[:, 2] > 0, "long", "short"),
        "key": [f"row {i}" for i in range(400)],
    }
)
FRAME.loc[::9, "size"] = np.nan


def values(quality):
    return {measure.name: measure.value for measure in quality.measures}


def test_measures_of_classes_are_those_of_scikit_learn_also_with_weights():
    p = RNG.uniform(0.01, 0.99, size=1000)
    y = (RNG.uniform(size=1000) < p).astype(int)
    for weight in (None, RNG.uniform(1, 2, size=1000)):
        quality = quality_of_classes(y, np.column_stack([1 - p, p]), weight, "given rows")
        found = values(quality)
        assert found["log-loss"] == pytest.approx(log_loss(y, p, sample_weight=weight))
        assert found["accuracy"] == pytest.approx(accuracy_score(y, p > 0.5, sample_weight=weight))
        assert found["ROC AUC"] == pytest.approx(roc_auc_score(y, p, sample_weight=weight))
        assert quality.weighted == (weight is not None)
    reliability = quality_of_classes(y, np.column_stack([1 - p, p]), None, "given rows").reliability
    true, predicted = calibration_curve(y, p, n_bins=10, strategy="quantile")
    np.testing.assert_allclose(reliability.found, true, atol=0.011)
    np.testing.assert_allclose(reliability.predicted, predicted, atol=0.005)
    assert reliability.error == pytest.approx(np.abs(true - predicted).mean(), abs=0.01)


def test_the_interval_of_a_mean_covers_it_95_times_in_100():
    covered = 0
    for seed in range(200):
        y = np.random.default_rng(seed).integers(2, size=300)
        measure = quality_of_classes(y, np.full((300, 3), [0.4, 0.6, 0]), None, "given rows").measures[1]
        covered += measure.interval[0] <= 0.5 <= measure.interval[1]
    assert 180 <= covered <= 199


@pytest.mark.parametrize(
    ("loss", "name", "expected"),
    [
        (Poisson(), "Poisson deviance", mean_poisson_deviance),
        (Gamma(), "Gamma deviance", mean_gamma_deviance),
        (
            Quantile(0.9),
            "pinball loss",
            lambda y, p: np.mean(np.maximum(0.9 * (y - p), -0.1 * (y - p))),
        ),
        (Huber(1000.0), "Huber loss", lambda y, p: np.mean((y - p) ** 2) / 2),
        (SquaredError(), "RMSE", lambda y, p: np.sqrt(np.mean((y - p) ** 2))),
    ],
)
def test_measures_of_numbers_are_those_of_their_loss(loss, name, expected):
    p = RNG.uniform(1, 5, size=300)
    y = RNG.poisson(p) + 1.0
    quality = quality_of_numbers(loss, y, p, None, "given rows")
    first = quality.measures[0]
    assert first.name == name
    assert first.value == pytest.approx(expected(y, p))
    assert first.interval[0] < first.value < first.interval[1]
    if name == "pinball loss":
        assert quality.covered == (np.mean(y <= p),)
        assert len(quality.measures) == 1
    else:
        assert quality.slopes[0] == pytest.approx(np.polyfit(p, y, 1)[0])


def test_the_report_says_which_rows_were_scored():
    def origin(model, y, **parameters):
        return model(**FAST, **parameters).fit(FRAME, y).report().quality.origin

    assert origin(FaninClassifier, LABELS, members=1) == "held out for the choice"
    assert origin(FaninClassifier, LABELS) == "out of fold"
    assert origin(FaninRegressor, NUMBER, members=2) == "held out for the choice"
    model = FaninRegressor(**FAST, out_of_fold=True).fit(FRAME, NUMBER)
    quality = model.report().quality
    assert quality.origin == "out of fold"
    assert quality.rows == 400
    assert values(quality)["RMSE"] == pytest.approx(np.sqrt(np.mean((model.out_of_fold_ - NUMBER) ** 2)))


def test_a_report_is_a_short_text_with_the_score_first(tmp_path):
    model = FaninClassifier(**FAST).fit(FRAME, LABELS)
    report = model.report()
    for width in (80, 100):
        assert max(map(len, report.text(width).splitlines())) <= width
    text = str(report)
    assert text == repr(report)
    parts = (
        " % 256-256)",
        "Score of",
        "Calibration",
        "Tried",
        "Columns",
    )
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert "key     dropped: an id" in text
    assert str(pickle.loads(pickle.dumps(model)).report()) == text
    model.save(tmp_path / "model")
    loaded = FaninClassifier.load(tmp_path / "model")
    assert "No score: files and partial_fit keep none" in str(loaded.report())
    assert loaded.report(FRAME, LABELS).quality == model.report(FRAME, LABELS).quality


def test_trials_are_shown_in_the_unit_of_the_score():
    model = FaninRegressor(**FAST).fit(FRAME, np.column_stack([NUMBER, 1000 * NUMBER]))
    line = str(model.report()).split("Tried (RMSE of rows held out")[1].splitlines()[1]
    root = np.sqrt(model.trials_[0].score / 2)
    assert float(line.split()[0].replace(",", "")) == pytest.approx(root, rel=1e-3)
    levels = FaninRegressor(**FAST, loss="quantile", quantile=[0.1, 0.9]).fit(FRAME, NUMBER)
    line = str(levels.report()).split("Tried (pinball loss of rows held out")[1].splitlines()[1]
    assert float(line.split()[0]) == pytest.approx(levels.trials_[0].score / 2, rel=1e-3)


def test_frames_of_polars_are_inspected_like_those_of_pandas():
    axes = pytest.importorskip("matplotlib.figure").Figure().subplots()
    frame = FRAME[["size", "kind"]]
    polars = pl.DataFrame({name: [None if cell != cell else cell for cell in frame[name]] for name in frame})
    model = FaninRegressor(**FAST).fit(frame, NUMBER)
    of_pandas = model.report(frame, NUMBER, importance=True)
    assert model.report(polars, NUMBER, importance=True).importance == of_pandas.importance
    assert len(model.partial_dependence(polars, ["size", "kind"], ax=axes).pd_results) == 2


@pytest.mark.parametrize("kind", [FaninClassifier, FaninRegressor])
def test_importance_ranks_columns_by_what_shuffling_them_costs(kind):
    y = LABELS if kind is FaninClassifier else NUMBER
    report = kind(**FAST).fit(FRAME, y).report(FRAME, y, importance=True)
    means = {each.column: each.mean for each in report.importance}
    assert list(means)[:1] == ["weight"]
    assert means["weight"] > means["size"] > 5 * abs(means["kind"])
    assert means["key"] == 0
    assert "Importance: rise of the " in str(report)


def test_a_column_that_gives_the_target_away_raises_a_warning():
    for model, y, leak, measure in (
        (FaninClassifier, LABELS, np.where(LABELS == "yes", "granted", "refused"), "AUC 1.0000"),
        (FaninRegressor, NUMBER, np.exp(NUMBER), r"\|r\| 1.0000"),
    ):
        with pytest.warns(UserWarning, match=rf'"late" alone nearly determines the target \({measure}\)'):
            fitted = model(**FAST).fit(FRAME.assign(late=leak), y)
        assert [found.column for found in fitted.report().leaks] == ["late"]
        assert 'WARNING: column "late"' in str(fitted.report())


def test_leaks_are_found_in_numbers_categories_gaps_and_several_targets_but_not_by_chance():
    y = RNG.integers(3, size=2000)
    table = pd.DataFrame(
        {
            "number": (y - 1.0) ** 2 + 0.01 * y,
            "text": np.array(["a", "b", "c"])[y],
            "gaps": np.where(y == 1, np.nan, RNG.normal(size=2000)),
            "noise": RNG.normal(size=2000),
            "weak": y + RNG.normal(size=2000),
        }
    )
    encoder = TableEncoder().fit(table)
    assert [leak.column for leak in leaks_of(encoder, table, y, 3)] == ["number", "text"]
    two = (y == 1).astype(int)
    assert [leak.column for leak in leaks_of(encoder, table, two, 2)] == ["number", "text", "gaps"]
    targets = np.column_stack([RNG.normal(size=2000), table["noise"] ** 3])
    assert [leak.column for leak in leaks_of(encoder, table, targets, 0)] == ["noise"]
    assert not leaks_of(encoder, table[:99], y[:99], 3)


def test_partial_dependence_draws_numbers_categories_and_pairs_of_them():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    frame = FRAME.assign(count=np.arange(400) % 7, text=[f"{value:.3f}" for value in X[:, 2]])
    model = FaninClassifier(**FAST).fit(frame, LABELS)
    columns = ["size", "kind", "count", "text", ("size", "weight")]
    display = model.partial_dependence(frame, columns, ax=figure.subplots())
    assert [len(result["grid_values"][0]) for result in display.pd_results] == [20, 2, 7, 20, 20]
    assert len(figure.axes) >= 5
    array = FaninRegressor(**FAST).fit(X, NUMBER).partial_dependence(X, [1], ax=figure.subplots())
    curve = array.pd_results[0]["average"][0]
    assert curve[-1] - curve[0] > 1.5
    mixed = X.astype(object)
    mixed[:, 2] = FRAME["kind"]
    mixed[5, 0] = None
    classes = np.digitize(NUMBER, [-1, 1])
    model = FaninClassifier(**FAST).fit(mixed, classes)
    display = model.partial_dependence(mixed, [0, 2], target=1, ax=figure.subplots())
    assert [len(result["grid_values"][0]) for result in display.pd_results] == [20, 2]


def test_bad_arguments_of_reports_are_refused():
    with pytest.raises(NotFittedError):
        FaninRegressor().report()
    model = FaninRegressor(**FAST).fit(FRAME, NUMBER)
    for arguments in ({"X": FRAME}, {"y": NUMBER}, {"importance": True}):
        with pytest.raises(
            ValueError, match="report: expected X and y together, and both for importance=True"
        ):
            model.report(**arguments)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.report(FRAME, NUMBER[:5])
    with pytest.raises(ValueError, match=r"columns: expected numbers or categories among .*; got 'key'"):
        model.partial_dependence(FRAME, ["key"])
    classifier = FaninClassifier(**FAST).fit(FRAME, LABELS)
    with pytest.raises(ValueError, match="y: expected labels of the fit, got 'maybe'"):
        classifier.report(FRAME, np.where(X[:, 0] > 0, "maybe", "no"))


def test_a_report_keeps_to_the_loss_of_the_fit_and_shares_end_at_1():
    model = FaninRegressor(**FAST, loss="quantile", quantile=[0.1, 0.9]).fit(X, NUMBER)
    expected = model.report(X, NUMBER).quality
    assert model.set_params(loss="squared_error").report(X, NUMBER).quality == expected
    model = FaninRegressor(**FAST, loss="huber").fit(X, NUMBER)
    low, high = np.quantile(NUMBER, [0.25, 0.75])
    few = model.report(X[:50], NUMBER[:50]).quality
    loss = Huber((high - low) / 1.349)
    assert few.measures[0].value == pytest.approx(
        quality_of_numbers(loss, NUMBER[:50], model.predict(X[:50]), None, "").measures[0].value, rel=1e-6
    )
    for kind, y in (
        (model, np.column_stack([NUMBER, NUMBER])),
        (FaninRegressor(**FAST).fit(X, np.column_stack([NUMBER, -NUMBER])), NUMBER),
    ):
        with pytest.raises(ValueError, match=r"y: expected \d targets a row, as in the fit, got \d"):
            kind.report(X, y)
    sure = np.repeat([[0.9, 0.1]], 12, axis=0)
    accuracy = quality_of_classes(np.repeat([0, 1], [11, 1]), sure, None, "given rows").measures[1]
    assert accuracy.interval[1] == 1 > accuracy.interval[0]

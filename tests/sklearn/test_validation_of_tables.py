"""Validation rows of the estimators of tables: what they choose, when they end a training, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn.pipeline
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score
from sklearn.preprocessing import StandardScaler

from fanin import losses
from fanin.sklearn import FaninClassifier, FaninRegressor
from fanin.tables import fit_table

FAST = {"effort": "fast", "random_state": 0}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3))
NUMBER = np.sin(2 * X[:, 0]) + X[:, 1] + 0.1 * RNG.normal(size=200)
LABELS = np.array(["a", "b", "c"])[np.digitize(NUMBER, [-0.5, 0.5])]
X_VAL, NUMBER_VAL, LABELS_VAL = X[150:], NUMBER[150:], LABELS[150:]
TRAIN = slice(150)
BOTH = [(FaninClassifier, LABELS), (FaninRegressor, NUMBER)]


@pytest.mark.parametrize(("kind", "y"), BOTH)
def test_the_score_is_the_mean_loss_of_the_validation_rows(kind, y):
    model = kind(**FAST).fit(X[TRAIN], y[TRAIN], X_val=X_VAL, y_val=y[150:])
    if kind is FaninClassifier:
        expected = log_loss(LABELS_VAL, model.predict_proba(X_VAL))
    else:
        expected = mean_squared_error(NUMBER_VAL, model.predict(X_VAL))
    assert model.validation_score_ == pytest.approx(expected, rel=1e-5)
    assert model.out_of_fold_score_ is None
    quality = model.report().quality
    assert (quality.origin, quality.rows) == ("validation rows", 50)
    assert "Score of 50 validation rows, by which the model" in model.report().text(100)
    assert all(trial.score is not None for trial in model.trials_)
    model.fit(X[TRAIN], y[TRAIN])
    assert not hasattr(model, "validation_score_")


def test_all_networks_see_all_rows_and_only_those():
    given = {"loss": losses.SquaredError(), "effort": "fast"}
    train = X[TRAIN], NUMBER[TRAIN]
    first, second = (
        fit_table(*train, **given, validation=(X_VAL, y_val)) for y_val in (NUMBER_VAL, NUMBER_VAL + 1)
    )
    for setting in set(first.settings) & set(second.settings):
        one, other = (fitted.networks[fitted.settings.index(setting)] for fitted in (first, second))
        for name, array in one.get_weights().items():
            np.testing.assert_array_equal(array, other.get_weights()[name])
    assert first.settings[0] in second.settings
    assert second.score > first.score


def test_validation_rows_choose_settings_and_weights_of_every_kind_of_voter():
    frame = pd.DataFrame({"x": X[:, 0].round(1), "y": X[:, 1].round(1), "job": LABELS})
    two = (NUMBER > 0).astype(int)
    model = FaninClassifier(random_state=0, members=2).fit(
        frame[:150], two[:150], X_val=frame[150:], y_val=two[150:], sample_weight_val=np.arange(50)
    )
    assert sum(model.report().vote.values()) == pytest.approx(1)
    found = model.predict_proba(frame[150:])
    assert model.validation_score_ == pytest.approx(
        log_loss(two[150:], found, sample_weight=np.arange(50)), rel=1e-5
    )
    assert model.report().quality.rows == 49


@pytest.mark.parametrize(("kind", "y"), BOTH)
def test_early_stopping_keeps_the_best_epoch(kind, y):
    noise = RNG.permutation(y)
    arguments = {"X_val": X_VAL, "y_val": noise[150:]}
    plain = kind(**FAST).fit(X[TRAIN], noise[TRAIN], **arguments)
    stopped = kind(**FAST, early_stopping=True).fit(X[TRAIN], noise[TRAIN], **arguments)
    assert stopped.trials_[0].score < plain.trials_[0].score  # of the first setting, before the vote
    assert stopped.validation_score_ <= plain.validation_score_
    again = kind(**FAST, early_stopping=True, n_jobs=1).fit(X[TRAIN], noise[TRAIN], **arguments)
    assert again.validation_score_ == stopped.validation_score_


@pytest.mark.parametrize(("kind", "y"), BOTH)
def test_early_stopping_holds_out_a_tenth_of_the_rows(kind, y):
    model = kind(**FAST, early_stopping=True).fit(X, y, RNG.uniform(1, 2, size=200))
    quality = model.report().quality
    assert (quality.origin, quality.rows, quality.weighted) == ("validation rows", 20, True)
    assert 0 < model.validation_score_ < 1


def test_scoring_is_what_early_stopping_watches_and_what_is_reported():
    calls = []

    def accuracy(model, X, y, sample_weight=None):
        calls.append(sample_weight)
        return accuracy_score(y, model.predict(X), sample_weight=sample_weight)

    scores = []
    for scoring in ("accuracy", accuracy):
        model = FaninClassifier(**FAST, early_stopping=True, scoring=scoring)
        model.fit(X[TRAIN], LABELS[TRAIN], X_val=X_VAL, y_val=LABELS_VAL)
        assert model.validation_score_ == accuracy_score(LABELS_VAL, model.predict(X_VAL))
        scores.append(model.predict_proba(X))
    np.testing.assert_array_equal(*scores)
    assert len(calls) > 10
    model = FaninRegressor(**FAST, scoring="r2").fit(X[TRAIN], NUMBER[TRAIN], X_val=X_VAL, y_val=NUMBER_VAL)
    assert model.validation_score_ == r2_score(NUMBER_VAL, model.predict(X_VAL))
    FaninRegressor(**FAST, scoring="r2").fit(X, NUMBER)
    with pytest.raises(ValueError, match="scoring"):
        FaninRegressor(scoring="nothing").fit(X, NUMBER)


def test_a_score_that_fails_ends_the_fit():
    def fail(model, X, y):
        raise ArithmeticError("no score")

    with pytest.raises(ArithmeticError, match="no score"):
        FaninRegressor(**FAST, early_stopping=True, scoring=fail).fit(X, NUMBER)
    model = FaninClassifier(**FAST, scoring="neg_log_loss")
    with pytest.raises(ValueError, match="scoring of validation rows: y_true contains only one label"):
        model.fit(X[TRAIN], LABELS[TRAIN], X_val=X_VAL[:2], y_val=[LABELS[0]] * 2)


@pytest.mark.parametrize(("kind", "y"), BOTH)
def test_early_stopping_needs_rows_to_train_on_and_to_hold_out(kind, y):
    places = [0, int(np.argmax(y != y[0]))]
    with pytest.raises(ValueError, match=r"early_stopping: expected at least 3 different rows .* got 2"):
        kind(**FAST, early_stopping=True).fit(X[places], y[places])
    assert kind(**FAST, early_stopping=True).fit(X[:3], y[:3]).report().quality.rows == 1


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_time_limit_holds_with_validation_rows(early_stopping):
    many, y = RNG.normal(size=(3000, 2)), RNG.normal(size=3000)
    model = FaninRegressor(max_time=0.3, effort="high", early_stopping=early_stopping, random_state=0)
    model.fit(many, y, X_val=X_VAL[:, :2], y_val=NUMBER_VAL)
    assert model.seconds_["train"] < 5
    assert model.report().networks < 16


@pytest.mark.parametrize(("kind", "y"), BOTH)
def test_one_validation_row_and_many_outputs_work(kind, y):
    kind(**FAST, early_stopping=True).fit(X[TRAIN], y[TRAIN], X_val=X_VAL[:1], y_val=y[150:151]).report()
    two = np.column_stack([NUMBER, 2 * NUMBER])
    model = FaninRegressor(**FAST, early_stopping=True).fit(
        X[TRAIN], two[TRAIN], X_val=X_VAL, y_val=two[150:]
    )
    assert model.predict(X_VAL).shape == (50, 2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X_val": X_VAL}, "X_val, y_val: expected both or neither, got X_val"),
        ({"y_val": NUMBER_VAL}, "X_val, y_val: expected both or neither, got y_val"),
        ({"sample_weight_val": [1]}, "X_val, y_val: expected both or neither, got only weights"),
        (
            {"X_val": X_VAL[:, :2], "y_val": NUMBER_VAL},
            "validation rows: X has 2 features, but FaninRegressor is expecting 3",
        ),
        ({"X_val": X_VAL, "y_val": NUMBER_VAL[:-1]}, "validation rows: .*inconsistent numbers of samples"),
        ({"X_val": X_VAL[:0], "y_val": NUMBER_VAL[:0]}, "validation rows: .*0 sample"),
        ({"X_val": X_VAL, "y_val": np.full(50, np.nan)}, "validation rows: y: 50 of 50 targets are missing"),
        (
            {"X_val": X_VAL, "y_val": np.ones((50, 2))},
            "validation rows: y: expected 1 targets a row, .* got 2",
        ),
        ({"X_val": np.full((50, 3), np.inf), "y_val": NUMBER_VAL}, "validation rows: X: row 0, .* infinite"),
        (
            {"X_val": X_VAL, "y_val": NUMBER_VAL, "sample_weight_val": np.zeros(50)},
            "validation rows: Sample weights must contain at least one non-zero",
        ),
        (
            {"X_val": X_VAL, "y_val": NUMBER_VAL, "sample_weight_val": -np.ones(50)},
            "validation rows: sample_weight_val: row 0 is -1",
        ),
    ],
)
def test_bad_validation_rows_are_refused(given, message):
    model = FaninRegressor(**FAST)
    with pytest.raises(ValueError, match=message):
        model.fit(X[TRAIN], NUMBER[TRAIN], **given)
    assert not hasattr(model, "n_features_in_")


def test_unknown_labels_and_columns_of_validation_rows_are_named():
    with pytest.raises(ValueError, match="validation rows: y: expected labels of the fit, got 'd'"):
        FaninClassifier(**FAST).fit(X, LABELS, X_val=X[:2], y_val=["a", "d"])
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = FaninRegressor(**FAST)
    with pytest.raises(ValueError, match='validation rows: X: missing column "c"'):
        model.fit(frame, NUMBER, X_val=frame[["a", "b"]], y_val=NUMBER)
    in_order = model.fit(frame, NUMBER, X_val=frame, y_val=NUMBER).validation_score_
    assert model.fit(frame, NUMBER, X_val=frame[["c", "a", "b"]], y_val=NUMBER).validation_score_ == in_order


@pytest.mark.skipif(not hasattr(sklearn.pipeline.Pipeline(()), "transform_input"), reason="from 1.6 on")
def test_a_pipeline_transforms_validation_rows():
    with sklearn.config_context(enable_metadata_routing=True):
        model = FaninRegressor(**FAST).set_fit_request(X_val=True, y_val=True)
        steps = [("scale", StandardScaler()), ("model", model)]
        pipeline = sklearn.pipeline.Pipeline(steps, transform_input=["X_val"])
        pipeline.fit(X[TRAIN], NUMBER[TRAIN], X_val=X_VAL, y_val=NUMBER_VAL)
    expected = mean_squared_error(NUMBER_VAL, pipeline.predict(X_VAL))
    assert pipeline[-1].validation_score_ == pytest.approx(expected, rel=1e-5)


def test_out_of_fold_predictions_and_validation_rows_exclude_each_other():
    for parameters, given in (({"early_stopping": True}, {}), ({}, {"X_val": X_VAL, "y_val": NUMBER_VAL})):
        with pytest.raises(ValueError, match="out_of_fold: expected False with X_val or early_stopping=True"):
            FaninRegressor(**FAST, out_of_fold=True, **parameters).fit(X, NUMBER, **given)

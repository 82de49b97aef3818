"""Training the networks of a table further: partial_fit, warm_start; and the predictions of the first networks."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from fanin.sklearn import FaninClassifier, FaninRegressor

FAST = {"effort": "fast", "random_state": 0}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
NUMBER = np.sin(2 * X[:, 0]) + X[:, 1] + 0.1 * RNG.normal(size=400)
LABELS = np.array(["a", "b", "c"])[np.digitize(NUMBER, [-0.5, 0.5])]
CHUNKS = [slice(0, 200), slice(200, 300), slice(300, 400)]
BOTH = [(FaninClassifier, LABELS), (FaninRegressor, NUMBER)]


def passes(model, y, times=1):
    given = {"classes": ["a", "b", "c"]} if isinstance(model, FaninClassifier) else {}
    for _ in range(times):
        for rows in CHUNKS:
            model.partial_fit(X[rows], y[rows], **given)
    return model


def predicted(model, rows=X):
    return model.predict_proba(rows) if isinstance(model, FaninClassifier) else model.predict(rows)


@pytest.mark.parametrize(("kind", "y"), BOTH)
def test_passes_over_chunks_learn(kind, y):
    model = passes(kind(**FAST), y, 6)
    assert model.score(X, y) > 0.85
    assert model.report().networks == 2
    assert "report(X, y) scores rows" in model.report().text()
    again = passes(kind(**FAST, n_jobs=1), y, 6)
    np.testing.assert_array_equal(predicted(again), predicted(model))


@pytest.mark.parametrize(("kind", "y"), BOTH)
def test_a_pickle_goes_on_with_the_state_of_the_rule_and_does_not_grow(kind, y, tmp_path):
    model = passes(kind(**FAST), y)
    size = len(pickle.dumps(model))
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(predicted(passes(twin, y, 2)), predicted(passes(model, y, 2)))
    assert abs(len(pickle.dumps(model)) - size) < 100
    assert not hasattr(clone(model), "n_features_in_")
    model.save(tmp_path / "model")
    loaded = kind.load(tmp_path / "model")
    np.testing.assert_array_equal(predicted(loaded), predicted(model))
    before = loaded.score(X, y)
    assert passes(loaded, y, 3).score(X, y) > before - 0.05


@pytest.mark.parametrize("effort", ["fast", "default"])
@pytest.mark.parametrize(("kind", "y"), BOTH)
def test_partial_fit_goes_on_from_the_networks_of_a_fit(kind, y, effort):
    half = slice(0, 150)
    model = kind(effort=effort, random_state=0, members=2).fit(X[half], y[half])
    networks, before = model.report().networks, model.score(X, y)
    found = predicted(model)
    for start in range(0, 400, 80):
        model.partial_fit(X[start : start + 80], y[start : start + 80])
    assert model.report().networks == networks
    assert model.score(X, y) > before - 0.03
    assert (predicted(model) != found).any()
    fresh = kind(effort=effort, random_state=0, members=2).fit(X[half], y[half])
    np.testing.assert_array_equal(predicted(model.fit(X[half], y[half])), predicted(fresh))


def test_a_row_a_time_works_and_the_range_of_predictions_widens():
    model = FaninRegressor(**FAST).partial_fit(X[:50], NUMBER[:50])
    for _ in range(30):
        model.partial_fit(X[:1], [40.0])
    assert model.predict(X[:1])[0] > NUMBER.max() + 1
    single = FaninClassifier(**FAST).partial_fit(X[:50], ["a"] * 50, classes=["a", "b"])
    assert set(single.predict(X)) == {"a"}
    single.partial_fit(X[:1], ["b"])
    assert single.predict_proba(X).shape == (400, 2)


def test_weights_and_frames_in_chunks():
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": np.where(X[:, 2] > 0, "long", "short")})
    model = FaninRegressor(**FAST).partial_fit(frame, NUMBER, np.arange(400) % 2)
    without = FaninRegressor(**FAST).partial_fit(frame[1::2], NUMBER[1::2], np.ones(200))
    np.testing.assert_array_equal(model.predict(frame), without.predict(frame))
    model.partial_fit(frame[["c", "b", "a"]].assign(c="unseen"), NUMBER)
    with pytest.raises(ValueError, match='X: missing column "c"'):
        model.partial_fit(frame[["a", "b"]], NUMBER)
    heavy = FaninClassifier(**FAST, class_weight={"a": 50})
    assert (passes(heavy, LABELS, 3).predict(X) == "a").mean() > 0.5


def test_counts_may_be_0_in_a_later_chunk():
    counts = RNG.poisson(1, size=400)
    model = FaninRegressor(loss="poisson", **FAST).partial_fit(X, counts)
    assert (model.partial_fit(X[:2], [0, 0]).predict(X) > 0).all()
    with pytest.raises(ValueError, match="y: all values are 0"):
        FaninRegressor(loss="poisson", **FAST).partial_fit(X, np.zeros(400))


@pytest.mark.parametrize(("kind", "y"), BOTH)
def test_a_call_that_fails_changes_nothing(kind, y):
    model = passes(kind(**FAST), y)
    found, known = predicted(model), sorted(vars(model))
    for rows, targets, message in (
        (X[:, :2], y, "X has 2 features, but .* is expecting 3 features"),
        (X[:3], y[:2], "inconsistent numbers of samples"),
        (np.full((1, 3), np.inf), y[:1], "infinite"),
        (X[:2], [np.nan, np.nan], "y: 2 of 2 targets are missing"),
    ):
        with pytest.raises(ValueError, match=message):
            model.partial_fit(rows, targets)
    with pytest.raises(ValueError, match="at least one non-zero"):
        model.partial_fit(X, y, sample_weight=np.zeros(400))

    def fail(progress):
        if progress.stage == "train":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.set_params(callbacks=[fail]).partial_fit(X, y)
    np.testing.assert_array_equal(predicted(model), found)
    assert sorted(vars(model)) == known
    same = passes(kind(**FAST), y)
    np.testing.assert_array_equal(
        predicted(passes(model.set_params(callbacks=None), y)), predicted(passes(same, y))
    )


def test_classes_are_those_of_the_first_call():
    model = FaninClassifier(**FAST)
    with pytest.raises(ValueError, match=r"classes must be passed on the first call to partial_fit\."):
        model.partial_fit(X, LABELS)
    with pytest.raises(ValueError, match=r"classes: expected at least two, got \['a'\]"):
        model.partial_fit(X, LABELS, classes=["a"])
    with pytest.raises(ValueError, match="y: expected labels of the fit, got 'c'"):
        model.partial_fit(X, LABELS, classes=["a", "b"])
    assert not hasattr(model, "classes_")
    model.partial_fit(X[:100], ["a"] * 100, classes=["c", "b", "a"])
    assert list(model.classes_) == ["a", "b", "c"]
    with pytest.raises(ValueError, match=r"classes: expected \['a', 'b', 'c'\], as before, got \['a', 'd'\]"):
        model.partial_fit(X, LABELS, classes=["a", "d"])
    with pytest.raises(ValueError, match="y: expected labels of the fit, got 'd'"):
        model.partial_fit(X[:2], ["a", "d"])
    with pytest.raises(ValueError, match="class_weight: 'balanced' needs all rows"):
        FaninClassifier(class_weight="balanced").partial_fit(X, LABELS, classes=["a", "b", "c"])


def test_other_targets_and_another_loss_are_refused():
    model = FaninRegressor(**FAST).partial_fit(X, NUMBER)
    with pytest.raises(ValueError, match="y: expected 1 targets a row, as before, got 2"):
        model.partial_fit(X, np.column_stack([NUMBER, NUMBER]))
    with pytest.raises(ValueError, match=r"loss: expected SquaredError\(\), as before, got AbsoluteError"):
        model.set_params(loss="absolute_error").partial_fit(X, NUMBER)
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        FaninRegressor(**FAST).partial_fit(X[:1], NUMBER[:1])


@pytest.mark.parametrize("going_on", ["partial_fit", "fit"])
def test_several_quantiles_go_on_also_in_a_loaded_model(going_on, tmp_path):
    levels = [0.1, 0.5, 0.9]
    model = FaninRegressor(**FAST, members=2, loss="quantile", quantile=levels, warm_start=True)
    model.fit(X[:200], NUMBER[:200])
    model.save(tmp_path / "model")
    for one in (model, FaninRegressor.load(tmp_path / "model")):
        before = one.report(X[200:], NUMBER[200:]).quality.measures[0].value
        for _ in range(2):
            getattr(one, going_on)(X, NUMBER)
        assert one.report(X[200:], NUMBER[200:]).quality.measures[0].value < before
        assert one.predict_quantiles(X).shape == (400, 3)
        assert (np.diff(one.predict_quantiles(X)) >= 0).all()
        with pytest.raises(ValueError, match="loss='quantile' needs one target, got 2"):
            getattr(one, going_on)(X, np.column_stack([NUMBER, NUMBER]))
        for other in ({"quantile": [0.2, 0.5, 0.9]}, {"quantile": 0.5}, {"loss": "squared_error"}):
            changed = pickle.loads(pickle.dumps(one)).set_params(**other)
            with pytest.raises(ValueError, match=r"loss: expected Quantile\(levels=\(0.1, 0.5, 0.9\)\)"):
                getattr(changed, going_on)(X, NUMBER)
    with pytest.raises(ValueError, match=r"loss: expected SquaredError\(\), as before, got Quantile"):
        getattr(FaninRegressor(**FAST, warm_start=True).fit(X, NUMBER).set_params(loss="quantile"), going_on)(
            X, NUMBER
        )


@pytest.mark.parametrize("effort", ["fast", "default"])
@pytest.mark.parametrize(("kind", "y"), BOTH)
def test_a_warm_fit_trains_the_networks_there_are(kind, y, effort):
    model = kind(effort=effort, random_state=0, members=2, warm_start=True).fit(X[:200], y[:200])
    cold = kind(effort=effort, random_state=0, members=2).fit(X[:200], y[:200])
    np.testing.assert_array_equal(predicted(model), predicted(cold))
    networks, text = model.report().networks, model.encoder_.describe()
    pickle.loads(pickle.dumps(model)).fit(X, y)
    model.fit(X, y)
    assert (model.report().networks, model.encoder_.describe()) == (networks, text)
    assert model.score(X, y) > 0.85
    assert (predicted(model) != predicted(cold)).any()
    assert sum(trial.networks for trial in model.trials_) == networks
    assert model.report().quality.origin == "training rows"


def test_a_warm_fit_takes_validation_rows_a_time_limit_and_loaded_models(tmp_path):
    model = FaninRegressor(**FAST, warm_start=True).fit(X[:200], NUMBER[:200])
    first = model.predict(X)
    model.save(tmp_path / "model")
    model = FaninRegressor.load(tmp_path / "model").set_params(
        max_time=0.05, early_stopping=True, scoring="r2"
    )
    model.fit(X[:200], NUMBER[:200], X_val=X[200:], y_val=NUMBER[200:])
    assert model.validation_score_ == model.score(X[200:], NUMBER[200:])
    assert model.report().quality.origin == "validation rows"
    assert (model.predict(X) != first).any()
    model.set_params(early_stopping=False, scoring=None).fit(X, NUMBER, X_val=X, y_val=NUMBER)
    assert model.validation_score_ == pytest.approx(np.mean((NUMBER - model.predict(X)) ** 2))


def test_a_warm_fit_needs_the_same_columns_and_classes():
    model = FaninClassifier(**FAST, warm_start=True).fit(X, LABELS)
    found = model.predict_proba(X)
    with pytest.raises(ValueError, match="y: expected labels of the fit, got 'd'"):
        model.fit(X[:2], ["a", "d"])
    with pytest.raises(ValueError, match="X has 2 features"):
        model.fit(X[:, :2], LABELS)
    with pytest.raises(ValueError, match=r"out_of_fold: expected False with warm_start and a fitted model"):
        model.set_params(out_of_fold=True).fit(X, LABELS)
    np.testing.assert_array_equal(model.predict_proba(X), found)
    assert model.set_params(warm_start=False, out_of_fold=False).fit(X[:, :2], LABELS).n_features_in_ == 2


@pytest.mark.parametrize(("kind", "y"), BOTH)
def test_staged_predictions_end_with_those_of_the_model(kind, y, tmp_path):
    model = kind(random_state=0, members=3, max_time=2).fit(X, y)
    model.save(tmp_path / "model")
    for one in (model, kind.load(tmp_path / "model")):
        staged = list(one.staged_predict(X))
        assert len(staged) == model.report().networks
        np.testing.assert_array_equal(staged[-1], model.predict(X))
        if kind is FaninClassifier:
            stages = list(one.staged_predict_proba(X))
            np.testing.assert_array_equal(stages[-1], model.predict_proba(X))
            np.testing.assert_array_equal(staged[0], model.classes_[stages[0].argmax(axis=1)])
    assert (staged[0] != staged[-1]).any()

"""Networks for a table are chosen by rows they did not see, and the seed decides everything else."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fanin
from fanin import losses
from fanin.tables import FittedTable, fit_table


def table(rows=240, seed=0):
    """Two numbers whose product decides, a category, and labels."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, rows)).round(2)
    job = rng.choice(["clerk", "smith", "baker"], rows)
    labels = (a * b + (job == "smith") + 0.3 * rng.normal(size=rows) > 0.3).astype(int)
    return {"a": a, "b": b, "job": job}, labels


def predictions(fitted: FittedTable, X, classes: bool):
    rows, mixed = fitted.encoder.transform(X), 0.0
    for network, weight in zip(fitted.networks, fitted.weights, strict=True):
        outputs = np.asarray(network.predict(rows), dtype=np.float64).reshape(len(rows), -1)
        if not classes:
            outputs = np.clip(outputs * fitted.target_scale + fitted.target_mean, *fitted.target_range)
        mixed = mixed + weight * outputs
    return mixed


def bits(fitted: FittedTable):
    return [network.to_bytes() for network in fitted.networks], fitted.weights


def log_loss(p, labels):
    return -np.mean(np.log(np.where(labels == 1, p, 1 - p)))


def test_a_classifier_learns_and_its_score_is_that_of_its_out_of_fold_predictions():
    X, labels = table()
    fitted = fit_table(X, labels, loss=losses.Logistic(), n_classes=2, out_of_fold=True)
    assert sum(fitted.weights) == pytest.approx(1)
    assert fitted.out_of_fold.shape == (240, 1)
    assert fitted.score == pytest.approx(log_loss(fitted.out_of_fold[:, 0], labels), rel=1e-6)
    assert fitted.score < 0.9 * log_loss(labels.mean(), labels)
    other, truth = table(seed=1)
    assert log_loss(predictions(fitted, other, True)[:, 0], truth) < 0.9 * log_loss(labels.mean(), truth)
    assert {trial.networks for trial in fitted.trials} <= {1, 2, 4}
    assert all(seconds >= 0 for seconds in fitted.seconds.values())


@pytest.mark.parametrize("effort", ["fast", "default"])
@pytest.mark.parametrize("classes", [False, True])
def test_noise_is_predicted_by_a_constant(effort, classes):
    X, _ = table(400)
    rng = np.random.default_rng(3)
    y, others = rng.integers(0, 2, (2, 400)) if classes else rng.normal(size=(2, 400))
    fitted = fit_table(X, y, loss=losses.Logistic() if classes else losses.SquaredError(), effort=effort)
    found = predictions(fitted, X, classes)[:, 0]
    constant = np.full(400, y.mean())

    def loss(p):
        return log_loss(p, others) if classes else np.mean((p - others) ** 2)

    assert loss(found) < 1.03 * loss(constant)
    assert np.isfinite(fitted.score)


def test_a_linear_target_is_predicted_by_linear_models():
    X, _ = table(300)
    y = X["a"] - 2 * X["b"] + np.random.default_rng(4).normal(size=300)
    fitted = fit_table(X, y, loss=losses.SquaredError())
    linear = sum(w for w, net in zip(fitted.weights, fitted.networks, strict=True) if len(net.layers) == 1)
    assert linear > 0.5
    assert fitted.score < 1.2


def test_out_of_fold_predictions_do_not_know_the_row():
    X, _ = table(120)
    noise = np.random.default_rng(3).integers(0, 2, 120)
    fitted = fit_table(X, noise, loss=losses.Logistic(), out_of_fold=True, max_time=60)
    assert log_loss(fitted.out_of_fold[:, 0], noise) > 0.6
    assert log_loss(predictions(fitted, X, True)[:, 0], noise) < log_loss(fitted.out_of_fold[:, 0], noise)


@pytest.mark.parametrize("effort", ["fast", "default"])
def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(effort):
    X, labels = table(100)
    found = []
    for threads in (1, 3):
        with fanin.num_threads(threads):
            found.append(bits(fit_table(X, labels, loss=losses.Logistic(), effort=effort, seed=5)))
    assert found[0] == found[1]
    assert found[0] != bits(fit_table(X, labels, loss=losses.Logistic(), effort=effort, seed=6))


def test_rows_of_weight_0_are_as_if_absent():
    X, labels = table(100)
    weight = np.repeat([1.0, 0.0], [70, 30])
    part = {name: column[:70] for name, column in X.items()}
    with_them = fit_table(X, labels, loss=losses.Logistic(), effort="fast", sample_weight=weight)
    without = fit_table(part, labels[:70], loss=losses.Logistic(), effort="fast", sample_weight=np.ones(70))
    assert bits(with_them) == bits(without)
    folds = fit_table(X, labels, loss=losses.Logistic(), sample_weight=weight, out_of_fold=True, max_time=1)
    assert np.isnan(folds.out_of_fold[70:]).all()
    assert np.isfinite(folds.out_of_fold[:70]).all()


def test_a_time_limit_shortens_the_schedule():
    X, _ = table(3000)
    y = X["a"] * X["b"]
    for limit in (None, 0.2):
        fitted = fit_table(X, y, loss=losses.SquaredError(), members=2, max_time=limit)
        seconds = fitted.seconds["train"]
    assert seconds < 2
    assert np.isfinite(predictions(fitted, X, False)).all()


@pytest.mark.parametrize(
    "loss",
    [
        losses.SquaredError(),
        losses.AbsoluteError(),
        losses.Huber(1.0),
        losses.Quantile((0.2, 0.8)),
        losses.Poisson(),
    ],
    ids=lambda loss: loss.name,
)
def test_every_loss_is_learned_in_the_units_of_the_targets(loss):
    X, _ = table(300)
    y = np.round(50 + 40 * np.tanh(X["a"]))
    fitted = fit_table(X, y, loss=loss, members=1)
    found = predictions(fitted, X, False)
    assert found.shape == (300, 2 if loss.name == "quantile" else 1)
    assert np.abs(found - y[:, None]).mean() < 0.5 * np.abs(y - np.median(y)).mean()
    assert found.min() >= y.min()
    assert found.max() <= y.max()


def test_several_outputs_and_many_classes():
    X, _ = table(300)
    y = np.column_stack([X["a"], 1e6 * X["b"]])
    fitted = fit_table(X, y, loss=losses.SquaredError(), members=2, out_of_fold=True)
    assert fitted.out_of_fold.shape == y.shape
    assert (np.abs(fitted.out_of_fold - y).mean(axis=0) < 0.3 * np.abs(y - y.mean(axis=0)).mean(axis=0)).all()
    labels = np.arange(300) % 30
    X["a"] = labels + 0.1 * X["a"]
    classes = fit_table(X, labels, loss=losses.SoftmaxCrossEntropy(), n_classes=30, effort="fast")
    assert (predictions(classes, X, True).argmax(axis=1) == labels).mean() > 0.5


def test_a_table_of_few_rows_and_a_class_of_one_row():
    X, _ = table(10)
    labels = np.array([0] * 9 + [1])
    fitted = fit_table(X, labels, loss=losses.Logistic())
    assert np.isfinite(predictions(fitted, X, True)).all()
    only = fit_table(X, np.zeros(10), loss=losses.Logistic(), effort="fast")
    assert (predictions(only, X, True) < 0.2).all()


def test_the_callback_gets_every_stage_and_every_trial():
    X, labels = table(60)
    seen = []
    fitted = fit_table(X, labels, loss=losses.Logistic(), effort="fast", callback=seen.append)
    assert tuple(each.trial for each in seen if each.trial) == fitted.trials
    stages = [each.stage for each in seen]
    assert list(dict.fromkeys(stages)) == ["encode", "choose", "train"]
    assert sorted(stages, key=["encode", "choose", "train"].index) == stages
    assert all(0 <= each.done <= 1 for each in seen)
    assert all(each.networks >= each.trial.networks for each in seen if each.trial)
    assert [each.seconds for each in seen] == sorted(each.seconds for each in seen)


def test_epochs_of_all_networks_are_reported_and_change_no_bit(monkeypatch):
    monkeypatch.setattr("fanin.tables.progress._PAUSE", 0)
    X, labels = table(60)
    arguments = {"loss": losses.SquaredError(), "effort": "fast", "members": 3}
    seen = []
    fitted = fit_table(X, labels * 1.0, **arguments, callback=seen.append)
    epochs = [each for each in seen if each.networks and each.trial is None]
    steps = 60 // fitted.trials[0].setting.batch_on(60)
    assert len(epochs) >= 3 * 100 // (steps + 1)
    assert [each.done for each in epochs] == sorted(each.done for each in epochs)
    assert epochs[-1].done == 1
    assert bits(fitted) == bits(fit_table(X, labels * 1.0, **arguments))


@pytest.mark.parametrize("number", [0, 2, 5, 6])
def test_an_exception_of_the_callback_ends_the_fit_at_once(number, monkeypatch):
    monkeypatch.setattr("fanin.tables.progress._PAUSE", 0)
    X, labels = table(60)
    seen = []

    def fail(progress):
        seen.append(progress)
        if len(seen) > number:
            raise ArithmeticError("enough")

    with pytest.raises(ArithmeticError, match="enough"):
        fit_table(X, labels * 1.0, loss=losses.SquaredError(), effort="fast", callback=fail)
    assert len(seen) == number + 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"y": [0, 1, 2, 0]}, r"y: expected labels 0\.\.1, got 2 in row 2"),
        ({"y": [0, 1, np.nan, np.nan]}, "y: expected finite numbers, got nan in rows 2, 3"),
        ({"y": [0, 1]}, "y: expected 4 rows, as X has, got 2"),
        ({"y": [0.5, 1, 0, 1]}, r"y: expected labels 0\.\.1, got 0\.5 in row 0"),
        ({"sample_weight": [0, 0, 0, 1]}, "X: expected at least 2 rows of weight above 0, got 1"),
        (
            {"sample_weight": [1, -1, 1, 1]},
            "sample_weight: expected finite numbers of at least 0, got -1 in row 1",
        ),
        ({"sample_weight": [1, 1]}, r"sample_weight: expected shape \(4,\), got \(2,\)"),
        ({"members": 0}, "members: "),
        ({"members": "all"}, "members: "),
        ({"effort": "none"}, "effort: "),
        ({"max_time": 0}, "max_time: "),
        ({"seed": -1}, "seed: "),
        ({"loss": losses.SoftmaxCrossEntropy()}, "n_classes: expected at least 2, got None"),
    ],
)
def test_wrong_arguments_are_named(given, message):
    arguments = {"y": [0, 1, 0, 1], "loss": losses.Logistic()} | given
    with pytest.raises(ValueError, match=message):
        fit_table({"a": [1.0, 2.0, 3.0, 4.0]}, arguments.pop("y"), **arguments)
    with pytest.raises(TypeError, match="loss: expected a loss"):
        fit_table({"a": [1.0, 2.0]}, [0, 1], loss="logistic")


def test_targets_beyond_float32_are_refused_with_their_rows():
    X, _ = table(10)
    y = np.ones((10, 2))
    for value, loss, message in (
        (-1e300, losses.SquaredError(), r"numbers from -1e\+38 to 1e\+38, got -1e\+300 in row 3"),
        (-1, losses.Poisson(), r"numbers from 0 to 1e\+38, got -1 in row 3"),
        (1e-300, losses.Gamma(), r"numbers from 1e-38 to 1e\+38, got 1e-300 in row 3"),
    ):
        y[3, 1] = value
        with pytest.raises(ValueError, match=f"y: expected {message}"):
            fit_table(X, y, loss=loss)


def test_validation_rows_are_judged_by_networks_that_see_all_other_rows():
    (X, labels), (other, truth) = table(100), table(80, seed=1)
    weight = np.repeat([1.0, 0.0, 2.0], [40, 10, 30])
    fitted = fit_table(X, labels, loss=losses.Logistic(), validation=(other, truth, weight), max_time=60)
    found = predictions(fitted, other, True)
    np.testing.assert_allclose(fitted.validated, found[weight > 0], rtol=1e-6)
    losses_of_rows = -np.log(np.where(truth == 1, found[:, 0], 1 - found[:, 0]))
    assert fitted.score == pytest.approx(np.average(losses_of_rows, weights=weight), rel=1e-6)
    assert fitted.out_of_fold is None
    assert list(fitted.weights) == sorted(fitted.weights, reverse=True)


def test_early_stopping_watches_the_score_of_each_network():
    (X, labels), validation, seen = table(60), (*table(40, seed=1), None), []

    def scorer(fitted):
        seen.append(fitted)
        return -float(len(seen))  # the first epoch of the first network is the best

    arguments = {"loss": losses.Logistic(), "effort": "fast", "members": 1, "validation": validation}
    fit_table(X, labels, **arguments, early_stopping=True, scorer=scorer)
    assert {len(each.networks) for each in seen} == {1}
    assert len({id(each.networks[0]) for each in seen}) > 1
    assert len(seen) <= 11 * len({id(each.networks[0]) for each in seen})
    for wrong, message in (
        ({"early_stopping": True, "validation": None}, "early_stopping: expected validation rows, got None"),
        ({"out_of_fold": True}, "out_of_fold: expected False with validation rows"),
        ({"validation": (X, [3] * 60)}, r"validation rows: y: expected labels 0\.\.1, got 3 in rows"),
        (
            {"validation": (X, labels, None, 1)},
            r"validation rows: expected a tuple \(X, y\) or .*, got 4 parts",
        ),
        ({"validation": (X, labels[1:])}, "validation rows: y: expected 60 rows, as X has, got 59"),
        ({"validation": (X, labels, np.zeros(60))}, "validation rows: sample_weight: expected some above 0"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            fit_table(X, labels, **arguments | wrong)


def test_a_trial_is_told_in_a_line():
    seen = []
    X, labels = table(60)
    fit_table(X, labels * 1.0, loss=losses.SquaredError(), effort="fast", callback=seen.append)
    text = str(next(each.trial for each in seen if each.trial))
    assert text.startswith("9 networks, 256-256, decay 0.02, 8 epochs, rate 0.004: loss 0.")
    assert re.search(r" on rows held out, [\d.]+ m?s$", text)

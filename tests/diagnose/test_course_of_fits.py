"""Findings about the course of a fit: its losses, the sizes of its updates, its units and gradients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import fanin
from fanin import Dense, optim
from fanin.diagnose.detect_flow import flow
from fanin.diagnose.detect_pace import pace
from fanin.diagnose.detect_progress import progress
from fanin.diagnose.detect_units import units
from fanin.diagnose.evidence import Evidence, Target
from fanin.training.settings import Settings
from fanin.training.steps import Steps

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(600, 4)).astype("float32")
LABELS = (X[:, 0] * X[:, 1] > 0).astype(int)
CLASSES = "softmax_cross_entropy"


def course(losses: Any, val: Any = (), baseline: float = 1.0, watched: Any = None, **fit: Any) -> Evidence:
    """A fit with these losses by epoch, of a network that was not trained."""
    losses, val = list(map(float, losses)), list(map(float, val))
    steps = Steps(100 * len(losses))
    history = fanin.History("rmse", losses, val, validates=bool(val), steps=steps)
    settings = Settings(**{"rule": optim.Adam(0.01), "epochs": len(losses)} | fit)
    net = fanin.Network(4, [Dense(8, "relu"), Dense(1)])
    return Evidence(net, settings, history, watched, Target(600, baseline, 1.4))


def kinds(findings: Any) -> list[str]:
    return [finding.kind for finding in findings]


def falling(first: float, last: float, epochs: int = 40) -> Any:
    return last + (first - last) * 0.8 ** np.arange(epochs)


def noise(size: float, epochs: int = 40) -> Any:
    return size * np.random.default_rng(1).normal(size=epochs)


GOOD = {
    "settled": course(falling(1, 0.2) + noise(0.002)),
    "settled on validation": course(falling(1, 0.1), falling(1, 0.2) + noise(0.005)),
    "fitting training rows ever better": course(np.linspace(0.4, 0.05, 40), falling(1, 0.2) + noise(0.005)),
    "noise on validation": course(falling(1, 0.2), falling(1, 0.4) + noise(0.02)),
    "a negative loss": course(falling(1, -5), baseline=-2.0),
    "by a solver": course(falling(1, 0.2), rule=optim.LBFGS()),
    "no epochs": course([]),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_course_has_no_findings(name: str):
    assert not [*progress(GOOD[name]), *pace(GOOD[name]), *units(GOOD[name]), *flow(GOOD[name])]


@pytest.mark.parametrize(
    ("evidence", "kind"),
    [
        (course(np.full(10, 4.0)), "divergence"),
        (course(falling(1, 0.1, 10), np.linspace(1, 9, 10)), "divergence"),
        (replace(course([]), error="training diverged: in epoch 1, step 3; ..."), "divergence"),
        (course(1 + noise(0.002)), "base_rate_plateau"),
        (course(np.full(20, 1.3)), "divergence"),
        (course(falling(1, 0.01), falling(1, 0.3) + np.linspace(0, 0.5, 40)), "overfitting"),
    ],
)
def test_a_bad_course_of_the_losses_is_named(evidence: Evidence, kind: str):
    (finding,) = progress(evidence)
    assert finding.kind == kind
    assert finding.severity == "fault"
    assert finding.remedy is not None
    assert finding.remedy.code(evidence.start)


def test_the_remedy_of_overfitting_is_early_stopping_unless_the_fit_has_it():
    val = falling(1, 0.3) + np.linspace(0, 0.5, 40)
    (finding,) = progress(course(falling(1, 0.01), val))
    assert isinstance(finding.remedy.fit["callbacks"][0], fanin.EarlyStopping)
    (finding,) = progress(course(falling(1, 0.01), val, callbacks=[fanin.EarlyStopping(30)]))
    assert finding.remedy is None


def test_a_fit_that_restored_its_best_weights_does_not_overfit():
    evidence = course(falling(1, 0.01), falling(1, 0.3) + np.linspace(0, 0.5, 40))
    assert not [*progress(replace(evidence, history=replace(evidence.history, best_epoch=8)))]


@pytest.mark.parametrize("diagnose", [False, True])
def test_an_exception_has_the_history_and_the_diagnosis_of_a_fit_that_diverged(diagnose: bool):
    net = fanin.Network(4, [Dense(8, "relu"), Dense(1)])
    with pytest.raises(fanin.DivergedError) as caught:
        net.fit(X, X[:, 0], rule=optim.SGD(100.0), epochs=9, diagnose=diagnose)
    assert len(caught.value.history.loss) == caught.value.epoch - 1
    assert caught.value.diagnosis is caught.value.history.diagnosis
    if diagnose:
        assert kinds(caught.value.diagnosis.findings)[0] == "divergence"
    else:
        assert caught.value.diagnosis is None


def test_targets_that_are_all_equal_have_no_signal():
    evidence = course(falling(1, 0.1))
    evidence = replace(evidence, target=replace(evidence.target, deviation=0.0))
    assert kinds(progress(evidence)) == ["no_signal"]


def test_a_loss_that_still_falls_calls_for_more_epochs():
    (finding,) = pace(course(np.linspace(1, 0.5, 20), max_steps=300))
    assert finding.kind == "too_few_epochs"
    assert finding.remedy.fit == {"epochs": 100, "max_steps": 1500}
    assert kinds(pace(course(falling(1, 0.1, 20), np.linspace(1, 0.5, 20)))) == ["too_few_epochs"]
    assert kinds(pace(course([0.9, 0.8], [0.8, 0.7]))) == ["too_few_epochs"]


def test_a_fit_of_few_steps_is_too_short():
    evidence = course([0.9])
    history = replace(evidence.history, steps=Steps(20))
    (finding,) = pace(replace(evidence, history=history))
    assert (finding.kind, finding.number) == ("too_few_epochs", 20)


def test_a_loss_that_fluctuates_calls_for_a_lower_rate():
    (finding,) = pace(course(0.5 + noise(0.1)))
    assert finding.kind == "oscillation"
    assert finding.remedy.fit == {"rule": optim.Adam("auto")}


def watched_fit(rule: Any = None, layers: Any = None, y: Any = LABELS, **fit: Any) -> Evidence:
    layers = layers or [Dense(32, "relu"), Dense(2)]
    net = fanin.Network(4, layers, CLASSES)
    options = {"rule": rule or optim.Adam(0.01), "epochs": 30, "batch_size": 32}
    history = net.fit(X, y, validation_fraction=0.2, diagnose=True, **options | fit)
    evidence: Evidence = history.diagnosis.evidence
    return evidence


def test_a_good_fit_has_no_faults():
    net = fanin.Network(4, [Dense(32, "relu"), Dense(2)], CLASSES)
    history = net.fit(X, LABELS, rule=optim.Adam(0.01), epochs=40, validation_fraction=0.2, diagnose=True)
    assert [finding for finding in history.diagnosis.findings if finding.severity == "fault"] == []


def test_first_updates_as_large_as_the_weights_call_for_a_lower_rate():
    (finding,) = pace(watched_fit(optim.Adam(0.3)))
    assert finding.kind == "fast_rate"
    assert 0.5 < finding.number < 3
    assert finding.remedy.fit == {"rule": optim.Adam("auto")}


def test_tiny_updates_call_for_a_higher_rate():
    assert kinds(pace(watched_fit(optim.Adam(3e-5)))) == ["slow_rate"]


def test_a_rule_without_a_race_gets_a_tenth_of_its_rate():
    (finding,) = pace(watched_fit(optim.Lion(0.3)))
    assert finding.remedy.fit == {"rule": optim.Lion(0.03)}


def test_steps_that_reverse_each_time_are_an_oscillation():
    slopes = np.array([[10.0, 0, 0, 0], [0, 1, 0, 0]] * 50)
    net = fanin.Network(4, [Dense(1, initializer=[[0.1], [1], [2], [3]])])
    y = slopes @ np.arange(4.0)
    rule = optim.SGD(1.99 / 50)
    history = net.fit(slopes, y, rule=rule, epochs=300, batch_size=100, diagnose=True)
    (finding,) = pace(history.diagnosis.evidence)
    assert finding.kind == "oscillation"
    assert finding.number < -0.9


def test_units_that_never_fire_are_dead_and_may_leak():
    biases = np.where(np.arange(32) < 20, -50.0, 0.0)
    layers = [Dense(32, "relu", bias_initializer=biases), Dense(2)]
    for epochs in (30, 300):  # in one window of rows, and in two in a row
        (finding,) = units(watched_fit(optim.SGD(1e-3), layers, epochs=epochs))
        assert (finding.kind, finding.layer, finding.severity) == ("dead_units", "layer1", "fault")
        assert 20 / 32 <= finding.number < 25 / 32
        assert finding.remedy.layers[0].activation == "leaky_relu"


def test_large_weights_saturate_units_and_batch_norm_is_the_remedy():
    large = fanin.initializers.Automatic(200.0)
    evidence = watched_fit(optim.Adam(1e-3), [Dense(32, "tanh", large), Dense(2)])
    (finding,) = units(evidence)
    assert (finding.kind, finding.layer) == ("saturated_units", "layer1")
    assert finding.number > 0.5
    assert finding.remedy.layers[0].batch_norm is True


def test_gradients_vanish_through_ten_logistic_layers():
    (finding,) = flow(watched_fit(layers=[*[Dense(16, "logistic")] * 10, Dense(2)]))
    assert finding.kind == "vanishing_gradients"
    assert finding.number < 1e-3
    assert finding.remedy.layers[0] == Dense(16, "relu", batch_norm=True)


def test_gradients_explode_through_large_weights():
    large = fanin.initializers.Automatic(4.0)
    (finding,) = flow(watched_fit(optim.SGD(1e-6), [*[Dense(16, "relu", large)] * 6, Dense(2)]))
    assert finding.kind == "exploding_gradients"
    assert finding.number > 70


def test_a_jump_of_the_loss_of_a_batch_is_a_spike_with_its_rows():
    faulty = X.copy()
    faulty[57, 2] = 3e3
    net = fanin.Network(4, [Dense(16, "relu"), Dense(1)])
    diagnosis = net.fit(faulty, X[:, 0], rule=optim.Adam(0.01), epochs=30, diagnose=True).diagnosis
    (spike,) = [finding for finding in diagnosis.findings if finding.kind == "spike"]
    assert diagnosis.rows_behind(spike, faulty, X[:, 0]).rows[0] == 57
    assert spike.remedy.fit == {"rule": optim.Around(optim.Adam(0.01), clip_norm=1.0)}
    with pytest.raises(ValueError, match="finding: expected one at a step, such as a spike, got overfitting"):
        diagnosis.rows_behind(fanin.diagnose.Finding("overfitting", "", 1, 1), faulty, X[:, 0])


def test_inputs_of_unequal_scales_are_seen_while_they_are_trained_on():
    for scale, found in (([1, 1, 1, 1], 0), ([1, 1, 1, 50], 1), ([100, 100, 100, 100], 1)):
        net = fanin.Network(4, [Dense(16, "relu"), Dense(2)], CLASSES)
        diagnosis = net.fit(X * scale, LABELS, epochs=20, diagnose=True).diagnosis
        assert kinds(diagnosis.findings).count("unscaled_inputs") == found
    net = fanin.Network(4, [fanin.Standardize(), Dense(16, "relu"), Dense(2)], CLASSES)
    diagnosis = net.fit(X * [1, 1, 1, 50], LABELS, epochs=20, diagnose=True).diagnosis
    assert "unscaled_inputs" not in kinds(diagnosis.findings)


def test_columns_of_a_frame_are_named_in_findings():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X * [1, 1, 1, 50], columns=["age", "height", "weight", "income"])
    net = fanin.Network(4, [Dense(16, "relu"), Dense(2)], CLASSES)
    diagnosis = net.fit(frame, LABELS, epochs=20, diagnose=True).diagnosis
    assert "(column 'income')" in next(f.message for f in diagnosis.findings if f.kind == "unscaled_inputs")

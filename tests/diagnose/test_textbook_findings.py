"""What the textbook says about fits, as the training doctor measures and finds it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import fanin
from fanin import Dense, optim
from fanin.diagnose import KINDS, Diagnosis, Finding
from helpers import ROOT

RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(-1, 1, (600, 2)).astype("float32")
LABELS = (X[:, 0] * X[:, 1] > 0).astype(int)
CLASSES = "softmax_cross_entropy"


def diagnosed(net: fanin.Network, X: Any = X, y: Any = LABELS, **fit: Any) -> Diagnosis:
    diagnosis: Diagnosis = net.fit(X, y, diagnose=True, **fit).diagnosis
    return diagnosis


def found(diagnosis: Diagnosis, kind: str) -> list[Finding]:
    return [finding for finding in diagnosis.findings if finding.kind == kind]


@pytest.mark.parametrize("factor", [1.5, 0.5])
def test_the_report_by_layer_shows_signals_and_gradients_as_powers_of_depth(factor: float):
    layers = [Dense(4, initializer=factor * np.eye(4))] * 6
    rows = RANDOM.normal(size=(100, 4))
    net = fanin.Network(4, layers, dtype="float64")
    watched = diagnosed(net, rows, 1 + rows, rule=optim.SGD(0.0), epochs=1).watched
    assert watched.layers == ("inputs", *(f"layer{number}" for number in range(1, 7)))
    np.testing.assert_allclose(watched.deviation[0] / watched.deviation[0, 0], factor ** np.arange(7))
    gradients = watched.gradient_of_layer[0, 1:]
    np.testing.assert_allclose(gradients / gradients[-1], factor ** np.arange(5, -1, -1))


def test_the_report_by_layer_has_a_mean_of_about_0_for_tanh_and_of_a_half_for_logistic():
    means = {}
    for activation in ("tanh", "logistic"):
        net = fanin.Network(2, [*[Dense(32, activation)] * 2, Dense(2)], CLASSES)
        means[activation] = diagnosed(net, epochs=5).watched.mean[-1, 1:3]
    assert (np.abs(means["tanh"]) < 0.1).all()
    assert (np.abs(means["logistic"] - 0.5) < 0.1).all()


def test_too_big_a_first_rate_saturates_units_which_are_found_and_the_remedy_is_proved():
    def net() -> fanin.Network:
        return fanin.Network(2, [Dense(32, "tanh"), Dense(32, "tanh"), Dense(2)], CLASSES, seed=1)

    fit = {"epochs": 60, "batch_size": 32}
    diagnosis = diagnosed(net(), rule=optim.Adam(3.0), **fit)
    (finding,) = found(diagnosis.prove(X, LABELS), "saturated_units")
    assert finding.severity == "fault"
    assert finding.number > 0.9
    assert diagnosis.history.loss[-1] > diagnosis.evidence.target.baseline  # a plateau, or worse
    assert finding.proved
    remedied = diagnosed(net(), **{**fit, **finding.remedy.fit})
    assert not found(remedied, "saturated_units")
    assert remedied.history.loss[-1] < 0.1 * diagnosis.history.loss[-1]


@pytest.mark.parametrize("loss", ["logistic", "squared_error"])
def test_a_fit_that_stays_at_the_base_rate_is_found_and_one_that_leaves_it_is_not(loss: str):
    y = (X[:, 0] > 0.6).astype("float32")
    p = float(y.mean())
    baseline = -p * np.log(p) - (1 - p) * np.log(1 - p) if loss == "logistic" else p * (1 - p) / 2
    last = Dense(1, initializer="zeros", bias_initializer="base_rate")
    stays, leaves = (
        diagnosed(fanin.Network(2, [Dense(8, "tanh"), last], loss), y=y, rule=optim.Adam(rate), epochs=20)
        for rate in (1e-9, 0.02)
    )
    assert stays.history.loss == pytest.approx([baseline] * 20, rel=1e-4)
    assert stays.evidence.target.baseline == pytest.approx(baseline, rel=1e-5)
    (finding,) = found(stays, "base_rate_plateau")
    assert finding.number < 1e-4
    assert not found(leaves, "base_rate_plateau")


def test_a_rate_turned_down_too_soon_is_found_and_a_later_decay_is_proved():
    def net() -> fanin.Network:
        return fanin.Network(2, [Dense(32, "tanh"), Dense(2)], CLASSES, seed=0)

    early = optim.Adam(optim.Piecewise([0.003, 3e-6], after=[15 * 19]))
    with pytest.warns(fanin.EarlyDecayWarning):
        diagnosis = diagnosed(net(), rule=early, epochs=40)
    (finding,) = found(diagnosis.prove(X, LABELS), "early_decay")
    assert finding.epoch == 15
    assert finding.number < finding.threshold < 0
    assert finding.proved
    assert not found(diagnosed(net(), rule=optim.Adam(optim.Cosine(0.003)), epochs=40), "early_decay")


def test_units_that_start_alike_are_found_and_different_weights_are_proved():
    same = np.tile([[0.5], [-0.5]], 16)
    net = fanin.Network(2, [Dense(16, "tanh", initializer=same), Dense(2, initializer="zeros")], CLASSES)
    diagnosis = diagnosed(net, rule=optim.Adam(0.02), epochs=30).prove(X, LABELS)
    (finding,) = found(diagnosis, "identical_units")
    assert finding.layer == "layer1"
    assert finding.number == 1
    assert np.ptp(net.get_weights()["layer1.weight"], axis=1).max() < 1e-5  # they have learned the same
    assert finding.proved
    different = fanin.Network(2, [Dense(16, "tanh"), Dense(2)], CLASSES)
    assert not found(diagnosed(different), "identical_units")


def test_the_ratio_of_update_to_weight_differs_by_layer_with_sgd_and_little_with_adam():
    ratios = {}
    for rule in (optim.SGD(0.1), optim.Adam(0.001)):
        net = fanin.Network(2, [*[Dense(16, "logistic")] * 5, Dense(2)], CLASSES, seed=0, dtype="float64")
        watched = diagnosed(net, rule=rule, epochs=2).watched
        if rule.name == "sgd":
            np.testing.assert_allclose(watched.update[0], 0.1 * watched.gradient[0])
        weights = [place for place, name in enumerate(watched.arrays) if name.endswith(".weight")]
        ratios[rule.name] = watched.ratio[0, weights]
    assert ratios["sgd"].max() > 100 * ratios["sgd"].min()
    assert ratios["adam"].max() < 10 * ratios["adam"].min()


def test_the_guide_has_every_kind_of_finding():
    guide = (ROOT / "docs" / "guide" / "diagnose.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in guide.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", "".join(rows))) == sorted(KINDS)

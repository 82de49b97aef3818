"""Diagnoses of unusual fits: losses below 0, warm-up, frozen layers, numbers that nearly overflow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fanin
from fanin import Dense, optim

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(600, 4)).astype("float32")
LABELS = (X[:, 0] * X[:, 1] > 0).astype(int)
MEANS = np.exp(0.6 * X[:, 0])


def diagnosed(y: Any, loss: str, *, outputs: int = 1, dtype: str = "float32", **fit: Any) -> Any:
    net = fanin.Network(4, [Dense(16, "relu"), Dense(outputs)], loss, dtype=dtype)
    return net.fit(X, y, **({"epochs": 30} | fit), diagnose=True).diagnosis


def messages(diagnosis: Any) -> str:
    return "; ".join(finding.message for finding in diagnosis.findings)


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
@pytest.mark.parametrize("size", [0.3, 1 / np.e, 1.0, np.e, 20.0])
def test_a_constant_that_a_loss_leaves_out_does_not_decide_whether_the_fit_goes_well(
    loss: str, size: float
) -> None:
    drawn = RANDOM.poisson(4 * MEANS * size) if loss == "poisson" else RANDOM.gamma(3, MEANS * size / 3)
    net = fanin.Network(4, [Dense(16, "relu"), Dense(1, bias_initializer="base_rate")], loss)
    diagnosis = net.fit(X, drawn, rule=optim.Adam(optim.Cosine(0.01)), epochs=40, diagnose=True).diagnosis
    assert not [finding for finding in diagnosis.findings if finding.severity == "fault"]
    target = diagnosis.evidence.target
    assert target.floor < target.baseline


def test_counts_that_are_not_learned_are_a_plateau_even_if_the_loss_is_negative() -> None:
    drawn = RANDOM.poisson(20 * MEANS)
    net = fanin.Network(4, [Dense(16, "relu"), Dense(1, bias_initializer="base_rate")], "poisson")
    net.set_weights(
        {**net.get_weights(), "layer2.weight": np.zeros((16, 1)), "layer2.bias": np.log([drawn.mean()])}
    )
    diagnosis = net.fit(X, drawn, rule=optim.SGD(1e-12), epochs=10, diagnose=True).diagnosis
    assert diagnosis.evidence.target.baseline < 0
    assert "base_rate_plateau" in [finding.kind for finding in diagnosis.findings]


def test_no_gradient_vanishes_on_its_way_to_a_frozen_layer() -> None:
    rule = optim.Around(optim.Adam(), frozen=["layer1"])
    diagnosis = diagnosed(LABELS, "softmax_cross_entropy", outputs=2, rule=rule)
    assert "vanishing_gradients" not in [finding.kind for finding in diagnosis.findings]


@pytest.mark.parametrize(
    "rule",
    [
        optim.ScheduleFreeAdamW(),
        optim.SchaulVSGD(),
        optim.Adam(optim.WarmUp(optim.Constant(0.01), 200)),
    ],
    ids=repr,
)
def test_a_rule_that_warms_up_is_not_slow(rule: optim.Rule) -> None:
    diagnosis = diagnosed(LABELS, "softmax_cross_entropy", outputs=2, rule=rule)
    assert "slow_rate" not in [finding.kind for finding in diagnosis.findings]


def test_losses_whose_squares_overflow_have_a_diagnosis() -> None:
    y = np.sin(2 * X[:, 0].astype(float)) * 1e100
    assert "constant outputs" in messages(diagnosed(y, "squared_error", dtype="float64"))
    rule = optim.Adam(optim.Cosine(1e-3))
    net = fanin.Network(4, [Dense(1)], dtype="float64")
    assert (
        len(net.fit(X, y, rule=rule, epochs=20).loss) == 20
    )  # which watches for a decay that comes too soon


def test_messages_have_no_share_above_1_and_no_infinite_end() -> None:
    net = fanin.Network(4, [Dense(16, "relu"), Dense(1, "relu")])
    told = messages(net.fit(X, 1e-3 * X[:, 0], epochs=8, diagnose=True).diagnosis)
    assert "outputs of at least 0" in told
    assert "inf" not in told
    net = fanin.Network(4, [Dense(16, "relu"), Dense(1)])
    told = messages(net.fit(1e3 * X, X[:, 0], epochs=8, diagnose=True).diagnosis)
    assert "times that of constant outputs" in told
    assert "00.0%" not in told


def test_one_step_is_one_step() -> None:
    assert (
        "only 1 step;" in messages(diagnosed(LABELS, "softmax_cross_entropy", outputs=2, max_steps=1)) + ";"
    )


def test_the_short_last_batch_of_an_epoch_is_no_spike() -> None:
    rows = 32 * 15 + 2  # the loss of two rows varies
    net = fanin.Network(4, [Dense(32, "relu"), Dense(2)], "softmax_cross_entropy")
    rule = optim.Adam(optim.Cosine(0.02))
    diagnosis = net.fit(X[:rows], LABELS[:rows], rule=rule, epochs=40, diagnose=True).diagnosis
    watched = diagnosis.watched
    scores = (watched.highest_loss[1:] - watched.loss[:-1]) / watched.loss_deviation[:-1]
    assert scores.max() > 10
    assert "spike" not in [finding.kind for finding in diagnosis.findings]


def test_a_rate_that_a_race_chose_is_not_too_fast() -> None:
    race = optim.Adam("auto")
    diagnosis = diagnosed(LABELS, "softmax_cross_entropy", outputs=2, rule=race, epochs=5)
    assert diagnosis.history.decisions
    assert "fast_rate" not in [finding.kind for finding in diagnosis.findings]


def test_a_fast_rate_that_learns_well_is_but_a_warning() -> None:
    inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 50, float)
    net = fanin.Network(2, [Dense(16, "tanh"), Dense(2)], "softmax_cross_entropy")
    rule = optim.Adam(optim.Cosine(0.03))
    history = net.fit(inputs, (inputs.sum(1) == 1).astype(int), rule=rule, epochs=60, diagnose=True)
    found = [(finding.kind, finding.severity) for finding in history.diagnosis.findings]
    assert found == [("fast_rate", "warning")]

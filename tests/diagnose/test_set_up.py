"""Findings about the description of a fit: loss, outputs, start, penalties, dropout, order of rows and schedule."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import fanin
from fanin import Dense, Dropout, initializers, optim
from fanin.diagnose.detect_setup import set_up
from fanin.diagnose.evidence import Evidence
from fanin.diagnose.targets import target_of
from fanin.training.settings import Settings

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(120, 4))
LABELS = RANDOM.integers(0, 3, 120)
NUMBERS = RANDOM.normal(size=120)
CLASSES = "softmax_cross_entropy"


def evidence_of(layers, loss="squared_error", y=NUMBERS, watched=None, losses_of_epochs=(), **fit):
    net = fanin.Network(4, layers, loss)
    settings = Settings(**{"rule": optim.Adam(0.02), "epochs": 10} | fit)
    history = SimpleNamespace(loss=list(losses_of_epochs), steps=4 * len(losses_of_epochs))
    return Evidence(net, settings, history, watched, target_of(net, y))


def found(evidence, kind=None):
    """The only finding, of this kind, or none of any kind."""
    findings = list(set_up(evidence))
    assert [finding.kind for finding in findings] == ([kind] if kind else [])
    return findings[0] if kind else None


def trains(finding, evidence, y):
    """Whether the remedy is a network and arguments that can be trained."""
    net = finding.remedy.network(evidence.start)
    settings = finding.remedy.settings(evidence.settings)
    options = {name: getattr(settings, name) for name in ("rule", "batches")}
    history = net.fit(X, y, epochs=2, **options)
    return bool(np.isfinite(history.loss).all()) and bool(finding.remedy.code(evidence.start))


HIDDEN = Dense(8, "relu")
GOOD = [
    ([HIDDEN, Dense(3)], CLASSES, LABELS, {}),
    ([HIDDEN, Dense(1)], "squared_error", NUMBERS, {}),
    ([HIDDEN, Dense(1)], "logistic", LABELS > 0, {"rule": optim.SGD(0.1)}),
    ([HIDDEN, Dense(1)], "poisson", RANDOM.poisson(2.0, 120), {"rule": None}),
    ([Dense(3)], CLASSES, LABELS, {"rule": optim.LBFGS()}),
    ([Dense(3, initializer="zeros")], CLASSES, LABELS, {}),
    ([HIDDEN, Dense(3, "identity", "zeros", "base_rate")], CLASSES, LABELS, {}),
    ([fanin.Standardize(), HIDDEN, Dropout(0.5), Dense(1, "tanh")], "squared_error", np.tanh(NUMBERS), {}),
    ([HIDDEN, fanin.Residual([Dense(8, "relu")]), Dense(1)], "huber", NUMBERS, {"rule": optim.AdamW(0.01)}),
    ([HIDDEN, Dense(2), Dense(3)], CLASSES, LABELS, {}),  # a linear code
    (
        [Dense(8, "tanh"), Dense(1)],
        "squared_error",
        NUMBERS,
        {"rule": optim.Around(optim.Adam(), l2=1e-3, l1=1e-4)},
    ),
    ([HIDDEN, Dense(3)], CLASSES, LABELS, {"batches": "in_order"}),
    ([HIDDEN, Dense(3)], CLASSES, np.sort(LABELS), {}),
    ([fanin.PiecewiseLinear(5), HIDDEN, Dense(1)], "squared_error", NUMBERS, {}),
]


@pytest.mark.parametrize(("layers", "loss", "y", "fit"), GOOD)
def test_a_good_set_up_has_no_findings(layers, loss, y, fit):
    found(evidence_of(layers, loss, y, **fit))


@pytest.mark.parametrize(
    ("layers", "loss", "y", "severity", "instead"),
    [
        ([HIDDEN, Dense(1)], "squared_error", LABELS, "fault", CLASSES),
        ([HIDDEN, Dense(1)], "huber", LABELS, "fault", CLASSES),
        ([HIDDEN, Dense(3)], "squared_error", np.eye(3)[LABELS], "fault", CLASSES),
        ([HIDDEN, Dense(3, "tanh")], "absolute_error", np.eye(3)[LABELS], "fault", CLASSES),
        ([HIDDEN, Dense(3)], "logistic", np.eye(3)[LABELS], "warning", CLASSES),
        ([HIDDEN, Dense(1)], "squared_error", (LABELS > 0).astype(int), "warning", "logistic"),
    ],
)
def test_a_loss_for_numbers_is_wrong_for_classes(layers, loss, y, severity, instead):
    evidence = evidence_of(layers, loss, y)
    finding = found(evidence, "wrong_loss")
    assert finding.severity == severity
    assert finding.remedy.loss.name == instead
    assert trains(finding, evidence, y)


def test_targets_of_minus_1_and_1_are_classes_without_a_remedy_for_the_loss_alone():
    finding = found(evidence_of([HIDDEN, Dense(1)], y=np.sign(NUMBERS)), "wrong_loss")
    assert (
        finding.message
        == "the targets are only -1 and 1, but the loss is squared_error, which is for numbers"
    )
    assert finding.remedy is None


@pytest.mark.parametrize(
    ("last", "loss", "y", "severity"),
    [
        ([Dense(1, "relu")], "squared_error", NUMBERS, "fault"),
        ([Dense(1), fanin.Activation("logistic")], "squared_error", NUMBERS, "fault"),
        ([Dense(1, "tanh")], "squared_error", NUMBERS / np.abs(NUMBERS).max() * 1.01, "warning"),
        ([Dense(3, "relu")], CLASSES, LABELS, "fault"),
        ([Dense(3, "leaky_relu")], CLASSES, LABELS, "warning"),
        ([Dense(1, "logistic")], "logistic", LABELS > 0, "fault"),
    ],
)
def test_an_activation_of_the_outputs_that_cannot_reach_the_targets_is_found(last, loss, y, severity):
    evidence = evidence_of([HIDDEN, *last], loss, y)
    finding = found(evidence, "wrong_output")
    assert finding.severity == severity
    assert trains(finding, evidence, y)
    assert finding.remedy.layers[-1].activation == "identity"


@pytest.mark.parametrize("between", [[], [Dropout(0.2)], [fanin.BatchNorm()]])
def test_layers_without_a_nonlinearity_between_them_are_found(between):
    evidence = evidence_of([Dense(8), *between, Dense(3)], CLASSES, LABELS)
    finding = found(evidence, "no_nonlinearity")
    assert finding.layer == "layer1"
    assert finding.remedy.layers[0] == Dense(8, "relu")
    assert trains(finding, evidence, LABELS)


def test_all_layers_without_a_nonlinearity_are_changed_together():
    findings = list(set_up(evidence_of([Dense(8), Dense(8), Dense(3)], CLASSES, LABELS)))
    assert [(finding.kind, finding.layer) for finding in findings] == [
        ("no_nonlinearity", "layer1"),
        ("no_nonlinearity", "layer2"),
    ]
    assert findings[0].remedy.layers == (Dense(8, "relu"), Dense(8, "relu"), Dense(3))


@pytest.mark.parametrize("initializer", ["zeros", initializers.Constant(0.1)])
def test_constant_weights_make_identical_units(initializer):
    layers = [Dense(8, "relu", initializer), Dense(8, "relu"), Dense(3, "identity", "zeros")]
    evidence = evidence_of(layers, CLASSES, LABELS)
    start, units = set_up(evidence)
    assert [finding.kind for finding in (start, units)] == ["bad_start", "identical_units"]
    assert start.layer == units.layer == "layer1"
    assert units.number == 1
    assert len(np.unique(start.remedy.network(evidence.start).get_weights()["layer1.weight"])) == 32
    assert trains(units, evidence, LABELS)


@pytest.mark.parametrize(("gain", "limit"), [(10.0, 5.0), (0.01, 0.1)])
def test_weights_that_start_too_large_or_too_small_are_found(gain, limit):
    layers = [Dense(64, "relu", initializers.Automatic(gain)), Dense(3)]
    finding = found(evidence_of(layers, CLASSES, LABELS), "bad_start")
    assert finding.number == pytest.approx(gain)
    assert finding.threshold == limit


def test_weights_of_a_network_that_has_been_trained_are_not_a_bad_start():
    evidence = evidence_of([Dense(8, "relu", initializers.Automatic(10.0)), Dense(3)], CLASSES, LABELS)
    evidence.start.fit(X, LABELS, epochs=1)
    found(evidence)


def test_units_of_one_input_are_identical_only_if_their_weights_are():
    net = fanin.Network(1, [Dense(256, "tanh"), Dense(1)])
    evidence = replace(evidence_of([HIDDEN, Dense(1)]), start=net)
    found(evidence)
    weights = net.get_weights()
    net.set_weights(weights | {"layer1.weight": np.full((1, 256), 0.5)})
    assert {finding.kind for finding in set_up(evidence)} == {"bad_start", "identical_units"}
    net.set_weights(weights | {"layer1.weight": np.full((1, 256), 0.5), "layer1.bias": np.arange(256.0)})
    assert {finding.kind for finding in set_up(evidence)} == {"bad_start"}


def watched(evidence, first_loss=1.0, shrunk=1.0, deviation=1.0):
    weights = evidence.start.get_weights()
    sizes = [float(np.sqrt(np.mean(W**2))) for W in weights.values()]
    return SimpleNamespace(
        first_loss=first_loss,
        mean=np.zeros((2, 3)),
        deviation=np.full((2, 3), deviation),
        arrays=tuple(weights),
        weight=np.array([sizes, [shrunk * size for size in sizes]]),
    )


def test_a_first_loss_far_above_that_of_constant_outputs_is_found_unless_inputs_are_large():
    y = NUMBERS + 100
    evidence = evidence_of([HIDDEN, Dense(1)], y=y)
    finding = found(replace(evidence, watched=watched(evidence, 5000.0)), "bad_start")
    assert finding.remedy.layers[-1] == Dense(1, "identity", "zeros", "base_rate")
    assert trains(finding, evidence, y)
    found(replace(evidence, watched=watched(evidence, 5000.0, deviation=1000.0)))
    found(replace(evidence, watched=watched(evidence, np.nan)))


@pytest.mark.parametrize(
    ("rule", "instead"),
    [
        (optim.Around(optim.Adam(), l2=10.0), optim.Adam()),
        (optim.Around(optim.SGD(0.1), l1=2.0, clip_norm=1.0), optim.Around(optim.SGD(0.1), clip_norm=1.0)),
        (optim.Around(optim.SGD(0.1), weight_decay=2.0), optim.SGD(0.1)),
        (optim.Around(optim.Adam(), l2_of_sum=100.0), optim.Adam()),
        (optim.AdamW(0.01, weight_decay=10.0), optim.AdamW(0.01, weight_decay=0.0)),
        (optim.LBFGS(l2=3.0), optim.LBFGS()),
    ],
)
def test_a_penalty_that_outweighs_the_loss_is_found(rule, instead):
    evidence = evidence_of([HIDDEN, Dense(1)], rule=rule)
    finding = found(evidence, "strong_penalty")
    assert finding.remedy.fit == {"rule": instead}
    assert trains(finding, evidence, NUMBERS)


def test_a_moderate_penalty_is_strong_if_the_weights_fall_to_nothing():
    evidence = evidence_of([HIDDEN, Dense(1)], rule=optim.Around(optim.Adam(), l2=0.1))
    found(evidence)
    found(replace(evidence, watched=watched(evidence)))
    finding = found(replace(evidence, watched=watched(evidence, shrunk=0.01)), "strong_penalty")
    assert finding.message == "l2 0.1: the weights have fallen to 1.0% of those of the start"
    tiny = evidence_of([HIDDEN, Dense(1)], rule=optim.Around(optim.Adam(), l2=1e-4))
    found(replace(tiny, watched=watched(tiny, shrunk=0.01)))


@pytest.mark.parametrize(
    ("layers", "layer", "rate"),
    [
        ([HIDDEN, Dropout(0.9), Dense(1)], "layer2", 0.2),
        ([fanin.Standardize(), Dropout(0.5), HIDDEN, Dense(1)], "layer2", 0.1),
    ],
)
def test_dropout_of_most_values_is_found(layers, layer, rate):
    evidence = evidence_of(layers)
    finding = found(evidence, "strong_dropout")
    assert finding.layer == layer
    assert Dropout(rate) in finding.remedy.layers
    assert trains(finding, evidence, NUMBERS)


@pytest.mark.parametrize(
    ("layers", "loss", "y"), [([Dense(3)], CLASSES, LABELS), ([Dense(1)], "squared_error", NUMBERS)]
)
def test_batches_in_order_are_a_fault_if_the_rows_are_sorted(layers, loss, y):
    evidence = evidence_of(layers, loss, np.sort(y), batches="in_order")
    finding = found(evidence, "sorted_batches")
    assert finding.remedy.fit == {"batches": "shuffled"}
    assert trains(finding, evidence, y)
    found(replace(evidence, history=SimpleNamespace(loss=[1.0], steps=1)))


def test_a_schedule_that_turns_the_rate_down_too_soon_is_found():
    rule = optim.SGD(optim.Piecewise([0.02, 0.002], after=[40]))
    falling = [0.9**k for k in range(40)]
    evidence = evidence_of([HIDDEN, Dense(1)], rule=rule, epochs=40, losses_of_epochs=falling)
    finding = found(evidence, "early_decay")
    assert (finding.epoch, finding.threshold) == (10, -3.0)
    assert finding.remedy.fit == {"rule": optim.SGD(optim.Cosine(0.02))}
    assert trains(finding, evidence, NUMBERS)
    found(replace(evidence, history=SimpleNamespace(loss=[1.0] * 40, steps=160)))

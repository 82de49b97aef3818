"""Each loss with its hyper-parameters against the reference, and what each loss estimates."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import losses, optim
from helpers import loss_for, reference_loss, reference_of
from probes import loss_at
from reference.targets import targets_for

VARIANTS = [
    losses.Huber(0.2),
    losses.Huber(3.0),
    losses.Quantile([0.01, 0.5, 0.99]),
    losses.Quantile([0.5, 0.5, 0.5]),
    losses.SoftmaxCrossEntropy(0.1),
    losses.SoftmaxCrossEntropy(0.99),
    losses.SoftmaxCrossEntropy(clip=0.2),
    losses.SoftmaxCrossEntropy(0.1, clip=0.2),
    losses.Logistic(clip=0.2),
    losses.Logistic(clip=1e-7),
]


@pytest.mark.parametrize("loss", [*(loss_for(name, 3) for name in losses.BY_NAME), *VARIANTS], ids=str)
def test_value_gradient_metric_and_output_are_those_of_the_reference(loss, dtype):
    rng = np.random.default_rng(12)
    a = rng.normal(size=(37, 3)).astype("float32").astype("float64")
    y = targets_for(loss.name, rng, 37, 3)
    y = y if y.dtype.kind == "i" else y.astype("float32").astype("float64")
    probe, twin = loss_at(loss, a, y, dtype=dtype), reference_loss(loss)
    rel = 1e-13 if dtype == "float64" else 2e-6
    assert probe.value == pytest.approx(twin.value(a, y), rel=rel)
    assert probe.metric == pytest.approx(twin.metric(a, y), rel=rel)
    np.testing.assert_allclose(probe.gradient, twin.gradient(a, y), rtol=10 * rel, atol=rel / 10)
    np.testing.assert_allclose(probe.output, twin.output(a), rtol=rel)


@pytest.mark.parametrize("outputs", [1, 2, 15, 16, 17, 31, 32, 33, 65])
def test_losses_of_any_number_of_outputs_are_those_of_the_reference(outputs, every_loss, dtype):
    rng = np.random.default_rng(outputs)
    most, least = (
        (32 if every_loss == "quantile" else 65),
        (2 if every_loss == "softmax_cross_entropy" else 1),
    )
    outputs = min(max(outputs, least), most)
    loss = loss_for(every_loss, outputs)
    a, y = rng.normal(size=(35, outputs)), targets_for(every_loss, rng, 35, outputs)
    probe, twin = loss_at(loss, a, y, dtype=dtype), reference_loss(loss)
    rel = 1e-13 if dtype == "float64" else 4e-6
    assert probe.value == pytest.approx(twin.value(a, y), rel=rel, abs=rel)
    assert probe.metric == pytest.approx(twin.metric(a, y), rel=rel, abs=rel)
    np.testing.assert_allclose(probe.gradient, twin.gradient(a, y), rtol=10 * rel, atol=rel / 10)


def test_one_hot_rows_are_labels(classification, dtype):
    X, labels = classification
    results = []
    for y in (labels, np.eye(3)[labels]):
        net = fanin.Network(5, [fanin.Dense(3)], "softmax_cross_entropy", dtype=dtype)
        history = net.fit(X, y, rule=optim.SGD(0.1), epochs=3, validation_data=(X, y))
        results.append(np.array([*history.loss, *history.val_loss, *history.val_metric]))
    np.testing.assert_allclose(*results, rtol=1e-5 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_soft_targets_train_as_the_textbook_does(smoothing, regression):
    y = np.random.default_rng(2).dirichlet(np.ones(3), size=53)
    loss = losses.SoftmaxCrossEntropy(smoothing)
    net = fanin.Network(5, [fanin.Dense(6, "tanh"), fanin.Dense(3)], loss, dtype="float64")
    twin = reference_of(net)
    expected = twin.train(regression.X, y, _Sgd(), 4, 10)
    history = net.fit(regression.X, y, rule=optim.SGD(0.1), epochs=4, batch_size=10, batches="in_order")
    np.testing.assert_allclose(history.loss, expected, rtol=1e-12)
    assert net.evaluate(regression.X, y)["accuracy"] == twin.metric_of(regression.X, y)


class _Sgd:
    def step(self, g, state, t):
        return -0.1 * g


def test_rows_of_probabilities_need_not_sum_to_one():
    """They then act as class weights: the loss is linear in them."""
    a, t = np.array([[0.3, -1.0, 2.0]]), np.array([[0.2, 0.3, 0.5]])
    once, twice = (loss_at("softmax_cross_entropy", a, k * t) for k in (1, 2))
    assert twice.value == pytest.approx(2 * once.value, rel=1e-14)
    np.testing.assert_allclose(twice.gradient, 2 * once.gradient, rtol=1e-13)


def test_label_smoothing_of_zero_changes_no_bits(classification):
    nets = [
        fanin.Network(5, [fanin.Dense(3)], loss)
        for loss in ("softmax_cross_entropy", losses.SoftmaxCrossEntropy(label_smoothing=0.0))
    ]
    histories = [net.fit(*classification, rule=optim.Adam(), epochs=2).loss for net in nets]
    assert histories[0] == histories[1]


def fitted_constant(loss, y, outputs=1, epochs=4000):
    """The prediction of a trained net that ignores X: the best constant."""
    net = fanin.Network(1, [fanin.Dense(outputs)], loss, dtype="float64")
    X = np.zeros((len(y), 1))
    for rate in (0.1, 0.01, 0.001):
        net.fit(X, y, rule=optim.Adam(rate), epochs=epochs // 3, batch_size=len(y))
    return net.predict(X)[0], net.evaluate(X, y)


Y = np.array([0.0, 1, 1, 2, 3, 5, 8, 13, 21])


@pytest.mark.parametrize(
    ("loss", "constant"),
    [
        ("squared_error", Y.mean()),
        ("absolute_error", np.median(Y)),
        (losses.Huber(0.5), 3.0),
        (losses.Huber(100.0), Y.mean()),
        ("poisson", Y.mean()),
    ],
    ids=str,
)
def test_the_best_constant_is_the_mean_or_the_median(loss, constant):
    assert fitted_constant(loss, Y)[0] == pytest.approx(constant, abs=0.02)


def test_several_quantiles_of_a_sample_are_learned_together():
    y = np.arange(101.0) / 100
    found, result = fitted_constant(losses.Quantile([0.1, 0.5, 0.9]), y, outputs=3)
    np.testing.assert_allclose(found, [0.1, 0.5, 0.9], atol=0.02)
    assert list(result) == ["loss", "pinball"]


ONES = np.repeat([1, 0], [30, 70])
ENTROPY = -(0.3 * np.log(0.3) + 0.7 * np.log(0.7))


@pytest.mark.parametrize(
    ("loss", "y", "outputs", "constant", "least"),
    [
        ("logistic", ONES, 1, [0.3], ENTROPY),
        ("softmax_cross_entropy", ONES, 2, [0.7, 0.3], ENTROPY),
        ("squared_error", ONES, 1, [0.3], 0.3 * 0.7 / 2),
    ],
)
def test_predicting_the_proportion_of_ones_is_the_plateau(loss, y, outputs, constant, least):
    """Then the loss is the entropy, or half the variance, of y, and no constant does better."""
    found, result = fitted_constant(loss, y, outputs)
    np.testing.assert_allclose(found, constant, atol=1e-4)
    assert result["loss"] == pytest.approx(least, rel=1e-6)
    assert loss_at(loss, *_at_the_proportion(loss, y)).value == pytest.approx(least, rel=1e-13)
    assert np.abs(loss_at(loss, *_at_the_proportion(loss, y)).gradient.sum(axis=0)).max() < 1e-15


def _at_the_proportion(loss, y):
    """Outputs that predict the proportion in every row, and y."""
    row = {
        "logistic": [np.log(3 / 7)],
        "softmax_cross_entropy": [np.log(7), np.log(3)],
        "squared_error": [0.3],
    }
    return np.tile(row[loss], (len(y), 1)), y


def test_the_logistic_loss_is_the_softmax_of_two_classes(rng):
    a, y = rng.normal(size=(20, 1)), rng.integers(2, size=20)
    one, two = (
        loss_at("logistic", a, y),
        loss_at("softmax_cross_entropy", np.hstack([np.zeros_like(a), a]), y),
    )
    assert one.value == pytest.approx(two.value, rel=1e-14)
    assert one.metric == two.metric
    np.testing.assert_allclose(one.gradient[:, 0], two.gradient[:, 1], rtol=1e-13)
    np.testing.assert_allclose(one.output[:, 0], two.output[:, 1], rtol=1e-14)

"""Biases that start at the base rate: the best constants for each loss, at the first fit alone."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import losses, optim
from helpers import loss_for, reference_loss
from reference.targets import targets_for

STILL = optim.SGD(0.0)
ROWS = 60


def net_of(loss, outputs=1, **options):
    layer = fanin.Dense(outputs, "identity", "zeros", "base_rate")
    return fanin.Network(2, [layer], loss, **{"dtype": "float64", **options})


def fitted(loss, y, outputs=1, rule=STILL, **options):
    net = net_of(loss, outputs)
    net.fit(np.ones((len(y), 2)), y, rule=rule, epochs=1, **options)
    return net


def start(loss, y, outputs=1, **options):
    """The biases with which training starts."""
    return fitted(loss, y, outputs, **options).get_weights()["layer1.bias"]


@pytest.mark.parametrize("weighted", [False, True])
def test_no_constant_outputs_have_a_lower_loss_than_the_base_rate(every_loss, weighted):
    rng = np.random.default_rng(8)
    y = targets_for(every_loss, rng, ROWS, 3)
    weights = rng.integers(0, 5, ROWS) / 2.0 if weighted else None
    loss = loss_for(every_loss, 3)
    biases = start(loss, y, 3, sample_weight=weights)
    reference = reference_loss(loss)

    def value(constants):
        return reference.value(np.tile(constants, (ROWS, 1)), y, weights)

    best = value(biases)
    for step in (*np.eye(3), *-np.eye(3), *rng.normal(size=(20, 3))):
        for size in (1e-5, 1e-2, 1.0):
            assert value(biases + size * step) >= best * (1 - 1e-14)
    if every_loss not in ("absolute_error", "quantile"):
        slope = reference.gradient(np.tile(biases, (ROWS, 1)), y, weights).sum(axis=0)
        np.testing.assert_allclose(slope, 0, atol=1e-14)


def test_the_base_rate_is_the_formula_of_each_loss():
    rng = np.random.default_rng(9)
    y, ones = rng.gamma(2, size=(ROWS, 2)), np.repeat([1, 0], [12, 48])
    counts = np.round(y[:, :1])
    np.testing.assert_allclose(start("squared_error", y, 2), y.mean(axis=0), rtol=1e-14)
    np.testing.assert_array_equal(start("absolute_error", y, 2), np.median(y, axis=0))
    np.testing.assert_allclose(start("huber", 1e-3 * y, 2), 1e-3 * y.mean(axis=0), rtol=1e-14)  # |d| < delta
    levels = (0.05, 0.5, 0.9)
    expected = np.quantile(y[:, 0], levels, method="averaged_inverted_cdf")
    np.testing.assert_array_equal(start(losses.Quantile(levels), y[:, :1], 3), expected)
    np.testing.assert_allclose(start("poisson", counts), np.log(counts.mean(axis=0)), rtol=1e-14)
    np.testing.assert_allclose(start("gamma", y, 2), np.log(y.mean(axis=0)), rtol=1e-14)
    np.testing.assert_allclose(start("logistic", ones), np.log(0.2 / 0.8), rtol=1e-14)
    np.testing.assert_allclose(start("softmax_cross_entropy", ones, 2), np.log([0.8, 0.2]), rtol=1e-14)
    smoothed = start(losses.SoftmaxCrossEntropy(0.1), ones, 3)
    np.testing.assert_allclose(smoothed, np.log(0.9 * np.array([0.8, 0.2, 0]) + 0.1 / 3), rtol=1e-14)


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "logistic", "squared_error"])
def test_the_loss_starts_at_the_entropy_of_the_classes_or_the_variance_of_the_targets(loss):
    """And not at log 2, or at half the mean square, of outputs of 0."""
    y, outputs = np.repeat([1, 0], [5, 95]), 2 if loss == "softmax_cross_entropy" else 1
    entropy = -(0.05 * np.log(0.05) + 0.95 * np.log(0.95))
    least = entropy if outputs == 2 or loss == "logistic" else y.var() / 2
    net = net_of(loss, outputs)
    history = net.fit(np.ones((100, 2)), y, rule=STILL, epochs=1)
    assert history.loss == pytest.approx([least], rel=1e-13)
    layers = [fanin.Dense(8, "tanh"), fanin.Dense(outputs, "identity", "zeros", "base_rate")]
    hidden = fanin.Network(2, layers, loss, dtype="float64")
    history = hidden.fit(np.random.default_rng(0).normal(size=(100, 2)), y, rule=STILL, epochs=1)
    assert history.loss == pytest.approx([least], rel=1e-13)


@pytest.mark.parametrize(
    ("loss", "of_score"),
    [("logistic", lambda s: s > np.quantile(s, 0.98)), ("squared_error", lambda s: 100 + s)],
)
def test_training_does_not_spend_epochs_to_find_the_base_rate(loss, of_score):
    """Of a rare class, and of targets far from 0."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 5))
    y = of_score(3 * X[:, 0] + rng.normal(size=1000)).astype(float)
    least = reference_loss(loss_for(loss, 1)).value(np.full((1000, 1), start(loss, y)), y[:, None])
    epochs = {}
    for biases in ("zeros", "base_rate"):
        layers = [fanin.Dense(16, "tanh"), fanin.Dense(1, bias_initializer=biases)]
        net = fanin.Network(5, layers, loss, seed=1)
        losses_of = net.fit(X, y, rule=optim.Adam(), epochs=30).loss
        epochs[biases] = next((k for k, value in enumerate(losses_of, 1) if value < least), 31)
    assert epochs["base_rate"] <= 3
    assert epochs["zeros"] > 10


def test_a_class_that_does_not_occur_counts_as_half_a_sample():
    y = np.repeat([1, 3], [15, 5])
    biases = start("softmax_cross_entropy", y, 4)
    np.testing.assert_allclose(biases, np.log([0.5 / 20, 0.75, 0.5 / 20, 0.25]), rtol=1e-14)
    np.testing.assert_allclose(start("logistic", np.ones(20)), np.log(0.975 / 0.025), rtol=1e-14)
    np.testing.assert_allclose(start("logistic", np.zeros(20)), np.log(0.025 / 0.975), rtol=1e-14)
    np.testing.assert_allclose(start("poisson", np.zeros(20)), np.log(0.025), rtol=1e-14)


def test_one_row_and_weights_that_leave_one_class_give_finite_biases():
    np.testing.assert_allclose(start("softmax_cross_entropy", [1], 3), np.log([0.5, 1, 0.5]), rtol=1e-14)
    assert start("logistic", [1]) == 0
    assert start("squared_error", [7.0]) == start("huber", [7.0]) == start("absolute_error", [7.0]) == 7
    weights = np.repeat([0.0, 2.5], [30, 10])
    y = np.repeat([0, 1], [30, 10])
    biases = start("softmax_cross_entropy", y, 2, sample_weight=weights)
    np.testing.assert_allclose(biases, np.log([0.05, 1]), rtol=1e-14)
    np.testing.assert_allclose(start("logistic", y, sample_weight=weights), np.log(0.95 / 0.05), rtol=1e-13)
    rare = start("logistic", y, sample_weight=np.repeat([1.0, 1e-6], [30, 10]))
    np.testing.assert_allclose(rare, np.log(1e-5 / 30), rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_common_factors_of_sample_weights_have_no_influence_on_the_base_rate(every_loss, scale):
    rng = np.random.default_rng(10)
    y, weights = targets_for(every_loss, rng, ROWS, 3), rng.integers(0, 5, ROWS).astype(float)
    loss = loss_for(every_loss, 3)
    scaled = start(loss, y, 3, sample_weight=2.0 ** np.round(np.log2(scale)) * weights)
    np.testing.assert_array_equal(start(loss, y, 3, sample_weight=weights), scaled)


def test_class_weights_and_soft_targets_count():
    y = np.repeat([0, 1], [30, 10])
    biases = start("softmax_cross_entropy", y, 2, class_weight="balanced")
    np.testing.assert_allclose(biases, np.log([0.5, 0.5]), rtol=1e-14)
    soft = np.random.default_rng(11).dirichlet([1, 2, 3], size=ROWS)
    np.testing.assert_allclose(start("softmax_cross_entropy", soft, 3), np.log(soft.mean(axis=0)), rtol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", ">f4", "bool"])
def test_targets_of_any_type_give_their_base_rate(dtype):
    y = np.random.default_rng(12).integers(0, 2, size=(ROWS, 2)).astype(dtype)
    for targets in (y, np.asfortranarray(y), y[::-1]):
        expected = targets.mean(axis=0, dtype="float64")
        np.testing.assert_allclose(start("squared_error", targets, 2), expected, rtol=1e-14)


def test_float32_gets_the_base_rate_rounded_once(regression):
    single, double = (net_of("huber", 3, dtype=dtype) for dtype in ("float32", "float64"))
    for net in (single, double):
        net.fit(regression.X[:, :2], regression.y, rule=STILL, epochs=1)
    expected = double.get_weights()["layer1.bias"].astype("float32")
    np.testing.assert_array_equal(single.get_weights()["layer1.bias"], expected)


def test_targets_that_overflow_a_sum_give_finite_biases():
    huge = np.full((4, 1), 1.5e308)
    assert start("absolute_error", huge) == 1.5e308
    assert np.isfinite(start("poisson", [1e300, 1e300], rule=optim.Around(STILL, frozen=["layer1"])))


def test_biases_that_have_been_set_stay_as_they_are():
    net = net_of("squared_error", 2)
    net.set_weights({"layer1.weight": np.zeros((2, 2)), "layer1.bias": [0.0, 1.0]})
    net.fit(np.ones((4, 2)), np.full((4, 2), 5.0), rule=STILL, epochs=1)
    np.testing.assert_array_equal(net.get_weights()["layer1.bias"], [0, 1])


def test_only_the_first_epoch_of_a_network_starts_at_the_base_rate():
    X, y = np.ones((4, 2)), np.full(4, 5.0)
    net = net_of("squared_error")
    net.fit(X, y, rule=STILL, epochs=0)
    assert net.get_weights()["layer1.bias"] == 0
    untrained = fanin.Network.from_bytes(net.to_bytes()), net.copy()
    for each in (net, *untrained):
        each.fit(X, y, rule=STILL, epochs=2)
        assert each.get_weights()["layer1.bias"] == 5
    net.set_weights({"layer1.weight": np.zeros((2, 1)), "layer1.bias": [0.0]})
    for each in (net, fanin.Network.from_bytes(net.to_bytes()), net.copy()):
        each.fit(X, y, rule=STILL, epochs=1)
        assert each.get_weights()["layer1.bias"] == 0


def test_training_goes_on_from_the_base_rate(regression):
    """As from the same biases given."""
    layers = [fanin.Dense(6, "tanh"), fanin.Dense(3, bias_initializer="base_rate")]
    net = fanin.Network(5, layers, dtype="float64")
    given = fanin.Network(
        5,
        [layers[0], fanin.Dense(3, bias_initializer=start("squared_error", regression.y, 3))],
        dtype="float64",
    )
    rule = optim.Around(optim.Nesterov(0.05), average_decay=0.9)
    for each in (net, given):
        each.fit(*regression, rule=rule, epochs=3, batch_size=10)
    for name, values in given.get_weights().items():
        np.testing.assert_array_equal(net.get_weights()[name], values)


def test_validation_rows_do_not_count():
    y = np.array([1.0, 2, 3, 100])
    net = net_of("squared_error")
    net.fit(np.ones((4, 2)), y, rule=STILL, epochs=1, validation_fraction=0.25)
    assert net.get_weights()["layer1.bias"] == 2


def test_the_first_chunk_gives_the_base_rate():
    net = net_of("squared_error")
    net.fit_chunks([(np.ones((2, 2)), [1.0, 3.0]), (np.ones((2, 2)), [50.0, 60.0])], rule=STILL, epochs=2)
    assert net.get_weights()["layer1.bias"] == 2


def test_networks_trained_together_start_at_the_base_rate():
    nets = [net_of("squared_error"), net_of("squared_error")]
    y = [[1.0, 3.0], [4.0, 6.0]]
    members = [
        (net, np.ones((2, 2)), t, {"rule": STILL, "epochs": 1}) for net, t in zip(nets, y, strict=True)
    ]
    fanin.train_together(members)
    assert [float(net.get_weights()["layer1.bias"][0]) for net in nets] == [2, 5]


def test_a_fit_that_is_refused_leaves_the_biases_alone():
    net = net_of("squared_error")
    with pytest.raises(ValueError, match=r"^y: "):
        net.fit(np.ones((2, 2)), [1.0, np.nan], rule=STILL)
    with pytest.raises(ValueError, match=r"^learning_rate: "):
        net.fit(np.ones((2, 2)), [1.0, 3.0], rule=optim.SGD(-1.0))
    assert net.get_weights()["layer1.bias"] == 0


IDENTITY, TANH = fanin.Activation("identity"), fanin.Activation("tanh")
LAST = fanin.Dense(2, bias_initializer="base_rate")


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (
            [LAST, fanin.Dense(1)],
            "layer 1: bias_initializer: base_rate is for the layer of outputs; expected ",
        ),
        (
            [LAST, fanin.Dropout(), fanin.Dense(1)],
            "layer 1: bias_initializer: base_rate is for the layer of out",
        ),
        (
            [fanin.Residual([LAST])],
            "layer 1: bias_initializer: base_rate is for the layer of outputs; expected a",
        ),
        (
            [fanin.Residual([LAST]), LAST],
            "layer 1: bias_initializer: base_rate is for the layer of outputs; ",
        ),
        ([LAST, TANH], "layer 1: bias_initializer: base_rate needs outputs with the .*; got tanh"),
        ([LAST, IDENTITY, TANH], "layer 1: bias_initializer: base_rate needs outputs with .*; got tanh"),
        (
            [fanin.Dense(3), fanin.Dense(2, "logistic", bias_initializer="base_rate")],
            "layer 2: bias_initializer: base_rate needs outputs with the activation identity, for which the loss "
            "is made; got logistic",
        ),
        ([fanin.Dense(2, initializer="base_rate")], "layer 1: initializer: base_rate is for biases"),
    ],
    ids=str,
)
def test_the_base_rate_is_refused_where_it_cannot_act(layers, words):
    with pytest.raises(ValueError, match=f"^layers: {words}"):
        fanin.Network(2, layers)


def test_the_base_rate_is_refused_with_batch_norm():
    with pytest.raises(
        ValueError, match=r"^bias_initializer: expected zeros, because a layer with batch norm "
    ):
        fanin.Dense(2, bias_initializer="base_rate", batch_norm=True)


def test_an_identity_may_follow_the_base_rate():
    net = fanin.Network(2, [LAST, IDENTITY, IDENTITY], dtype="float64")
    net.fit(np.zeros((3, 2)), np.ones((3, 2)), rule=STILL, epochs=1)
    np.testing.assert_array_equal(net.predict([[0, 0]]), [[1, 1]])

"""Batch norm in a network: its arrays, running statistics, folding, odd batches, and restoring it."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fanin
from batch_norm_nets import classifier, data
from fanin import functional as F
from fanin import optim
from helpers import digest


def test_names_and_shapes_of_the_arrays_of_a_normalized_layer():
    net = classifier()
    weights = net.get_weights()
    assert list(weights)[:5] == [
        f"layer1.{n}" for n in ("weight", "beta", "gamma", "running_mean", "running_variance")
    ]
    assert list(weights)[-2:] == ["layer3.weight", "layer3.bias"]
    assert net.n_parameters == 12 * 70 + 140 + 70 * 33 + 66 + 33 * 2 + 2
    for name, value in {"beta": 0, "gamma": 1, "running_mean": 0, "running_variance": 1}.items():
        assert weights[f"layer1.{name}"].shape == (70,)
        assert (weights[f"layer1.{name}"] == value).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_prediction_folds_the_running_statistics_into_the_weights_and_agrees_with_the_formula(dtype):
    net = classifier(dtype)
    x, y = data()
    for _ in range(3):  # repeated after each change of weights
        net.fit(x, y, rule=optim.Adam(0.01), epochs=2)
        w = {name: array.astype("float64") for name, array in net.get_weights().items()}
        a = x.astype("float64")
        for layer, activation in ((1, "relu"), (2, "gelu")):
            z = a @ w[f"layer{layer}.weight"]
            names = ("running_mean", "running_variance", "gamma", "beta")
            v = F.batch_norm_inference(z, *(w[f"layer{layer}.{name}"] for name in names))
            a = F.activation(v, activation)
        outputs = F.loss_outputs(a @ w["layer3.weight"] + w["layer3.bias"], "softmax_cross_entropy")
        tolerance = {"float32": 2e-5, "float64": 1e-12}[dtype]
        np.testing.assert_allclose(net.predict(x), outputs, rtol=tolerance)


def test_folded_and_unfolded_agree_to_a_millionth():
    """A single layer in float32, against the same arithmetic in two steps."""
    x, y = data()
    net = fanin.Network(12, [fanin.Dense(40, batch_norm=True), fanin.Dense(2)], "softmax_cross_entropy")
    net.fit(x, y, rule=optim.Adam(0.01), epochs=3)
    w = net.get_weights()
    one = fanin.Network(12, [fanin.Dense(40, batch_norm=True)])
    one.set_weights({name: array for name, array in w.items() if name.startswith("layer1")})
    z = F.dense(x, w["layer1.weight"])
    names = ("running_mean", "running_variance", "gamma", "beta")
    unfolded = F.batch_norm_inference(z, *(w[f"layer1.{name}"] for name in names))
    assert np.abs(one.predict(x) - unfolded).max() <= 1e-6 * np.abs(unfolded).max()


def test_prediction_follows_set_weights_and_one_sample_is_a_row_of_many():
    net = classifier()
    x, y = data()
    net.fit(x, y, rule=optim.Adam(0.01), epochs=1)
    kept, before = net.get_weights(), net.predict(x)
    net.fit(x, y, rule=optim.Adam(0.01), epochs=1)
    assert not np.array_equal(net.predict(x), before)
    net.set_weights(kept)
    assert np.array_equal(net.predict(x), before)
    np.testing.assert_allclose(net.predict(x[7:8]), before[7:8], rtol=1e-6)
    changed = {**kept, "layer2.running_mean": kept["layer2.running_mean"] + 1}
    net.set_weights(changed)
    assert not np.allclose(net.predict(x), before)


def test_running_statistics_forget_their_start_at_once_with_bias_correction():
    """After t batches the corrected statistic is the moving average from zero, divided by 1 - decay^t."""
    x, y = data(60)
    decay, epsilon = 0.8, 1e-5
    averages = []
    for corrected in (False, True):
        norm = fanin.BatchNorm(epsilon, decay, bias_correction=corrected)
        net = classifier("float64", batch_norm=norm)
        net.fit(x, y, rule=optim.SGD(0.0), epochs=1, batch_size=20, batches="in_order")
        averages.append(net.get_weights())
    plain, corrected = averages
    z = x.astype("float64") @ plain["layer1.weight"]
    means = [z[i : i + 20].mean(axis=0) for i in (0, 20, 40)]
    variances = [z[i : i + 20].var(axis=0, ddof=1) for i in (0, 20, 40)]
    shares = [0.2 * decay**2, 0.2 * decay, 0.2]
    for name, values, start in (("running_mean", means, 0), ("running_variance", variances, 1)):
        weighted = sum(share * value for share, value in zip(shares, values, strict=True))
        np.testing.assert_allclose(
            plain[f"layer1.{name}"], weighted + decay**3 * start, rtol=1e-12, atol=1e-12
        )
        np.testing.assert_allclose(
            corrected[f"layer1.{name}"], weighted / (1 - decay**3), rtol=1e-12, atol=1e-12
        )


@pytest.mark.parametrize("batch_size", [2, 20, 40, 80, 81, 100])
def test_a_single_row_that_is_left_over_joins_the_batch_before_it(batch_size):
    """81 rows in batches of 20 are 20, 20, 20 and 21: running statistics and loss include all of them."""
    x, y = data(81)
    net = classifier("float64", batch_norm=fanin.BatchNorm(decay=0.0))
    history = net.fit(x, y, rule=optim.SGD(0.0), epochs=1, batch_size=batch_size, batches="in_order")
    sizes = {2: 3, 20: 21, 40: 41, 80: 81, 81: 81, 100: 81}
    last = x[-sizes[batch_size] :].astype("float64") @ net.get_weights()["layer1.weight"]
    np.testing.assert_allclose(
        net.get_weights()["layer1.running_mean"], last.mean(axis=0), rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(
        net.get_weights()["layer1.running_variance"], last.var(axis=0, ddof=1), rtol=1e-9, atol=1e-12
    )
    assert math.isfinite(history.loss[0])


def test_without_batch_norm_a_single_row_is_a_batch():
    x, y = data(81)
    net = classifier(batch_norm=False)
    net.fit(x, y, rule=optim.SGD(0.1), epochs=1, batch_size=20)
    net.fit(x[:1], y[:1], rule=optim.SGD(0.1), epochs=1, batch_size=1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [20, 64, 130])
def test_bits_do_not_depend_on_threads(dtype, batch_size):
    """Widths that divide evenly among threads and widths that do not."""
    x, y = data(261)
    before, digests = fanin.get_num_threads(), set()
    layers = [fanin.Dense(units, "tanh", batch_norm=True) for units in (300, 256, 65, 20)] + [
        fanin.Dense(2, batch_norm=True)
    ]
    try:
        for threads in (1, 2, 3, 4, 7):
            fanin.set_num_threads(threads)
            net = fanin.Network(12, layers, "softmax_cross_entropy", seed=1, dtype=dtype)
            net.fit(x, y, rule=optim.Adam(0.01), epochs=2, batch_size=batch_size)
            digests.add(digest(net))
    finally:
        fanin.set_num_threads(before)
    assert len(digests) == 1


def test_early_stopping_restores_the_running_statistics_of_the_best_epoch():
    x, y = data()
    net, seen = classifier(), []

    def keep(net, epoch, logs):
        logs["figure"] = -float(epoch == 2)
        seen.append(digest(net))

    stopping = fanin.EarlyStopping(patience=2, monitor="figure")
    history = net.fit(x, y, rule=optim.Adam(0.05), epochs=9, callbacks=[keep, stopping])
    assert (history.best_epoch, history.stopped_epoch) == (2, 4)
    assert digest(net) == seen[1]


def test_divergence_restores_the_running_statistics_with_the_weights():
    x, y = data()
    net = classifier(batch_norm=fanin.BatchNorm())
    net.fit(x, y, rule=optim.SGD(0.1), epochs=1)
    before, predicted = digest(net), net.predict(x)
    with pytest.raises(fanin.DivergedError):
        net.fit(x, y, rule=optim.SGD(1e38), epochs=5)
    assert digest(net) == before
    assert np.array_equal(net.predict(x), predicted)


def test_running_statistics_that_overflow_are_a_diverged_error_of_their_layer():
    """The variance of products of 4e19 overflows in float32, although the outputs are finite."""
    x, y = data()
    net = classifier()
    weights = net.get_weights()
    net.set_weights({**weights, "layer2.weight": weights["layer2.weight"] * np.float32(4e19)})
    before = digest(net)
    with pytest.raises(
        fanin.DivergedError, match="running statistics of batch norm are not finite, first in layer 2"
    ):
        net.fit(x, y, rule=optim.SGD(1e-3), epochs=1)
    assert digest(net) == before


@pytest.mark.parametrize(
    "rule", [optim.Nesterov(0.05), optim.SchaulVSGD(), optim.Around(optim.Adam(0.01), l2=0.1)]
)
def test_rules_that_look_ahead_or_take_two_gradients_or_shrink_weights_train_batch_norm(rule):
    """Running statistics are of the batches at the trained weights."""
    x, y = data(200)
    net, twin = classifier("float64"), classifier("float64")
    net.fit(x, y, rule=rule, epochs=1, batch_size=200)
    first = x.astype("float64") @ twin.get_weights()["layer1.weight"]
    mean = 0.1 * first.mean(axis=0)
    np.testing.assert_allclose(net.get_weights()["layer1.running_mean"], mean, rtol=1e-9, atol=1e-12)
    kept, predicted = net.get_weights(), net.predict(x)
    net.set_weights(kept)
    assert np.array_equal(net.predict(x), predicted)
    twin.set_weights(kept)
    assert np.array_equal(twin.predict(x), predicted)
    history = net.fit(x, y, rule=rule, epochs=30, batch_size=50)
    assert history.loss[-1] < history.loss[0]


def test_chunks_continue_the_running_statistics_of_earlier_chunks():
    x, y = data()
    nets = classifier(), classifier()
    nets[0].fit_chunks([(x[:100], y[:100]), (x[100:], y[100:])], rule=optim.Adam(0.01))
    for part in (slice(0, 100), slice(100, 200)):
        nets[1].fit(x[part], y[part], rule=optim.Adam(0.01), epochs=1)
    assert digest(nets[0]) == digest(nets[1])


def test_a_dead_unit_keeps_finite_numbers():
    """A column of zeros has variance 0: epsilon takes its place, and the running variance decays to zero."""
    x, y = data()
    net = classifier()
    weights = net.get_weights()
    weights["layer1.weight"][:, 5] = 0
    net.set_weights(weights)
    net.fit(x, y, rule=optim.Adam(0.01), epochs=200, batch_size=50)
    assert all(np.isfinite(array).all() for array in net.get_weights().values())
    assert net.get_weights()["layer1.running_variance"][5] < 1e-30


@pytest.mark.parametrize(
    ("dtype", "size"), [("float32", 1), ("float32", 1e17), ("float64", 1), ("float64", 1e150)]
)
def test_a_step_of_a_layer_has_the_bits_of_the_functions_on_arrays(dtype, size):
    """Also if the squares of its products overflow when summed."""
    x, _ = data(130)
    x, y = x.astype(dtype) * np.array(size, dtype), np.outer(np.arange(130) % 7, np.ones(70)).astype(dtype)
    net = fanin.Network(12, [fanin.Dense(70, "tanh", batch_norm=True)], dtype=dtype)
    w = net.get_weights()
    gamma, beta, weight = w["layer1.gamma"], w["layer1.beta"], w["layer1.weight"]
    v, cache = F.batch_norm(F.dense(x, weight), gamma, beta)
    a = F.activation(v, "tanh")
    dv = F.activation_backward(F.loss_gradient(a, y, "squared_error"), v, "tanh")
    du, dgamma, dbeta = F.batch_norm_backward(dv, cache)
    dw = F.dense_backward(du, x, weight)[1]
    optim.Optimizer(optim.Adam(0.01), [weight, gamma, beta]).step([dw, dgamma, dbeta])
    net.fit(x, y, rule=optim.Adam(0.01), epochs=1, batch_size=130, batches="in_order")
    for name, array in {"weight": weight, "gamma": gamma, "beta": beta}.items():
        assert np.array_equal(net.get_weights()[f"layer1.{name}"], array), name


@pytest.mark.parametrize(("batch_norm", "learns"), [(False, False), (True, True)])
def test_twenty_logistic_layers_learn_with_batch_norm_and_not_without(batch_norm, learns):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, size=(2000, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    hidden = [fanin.Dense(16, "logistic", batch_norm=batch_norm) for _ in range(19)]
    net = fanin.Network(2, [*hidden, fanin.Dense(2)], "softmax_cross_entropy")
    net.fit(x[:1500], y[:1500], rule=optim.Adam(0.005), epochs=20, batch_size=50)
    accuracy = net.evaluate(x[1500:], y[1500:])["accuracy"]
    assert accuracy > 0.85 if learns else accuracy < 0.6


def test_batch_norm_cancels_a_bias_before_it():
    """A constant added to a column disappears from its output and gets no gradient (so there is no bias to train)."""
    x, _ = data()
    x, gamma, beta = x.astype("float64"), np.full(12, 2.0), np.ones(12)
    y, cache = F.batch_norm(x, gamma, beta)
    shifted, _ = F.batch_norm(x + np.arange(12), gamma, beta)
    np.testing.assert_allclose(shifted, y, rtol=1e-10, atol=1e-10)
    dx, _, _ = F.batch_norm_backward(np.cos(x), cache)
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-12)


def test_gamma_and_beta_are_exempt_from_penalties_and_decay():
    """Penalties and decay apply to weights; gamma and beta are exempt, like biases."""
    x, y = data()
    nets = classifier("float64"), classifier("float64")
    for net, rule in zip(nets, (optim.SGD(0.1), optim.Around(optim.SGD(0.1), l2=1.0)), strict=True):
        net.fit(x, y, rule=rule, epochs=1, batch_size=200)
    plain, shrunk = (net.get_weights() for net in nets)
    assert not np.array_equal(plain["layer1.weight"], shrunk["layer1.weight"])
    for name in ("layer1.gamma", "layer1.beta", "layer2.gamma", "layer2.beta"):
        assert np.array_equal(plain[name], shrunk[name])

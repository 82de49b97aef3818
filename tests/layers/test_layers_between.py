"""Batch norm as a layer of its own, with dropout around it: gradients, arrays, prediction, exact statistics."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import functional as F
from fanin import optim
from helpers import digest
from slopes import assert_a_step_goes_down_the_slope, set_at_random

BN, NAMES = fanin.BatchNorm, ("beta", "gamma", "running_mean", "running_variance")


def mixed(dtype="float64", seed=3, **options):
    """Batch norm in every place: first, after an activation, after and before a dropout, and twice in a row."""
    norm = BN(**options)
    layers = [
        norm,
        fanin.Dropout(0.2),
        fanin.Dense(7, "tanh", batch_norm=norm),
        norm,
        fanin.Dropout(0.4),
        fanin.Dense(36, "gelu"),
        norm,
        fanin.Dense(4, "logistic"),
        fanin.Dropout(0.3),
        fanin.Dense(3),
    ]
    return fanin.Network(5, layers, seed=seed, dtype=dtype)


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    return rng.normal(size=(70, 5)) * 3 + 10, rng.normal(size=(70, 3))


def test_a_step_of_sgd_goes_down_the_slope_of_the_training_loss(samples):
    assert_a_step_goes_down_the_slope(mixed, samples)


def test_names_and_number_of_the_arrays():
    net = fanin.Network(4, [BN(), fanin.Dense(6, "relu"), BN(), fanin.Dropout(), fanin.Dense(2)])
    names = [f"layer{n}.{name}" for n in (1, 3) for name in NAMES]
    expected = [*names[:4], "layer2.weight", "layer2.bias", *names[4:], "layer5.weight", "layer5.bias"]
    assert list(net.get_weights()) == expected
    assert [w.shape for w in net.get_weights().values()][6:10] == [(6,)] * 4
    assert net.n_parameters == 2 * 4 + (4 + 1) * 6 + 2 * 6 + (6 + 1) * 2
    assert repr(net) == (
        "<fanin.Network 4-6-2 (batch norm, relu, batch norm, dropout 0.5, identity), squared_error, float32, "
        "64 parameters>"
    )
    with pytest.raises(ValueError, match=r"layer3.running_variance: expected numbers of at least 0, got -1"):
        net.set_weights({**net.get_weights(), "layer3.running_variance": -np.ones(6)})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_prediction_folds_a_batch_norm_into_the_layer_after_it(dtype, samples):
    net = mixed(dtype)
    set_at_random(net)
    net.fit(*samples, rule=optim.Adam(0.01), epochs=3)
    w = {name: array.astype("float64") for name, array in net.get_weights().items()}
    x, _ = samples

    def normalized(a, layer):
        return F.batch_norm_inference(a, *(w[f"layer{layer}.{n}"] for n in (*NAMES[2:], "gamma", "beta")))

    a = np.tanh(normalized(normalized(x, 1) @ w["layer3.weight"], 3))
    a = F.activation(normalized(a, 4) @ w["layer6.weight"] + w["layer6.bias"], "gelu")
    a = F.activation(normalized(a, 7) @ w["layer8.weight"] + w["layer8.bias"], "logistic")
    expected = a @ w["layer10.weight"] + w["layer10.bias"]
    tolerance = {"float32": 1e-5, "float64": 1e-12}[dtype]
    np.testing.assert_allclose(net.predict(x), expected, rtol=0, atol=tolerance * abs(expected).max())
    np.testing.assert_allclose(
        net.predict(x[7:8]), expected[7:8], rtol=0, atol=tolerance * abs(expected).max()
    )


def test_inputs_far_from_zero_keep_their_digits():
    """Folding the mean of such inputs into the weights would lose them."""
    rng = np.random.default_rng(0)
    unit = rng.normal(size=(400, 6))
    x = (unit * 2.0**-3 + 1e5).astype("float32")
    y = (x[:, :1] - 1e5) @ np.ones((1, 1))
    net = fanin.Network(6, [BN(), fanin.Dense(1)], seed=1)
    net.fit(x, y, rule=optim.Adam(0.01), epochs=60, batch_size=40)
    assert net.evaluate(x, y)["rmse"] < 0.02


def test_exact_statistics_are_those_of_the_whole_training_set(dtype, samples):
    net = mixed(dtype, exact_statistics=True)
    net.fit(*samples, rule=optim.Adam(0.01), epochs=3, batch_size=16)
    w = {name: array.astype("float64") for name, array in net.get_weights().items()}
    tolerance = {"float32": 2e-5, "float64": 1e-11}[dtype]

    def normalized(a, layer):
        mean, variance = a.mean(axis=0), a.var(axis=0, ddof=1)
        np.testing.assert_allclose(w[f"layer{layer}.running_mean"], mean, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(w[f"layer{layer}.running_variance"], variance, rtol=10 * tolerance)
        return F.batch_norm_inference(a, *(w[f"layer{layer}.{n}"] for n in (*NAMES[2:], "gamma", "beta")))

    a = np.tanh(normalized(normalized(samples[0], 1) @ w["layer3.weight"], 3))
    a = F.activation(normalized(a, 4) @ w["layer6.weight"] + w["layer6.bias"], "gelu")
    normalized(a, 7)


def test_exact_statistics_change_no_weight_and_are_the_same_bits_on_any_threads(threads):
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(1000, 5)), rng.normal(size=(1000, 3))
    digests = set()
    for number in (1, 2, 3):
        threads(number)
        exact, plain = mixed("float32", exact_statistics=True), mixed("float32")
        for net in (exact, plain):
            net.fit(*samples, rule=optim.Adam(0.01), epochs=2)
        pairs = zip(exact.get_weights().items(), plain.get_weights().values(), strict=True)
        for (name, one), other in pairs:
            assert np.array_equal(one, other) != ("running" in name), name
        digests.add(digest(exact))
    assert len(digests) == 1


def test_exact_statistics_are_refused_without_a_whole_training_set(samples):
    net = fanin.Network(5, [fanin.Dense(3, batch_norm=BN(exact_statistics=True))])
    message = "layers: layer 1: exact_statistics needs the whole training set, which fit_chunks does not have"
    with pytest.raises(ValueError, match=message):
        net.fit_chunks([samples], rule=optim.SGD(0.1))
    with pytest.raises(TypeError, match="exact_statistics: expected True or False, got 1"):
        BN(exact_statistics=1)


def test_single_rows_are_refused_or_join_a_batch_as_in_a_dense_layer(samples):
    net = mixed("float32")
    with pytest.raises(ValueError, match="batch_size: expected at least 2, because batch norm divides by"):
        net.fit(*samples, rule=optim.SGD(0.1), batch_size=1)
    net.fit(*samples, rule=optim.SGD(0.01), epochs=1, batch_size=23)  # 70 = 3 x 23 + 1
    assert all(np.isfinite(w).all() for w in net.get_weights().values())


def test_a_divergence_names_the_layer_by_its_place_in_the_list(samples):
    net = mixed("float32")
    before = digest(net)
    with pytest.raises(fanin.DivergedError, match="first in layer 10") as caught:
        net.fit(samples[0], samples[1] * 1e30, rule=optim.SGD(1e10), epochs=3)
    assert caught.value.layer == 10
    assert digest(net) == before


def test_a_separate_batch_norm_equals_that_of_a_dense_layer(samples):
    """After an identity layer, both mean the same."""
    plain, norm = fanin.Dense(8, batch_norm=True), [fanin.Dense(8), BN()]
    nets = [fanin.Network(5, [*first, fanin.Dense(3)], seed=1, dtype="float64") for first in ([plain], norm)]
    for net in nets:
        net.fit(*samples, rule=optim.SGD(0.01), epochs=3, batch_size=10)
    np.testing.assert_allclose(nets[0].predict(samples[0]), nets[1].predict(samples[0]), rtol=1e-9)


def test_twenty_layers_do_not_learn_without_batch_norm_and_learn_with_it_between_them():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 8)).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("int64")
    accuracy = []
    for between in ([], [BN()]):
        hidden = [layer for _ in range(19) for layer in (fanin.Dense(16, "logistic"), *between)]
        net = fanin.Network(8, [*hidden, fanin.Dense(2)], "softmax_cross_entropy", seed=1)
        net.fit(x, y, rule=optim.Adam(0.003), epochs=40)
        accuracy.append(net.evaluate(x, y)["accuracy"])
    assert accuracy[0] < 0.65
    assert accuracy[1] > 0.85


def changes(samples, rule):
    net = mixed()
    before = set_at_random(net)
    net.fit(*samples, rule=rule, epochs=1, batch_size=len(samples[0]), batches="in_order")
    after = net.get_weights()
    return {name: after[name] - before[name] for name in before if "running" not in name}


def test_clipping_by_norm_includes_gamma_and_beta_of_batch_norms(samples):
    plain = changes(samples, optim.SGD(1.0))
    norm = np.sqrt(sum(np.sum(change**2) for change in plain.values()))
    clipped = changes(samples, optim.Around(optim.SGD(1.0), clip_norm=norm / 4))
    for name, change in plain.items():
        np.testing.assert_allclose(clipped[name], change / 4, rtol=1e-9, atol=1e-14, err_msg=name)


def test_options_around_a_rule_apply_to_the_right_arrays_of_batch_norms(samples):
    plain = changes(samples, optim.SGD(1.0))
    rule = optim.Around(
        optim.SGD(1.0), weight_decay=0.1, frozen=["layer1"], rate_scales={"layer3": 0.5, "layer4.gamma": 0.25}
    )
    around, before = changes(samples, rule), set_at_random(mixed())
    for name, change in plain.items():
        scale = {"layer1": 0.0, "layer3": 0.5}.get(name.split(".")[0], 1.0)
        scale = 0.25 if name == "layer4.gamma" else scale
        decayed = 0.1 * before[name] if name.endswith("weight") else 0.0
        np.testing.assert_allclose(
            around[name], scale * (change - decayed), rtol=1e-9, atol=1e-13, err_msg=name
        )


def test_averaged_weights_of_batch_norms_are_shown_and_predict(samples):
    net, other = mixed(), mixed()
    rule = optim.Around(optim.Momentum(0.01), average_decay=0.5, accumulate=2)
    net.fit(*samples, rule=rule, epochs=4, batch_size=20)
    other.set_weights(net.get_weights())
    np.testing.assert_allclose(net.predict(samples[0]), other.predict(samples[0]), rtol=1e-12, atol=1e-12)

"""Batch norm in a network: trained as PyTorch trains it, averaged, folded, kept and restored."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import fanin
from fanin import functional as F
from fanin import optim
from helpers import TESTS, digest, rule_named

GOLDEN = json.loads((TESTS / "goldens" / "pytorch_batch_norm_nets.json").read_text())
X = np.array(GOLDEN["X"])

every_case = pytest.mark.parametrize(
    "case", GOLDEN["cases"], ids=lambda case: "-".join(map(str, case["sizes"]))
)


def arrays(weights):
    return {name: np.array(values) for name, values in weights.items()}


def net_of(case):
    norm = fanin.BatchNorm(epsilon=case["epsilon"], decay=case["decay"])
    layers = [
        fanin.Dense(units, activation, batch_norm=norm if number in case["normalized"] else False)
        for number, (units, activation) in enumerate(
            zip(case["sizes"][1:], case["activations"], strict=True), 1
        )
    ]
    net = fanin.Network(case["sizes"][0], layers, case["loss"], dtype="float64")
    net.set_weights(arrays(case["start"]))
    return net


@every_case
def test_gradients_of_weights_gamma_and_beta_are_those_of_pytorch(case):
    net = net_of(case)
    net.fit(X, np.array(case["y"]), rule=optim.SGD(1.0), epochs=1, batch_size=len(X), shuffle=False)
    for name, gradient in arrays(case["gradients"]).items():
        got = np.array(case["start"][name]) - net.get_weights()[name]
        np.testing.assert_allclose(got, gradient, rtol=1e-9, atol=1e-12, err_msg=name)


@every_case
def test_losses_weights_averages_and_outputs_are_those_of_pytorch(case):
    net = net_of(case)
    history = net.fit(
        X,
        np.array(case["y"]),
        rule=rule_named(case["rule"], **case["hyper_parameters"]),
        epochs=GOLDEN["epochs"],
        batch_size=GOLDEN["batch_size"],
        shuffle=False,
    )
    np.testing.assert_allclose(history.loss, case["losses"], rtol=1e-9)
    for name, theirs in arrays(case["weights"]).items():
        np.testing.assert_allclose(net.get_weights()[name], theirs, rtol=1e-9, atol=1e-9, err_msg=name)
    np.testing.assert_allclose(net.predict(X), case["outputs"], rtol=1e-9, atol=1e-9)


def data(rows=200, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 12)) + 1
    return x.astype("float32"), (x[:, 0] * x[:, 1] > 1).astype("int64")


def classifier(dtype="float32", seed=3, **options):
    options.setdefault("batch_norm", True)
    layers = [fanin.Dense(70, "relu", **options), fanin.Dense(33, "gelu", **options), fanin.Dense(2)]
    return fanin.Network(12, layers, "softmax_cross_entropy", seed=seed, dtype=dtype)


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
def test_prediction_folds_the_averages_into_the_weights_and_agrees_with_the_formula(dtype):
    net = classifier(dtype)
    x, y = data()
    for _ in range(3):  # again after each change of weights
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
    """A single layer in float32, against the same arithmetic in its two steps."""
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


def test_averages_forget_their_start_at_once_with_bias_correction():
    """After t batches the corrected average is the plain one from zero, divided by 1 - decay^t."""
    x, y = data(60)
    decay, epsilon = 0.8, 1e-5
    averages = []
    for corrected in (False, True):
        norm = fanin.BatchNorm(epsilon, decay, bias_correction=corrected)
        net = classifier("float64", batch_norm=norm)
        net.fit(x, y, rule=optim.SGD(0.0), epochs=1, batch_size=20, shuffle=False)
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
    """81 rows in batches of 20 are 20, 20, 20 and 21: the averages and the loss see them all."""
    x, y = data(81)
    net = classifier("float64", batch_norm=fanin.BatchNorm(decay=0.0))
    history = net.fit(x, y, rule=optim.SGD(0.0), epochs=1, batch_size=batch_size, shuffle=False)
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


def test_batches_of_one_row_are_refused_with_the_reason():
    x, y = data(20)
    net = classifier()
    reason = "as batch norm divides by the deviation of a batch, got 1"
    with pytest.raises(ValueError, match=f"batch_size: expected at least 2, {reason}"):
        net.fit(x, y, rule=optim.SGD(0.1), batch_size=1)
    with pytest.raises(ValueError, match=f"X: expected at least 2 rows, {reason}"):
        net.fit(x[:1], y[:1], rule=optim.SGD(0.1))
    assert net.predict(x[:1]).shape == (1, 2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [20, 64, 130])
def test_bits_do_not_depend_on_threads(dtype, batch_size):
    """Widths that share evenly among threads and widths that do not."""
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


def test_early_stopping_brings_the_averages_of_the_best_epoch_back():
    x, y = data()
    net, seen = classifier(), []

    def keep(net, epoch, logs):
        logs["figure"] = -float(epoch == 2)
        seen.append(digest(net))

    stopping = fanin.EarlyStopping(patience=2, monitor="figure")
    history = net.fit(x, y, rule=optim.Adam(0.05), epochs=9, callbacks=[keep, stopping])
    assert (history.best_epoch, history.stopped_epoch) == (2, 4)
    assert digest(net) == seen[1]


def test_divergence_brings_the_averages_back_with_the_weights():
    x, y = data()
    net = classifier(batch_norm=fanin.BatchNorm())
    net.fit(x, y, rule=optim.SGD(0.1), epochs=1)
    before, predicted = digest(net), net.predict(x)
    with pytest.raises(fanin.DivergedError):
        net.fit(x, y, rule=optim.SGD(1e38), epochs=5)
    assert digest(net) == before
    assert np.array_equal(net.predict(x), predicted)


def test_chunks_go_on_with_the_averages_of_the_chunks_before():
    x, y = data()
    nets = classifier(), classifier()
    nets[0].fit_chunks([(x[:100], y[:100]), (x[100:], y[100:])], rule=optim.Adam(0.01))
    for part in (slice(0, 100), slice(100, 200)):
        nets[1].fit(x[part], y[part], rule=optim.Adam(0.01), epochs=1)
    assert digest(nets[0]) == digest(nets[1])


def test_a_dead_unit_keeps_finite_numbers():
    """A column of zeros has no deviation: epsilon stands for it, and its average decays to zero."""
    x, y = data()
    net = classifier()
    weights = net.get_weights()
    weights["layer1.weight"][:, 5] = 0
    net.set_weights(weights)
    net.fit(x, y, rule=optim.Adam(0.01), epochs=200, batch_size=50)
    assert all(np.isfinite(array).all() for array in net.get_weights().values())
    assert net.get_weights()["layer1.running_variance"][5] < 1e-30


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (
            lambda: fanin.BatchNorm(epsilon=0),
            ValueError,
            r"epsilon: expected a number in \[1e-30, 1e\+30\], got 0",
        ),
        (lambda: fanin.BatchNorm(epsilon=math.nan), ValueError, "epsilon: expected a number in"),
        (lambda: fanin.BatchNorm(epsilon="small"), TypeError, "epsilon: expected a number, got 'small'"),
        (lambda: fanin.BatchNorm(decay=1.0), ValueError, r"decay: expected a number in \[0, 1\), got 1.0"),
        (lambda: fanin.BatchNorm(decay=-0.1), ValueError, r"decay: expected a number in \[0, 1\), got -0.1"),
        (lambda: fanin.BatchNorm(decay=True), TypeError, "decay: expected a number, got True"),
        (
            lambda: fanin.BatchNorm(bias_correction=1),
            TypeError,
            "bias_correction: expected True or False, got 1",
        ),
        (
            lambda: fanin.Dense(3, batch_norm="yes"),
            TypeError,
            "batch_norm: expected True, False or fanin.BatchNorm",
        ),
        (
            lambda: fanin.Dense(3, batch_norm=True, bias_initializer=[1.0, 2.0, 3.0]),
            ValueError,
            "bias_initializer: a layer with batch norm has no biases, as its means take them away",
        ),
    ],
)
def test_options_that_cannot_be_used_are_refused(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("layer1.gamma", np.ones(3), r"layer1.gamma: expected shape \(70,\), got \(3,\)"),
        ("layer1.running_mean", np.full(70, np.nan), "layer1.running_mean: every value must be finite"),
        (
            "layer1.running_variance",
            np.full(70, -1.0),
            "layer1.running_variance: expected numbers of at least 0, got -1",
        ),
        ("layer1.bias", np.ones(70), "weights: unknown name 'layer1.bias'"),
    ],
)
def test_arrays_that_cannot_be_set_are_refused_and_nothing_is_written(name, values, sentence):
    net = classifier()
    before = digest(net)
    with pytest.raises(ValueError, match=sentence):
        net.set_weights({**net.get_weights(), name: values})
    assert digest(net) == before


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_step_of_a_layer_has_the_bits_of_the_functions_on_arrays(dtype):
    x, _ = data(130)
    x, y = x.astype(dtype), np.outer(np.arange(130) % 7, np.ones(70)).astype(dtype)
    net = fanin.Network(12, [fanin.Dense(70, "tanh", batch_norm=True)], dtype=dtype)
    w = net.get_weights()
    gamma, beta, weight = w["layer1.gamma"], w["layer1.beta"], w["layer1.weight"]
    v, cache = F.batch_norm(F.dense(x, weight), gamma, beta)
    a = F.activation(v, "tanh")
    dv = F.activation_backward(F.loss_gradient(a, y, "squared_error"), v, "tanh")
    du, dgamma, dbeta = F.batch_norm_backward(dv, cache)
    dw = F.dense_backward(du, x, weight)[1]
    optim.Optimizer(optim.Adam(0.01), [weight, gamma, beta]).step([dw, dgamma, dbeta])
    net.fit(x, y, rule=optim.Adam(0.01), epochs=1, batch_size=130, shuffle=False)
    for name, array in {"weight": weight, "gamma": gamma, "beta": beta}.items():
        assert np.array_equal(net.get_weights()[f"layer1.{name}"], array), name

"""Initial weights are scaled by fan-in, centred and all different; otherwise deep nets fail, as shown here."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import _core, initializers, optim
from helpers import digest, rule_named
from reference.activations import ACTIVATIONS
from reference.initializers import standard_deviation

N_IN, N_OUT = 400, 300
SCALED = [name for name, given in _core.initializers().items() if "gain" in given and name != "identity"]


def initial(initializer, activation="identity", n_in=N_IN, n_out=N_OUT, dtype="float64", seed=0):
    net = fanin.Network(n_in, [fanin.Dense(n_out, activation, initializer)], dtype=dtype, seed=seed)
    return net.get_weights()["layer1.weight"]


def relu_net(width, depth, initializer="auto", seed=3):
    layers = [fanin.Dense(width, "relu", initializer) for _ in range(depth)]
    return fanin.Network(width, layers, dtype="float64", seed=seed)


def rms(a):
    return np.sqrt(np.mean(a**2))


def identity_layers(factor, depth):
    net = fanin.Network(4, [fanin.Dense(4)] * depth, dtype="float64")
    biases = {name: b for name, b in net.get_weights().items() if name.endswith("bias")}  # initially zero
    net.set_weights({**biases, **{f"layer{i}.weight": factor * np.eye(4) for i in range(1, depth + 1)}})
    return net


@pytest.mark.parametrize("gain", [1.0, 0.3])
@pytest.mark.parametrize("name", SCALED)
def test_initial_weights_have_mean_zero_and_the_published_deviation(name, gain, dtype):
    W = initial(initializers.BY_NAME[name](gain=gain), dtype=dtype).astype("float64")
    std = standard_deviation(name, N_IN, N_OUT, gain=gain)
    assert W.shape == (N_IN, N_OUT)
    # W.size samples: the mean has deviation std / sqrt(size), the deviation itself about std / sqrt(2 size).
    assert abs(W.mean()) <= 4 * std / np.sqrt(W.size)
    assert W.std() == pytest.approx(std, rel=4 / np.sqrt(2 * W.size))


@pytest.mark.parametrize("name", SCALED)
def test_a_gain_multiplies_the_same_random_numbers(name):
    assert np.array_equal(initial(initializers.BY_NAME[name](gain=4)), 4 * initial(name))


@pytest.mark.parametrize("name", [name for name in initializers.NAMES if name != "base_rate"])
def test_a_name_stands_for_the_defaults(name):
    assert np.array_equal(initial(name), initial(initializers.BY_NAME[name]()))


@pytest.mark.parametrize("family", ["he", "glorot", "lecun"])
def test_uniform_initial_weights_fill_their_limits_and_no_more(family):
    limit = np.sqrt(3) * standard_deviation(f"{family}_uniform", N_IN, N_OUT)
    W = initial(f"{family}_uniform")
    assert np.abs(W).max() <= limit
    counts, _ = np.histogram(W, bins=10, range=(-limit, limit))
    assert counts == pytest.approx(np.full(10, W.size / 10), rel=0.05)


@pytest.mark.parametrize("family", ["he", "glorot", "lecun"])
def test_normal_initial_weights_have_the_tails_of_a_normal_distribution(family):
    deviation = standard_deviation(f"{family}_normal", N_IN, N_OUT)
    W = np.stack([initial(f"{family}_normal", seed=seed) for seed in range(10)]) / deviation
    for deviations, share in ((1, 0.317311), (2, 0.045500), (3, 0.002700)):
        chance = np.sqrt(share * (1 - share) / W.size)
        assert np.mean(np.abs(W) > deviations) == pytest.approx(share, abs=4 * chance)


def test_auto_is_the_initializer_for_the_activation(every_activation):
    """The same normal numbers, times sqrt(c / n_in): He's are sqrt(2) times LeCun's."""
    c = ACTIVATIONS[every_activation].weight_variance
    expected = initial("he_normal") if c == 2 else np.sqrt(c) * initial("lecun_normal")
    assert np.array_equal(initial("auto", every_activation), expected)


def test_zeros_and_biases_start_at_zero():
    net = fanin.Network(5, [fanin.Dense(4, "relu"), fanin.Dense(3, initializer="zeros")])
    weights = net.get_weights()
    assert not weights["layer1.bias"].any()
    assert not weights["layer2.bias"].any()
    assert not weights["layer2.weight"].any()
    assert weights["layer1.weight"].all()


def test_initial_weights_are_all_different_and_uncorrelated():
    W = initial("lecun_normal")
    assert len(np.unique(W)) == W.size
    unit_rows = W / np.linalg.norm(W, axis=1, keepdims=True)
    correlations = unit_rows @ unit_rows.T - np.eye(N_IN)
    assert np.abs(correlations).max() < 6 / np.sqrt(N_OUT)
    net = fanin.Network(50, [fanin.Dense(50), fanin.Dense(50)], dtype="float64")
    first, second = (net.get_weights()[f"layer{i}.weight"].ravel() for i in (1, 2))
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(first.size)


def test_the_seed_determines_the_initial_weights(dtype):
    def of(seed):
        return digest(fanin.Network(5, [fanin.Dense(4), fanin.Dense(3)], seed=seed, dtype=dtype))

    assert of(7) == of(7) == of(np.int64(7))
    assert len({of(seed) for seed in (0, 1, 7, 2**31, 2**32, 2**63 - 1)}) == 6


def test_variance_of_z_does_not_depend_on_the_number_of_inputs(rng):
    for n_in in (10, 100, 1000, 4000):
        net = fanin.Network(n_in, [fanin.Dense(500, initializer="lecun_normal")], dtype="float64")
        z = net.predict(rng.normal(size=(50, n_in)))
        assert z.var() == pytest.approx(1, abs=0.2)


def test_he_weights_keep_the_signal_through_twenty_relu_layers(rng):
    X = rng.normal(size=(64, 512))
    assert rms(X) / 2 < rms(relu_net(512, 20).predict(X)) < 2 * rms(X)


def test_lecun_weights_shrink_the_signal_a_thousandfold_through_twenty_relu_layers(rng):
    X = rng.normal(size=(64, 512))
    ratio = rms(relu_net(512, 20, "lecun_normal").predict(X)) / rms(X)
    assert 2**-11 < ratio < 2**-9


def test_weights_from_rand_explode_through_twenty_relu_layers(rng):
    X = rng.normal(size=(64, 512))
    net = relu_net(512, 20)
    scale = np.sqrt(2 / 512)
    positive = {k: rng.random(w.shape) * scale if w.ndim == 2 else w for k, w in net.get_weights().items()}
    net.set_weights(positive)
    assert rms(net.predict(X)) > 1e10


def test_tanh_keeps_its_signal_with_lecun_weights(rng):
    layers = [fanin.Dense(512, "tanh") for _ in range(10)]
    a = fanin.Network(512, layers, dtype="float64").predict(rng.normal(size=(64, 512)))
    assert 0.1 < rms(a) < 1


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_a_gain_acts_on_the_signal_as_its_power_with_depth(gain, rng):
    """ReLU layers are homogeneous: exact for powers of two."""
    X = rng.normal(size=(8, 64))
    plain, scaled = (relu_net(64, 20, initializers.HeNormal(g)).predict(X) for g in (1, gain))
    np.testing.assert_array_equal(scaled, gain**20 * plain)


@pytest.mark.parametrize("depth", [1, 5, 25])
def test_one_and_a_half_times_identity_grows_as_a_power_of_depth(depth):
    x = np.array([[1.0, -2.0, 0.5, 4.0]])
    np.testing.assert_array_equal(identity_layers(1.5, depth).predict(x), 1.5**depth * x)


@pytest.mark.parametrize("depth", [1, 5, 25])
def test_half_the_identity_vanishes_as_a_power_of_depth(depth):
    x = np.array([[1.0, -2.0, 0.5, 4.0]])
    np.testing.assert_array_equal(identity_layers(0.5, depth).predict(x), 0.5**depth * x)


def test_identical_units_stay_identical(every_rule, every_activation, classification):
    layers = [fanin.Dense(6, every_activation), fanin.Dense(3)]
    net = fanin.Network(5, layers, loss="softmax_cross_entropy", dtype="float64")
    start = net.get_weights()
    start["layer1.weight"][:] = start["layer1.weight"][:, :1]
    start["layer2.weight"][:] = start["layer2.weight"][:1]
    net.set_weights(start)
    net.fit(*classification, rule=rule_named(every_rule), epochs=5, batch_size=8)
    trained = net.get_weights()
    assert not np.array_equal(trained["layer1.weight"], start["layer1.weight"])
    assert (trained["layer1.weight"] == trained["layer1.weight"][:, :1]).all()
    assert (trained["layer2.weight"] == trained["layer2.weight"][:1]).all()


def test_units_that_start_with_constant_weights_stay_identical(every_rule, classification):
    layers = [
        fanin.Dense(6, "tanh", initializers.Constant(0.1), bias_initializer=initializers.Constant(0.5)),
        fanin.Dense(3, initializer=initializers.Constant(-0.2), bias_initializer=[0.1, 0.0, -0.1]),
    ]
    net = fanin.Network(5, layers, loss="softmax_cross_entropy", dtype="float64")
    net.fit(*classification, rule=rule_named(every_rule), epochs=5, batch_size=8)
    trained = net.get_weights()
    assert len(np.unique(trained["layer1.weight"], axis=1).T) == 1
    assert len(np.unique(trained["layer1.bias"])) == 1
    assert len(np.unique(trained["layer2.weight"], axis=0)) == 1
    assert len(np.unique(trained["layer2.weight"])) == 3


def test_random_weights_break_the_symmetry_of_units(classification):
    net = fanin.Network(5, [fanin.Dense(6, "tanh"), fanin.Dense(3)], loss="softmax_cross_entropy")
    net.fit(*classification, rule=optim.Adam(), epochs=5)
    assert len(np.unique(net.get_weights()["layer1.weight"], axis=1).T) == 6

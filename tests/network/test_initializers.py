"""Initializers as values: constants, sparse connections, the user's arrays, biases."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import fanin
from fanin import _core, initializers, optim
from helpers import dense_with, digest
from reference.activations import ACTIVATIONS
from reference.initializers import standard_deviation

SCALED = [
    name
    for name, given in _core.initializers().items()
    if "gain" in given and name not in ("orthogonal", "identity")
]


def parameters(n_in, units, activation="identity", dtype="float64", seed=0, **given):
    net = fanin.Network(n_in, [fanin.Dense(units, activation, **given)], dtype=dtype, seed=seed)
    return net.get_weights().values()


def sparse(n_in, units, connections, deviation=1.0, seed=0):
    weights, _ = parameters(
        n_in, units, initializer=initializers.Sparse(connections, deviation), seed=seed, dtype="float64"
    )
    return weights


def test_a_constant_fills_weights_or_biases(dtype):
    weights, biases = parameters(
        3, 40, initializer=initializers.Constant(-0.1), bias_initializer=initializers.Constant(7), dtype=dtype
    )
    assert (weights == np.array(-0.1, dtype)).all()
    assert (biases == 7).all()


@pytest.mark.parametrize("connections", [1, 4, 15, 40])
def test_a_sparse_layer_has_exactly_its_connections_in_every_unit(connections):
    assert ((sparse(40, 333, connections) != 0).sum(axis=0) == connections).all()


def test_sparse_connections_of_all_inputs_leave_no_weight_zero():
    assert sparse(7, 20, 7).all()
    assert sparse(1, 20, 1).all()


def test_sparse_connections_differ_by_unit_and_reach_every_input_alike():
    n_in, units, connections = 40, 3000, 5
    connected = sparse(n_in, units, connections) != 0
    share = connections / n_in
    chance = np.sqrt(units * share * (1 - share))
    assert np.abs(connected.sum(axis=1) - units * share).max() < 4 * chance
    # of 658,008 sets of five, 3000 draws repeat about seven
    assert len(np.unique(connected, axis=1).T) > units - 30
    # neighbours share 5 * 5 / 40 inputs on average
    shared = (connected[:, 1:] & connected[:, :-1]).sum(axis=0)
    assert shared.mean() == pytest.approx(connections * share, rel=0.1)


def test_sparse_weights_are_normal_with_their_deviation():
    weights = sparse(100, 4000, 10, deviation=0.3)
    drawn = weights[weights != 0] / 0.3
    assert abs(drawn.mean()) < 4 / np.sqrt(drawn.size)
    assert drawn.std() == pytest.approx(1, rel=4 / np.sqrt(2 * drawn.size))
    assert np.mean(np.abs(drawn) > 2) == pytest.approx(0.0455, abs=4 * np.sqrt(0.0455 / drawn.size))
    assert weights.std() == pytest.approx(
        standard_deviation("sparse", 100, 4000, connections=10, deviation=0.3), rel=0.02
    )


def test_sparse_weights_keep_the_variance_of_z_for_any_number_of_inputs(rng):
    for n_in in (20, 200, 2000):
        z = rng.normal(size=(500, n_in)) @ sparse(n_in, 500, 4, deviation=0.5)
        assert z.var() == pytest.approx(1, rel=0.15)


def test_the_seed_and_the_layer_determine_sparse_connections():
    assert np.array_equal(sparse(30, 9, 3, seed=5), sparse(30, 9, 3, seed=5))
    assert ((sparse(30, 9, 3, seed=5) != 0) != (sparse(30, 9, 3, seed=6) != 0)).any()
    twice = [fanin.Dense(30, initializer=initializers.Sparse(3))] * 2
    first, _, second, _ = fanin.Network(30, twice).get_weights().values()
    assert ((first != 0) != (second != 0)).any()


def test_zeros_of_a_sparse_layer_are_trained_too(classification):
    net = fanin.Network(5, [fanin.Dense(6, "tanh", initializers.Sparse(2)), fanin.Dense(3)])
    net.fit(classification.X, np.eye(3)[classification.y], rule=optim.Adam(), epochs=1)
    assert net.get_weights()["layer1.weight"].all()


@pytest.mark.parametrize(
    "of",
    [
        lambda a: a,
        lambda a: a.tolist(),
        lambda a: a.astype("float32"),
        lambda a: a.astype(">f8"),
        lambda a: np.asfortranarray(a),
        lambda a: a[::-1].copy()[::-1],
        lambda a: a.astype("int8"),
        lambda a: np.frombuffer(b"\0" + a.tobytes(), offset=1).reshape(a.shape),
        initializers.Values,
    ],
)
def test_an_array_of_any_layout_and_real_type_gives_its_values(of, dtype):
    W, b = np.arange(-6.0, 6).reshape(3, 4), np.arange(4.0)
    weights, biases = parameters(3, 4, initializer=of(W), bias_initializer=of(b), dtype=dtype)
    assert weights.dtype == biases.dtype == dtype
    assert np.array_equal(weights, W)
    assert np.array_equal(biases, b)


def test_an_array_gives_the_bits_that_set_weights_gives(rng, dtype):
    W, b = rng.normal(size=(33, 17)), np.array([*rng.normal(size=15), 1e-310, 1e-42])
    net = fanin.Network(33, [fanin.Dense(17)], dtype=dtype)
    net.set_weights({"layer1.weight": W, "layer1.bias": b})
    made = fanin.Network(33, [fanin.Dense(17, initializer=W, bias_initializer=b)], dtype=dtype)
    assert digest(made) == digest(net)


def test_changing_an_array_later_affects_neither_layer_nor_network():
    W, b = np.ones((3, 2)), np.ones(2)
    layer = fanin.Dense(2, initializer=W, bias_initializer=b)
    before = fanin.Network(3, [layer])
    W[:], b[:] = 5, 5
    assert digest(fanin.Network(3, [layer])) == digest(before)
    assert before.get_weights()["layer1.weight"].max() == before.get_weights()["layer1.bias"].max() == 1
    with pytest.raises(ValueError, match="read-only"):
        layer.initializer.array[0, 0] = 5


def test_layers_with_arrays_compare_hash_copy_and_have_a_readable_repr():
    layer = fanin.Dense(2, initializer=np.ones((500, 2)), bias_initializer=[0, 1])
    same = fanin.Dense(2, initializer=np.ones((500, 2), "float32"), bias_initializer=np.array([-0.0, 1]))
    assert layer == same
    assert hash(layer) == hash(same)
    assert layer == pickle.loads(pickle.dumps(layer)) == copy.deepcopy(layer)
    assert layer != fanin.Dense(2, initializer=np.ones((500, 2)), bias_initializer=[0, 2])
    assert layer != fanin.Dense(2, initializer=np.ones((500, 2)))
    assert initializers.Values([1]) != initializers.Values([[1]])
    assert initializers.Values([1]) != initializers.Constant(1)
    assert "initializer=Values(<float64 array of shape (500, 2)>)" in repr(layer)


def test_a_network_returns_its_layers_unchanged():
    layers = [
        fanin.Dense(4, "relu", "he_uniform", bias_initializer=initializers.Constant(0.1)),
        fanin.Dense(3, initializer=np.ones((4, 3)), bias_initializer=np.zeros(3)),
    ]
    net = fanin.Network(2, layers, seed=3)
    assert net.layers == tuple(layers)
    assert net.layers[0].initializer == "he_uniform"
    assert digest(fanin.Network(2, net.layers, seed=3)) == digest(net)


@pytest.mark.parametrize("name", SCALED)
def test_random_biases_have_the_deviation_that_weights_of_their_layer_would_have(name, every_activation):
    n_in, units = 8, 4000
    initializer = initializers.BY_NAME[name](gain=0.5)
    _, biases = parameters(n_in, units, every_activation, bias_initializer=initializer)
    std = standard_deviation(name, n_in, units, gain=0.5)
    if name == "auto":
        std *= np.sqrt(ACTIVATIONS[every_activation].weight_variance)
    assert biases.std() == pytest.approx(std, rel=4 / np.sqrt(2 * units))
    assert abs(biases.mean()) < 4 * std / np.sqrt(units)


@pytest.mark.parametrize("name", SCALED)
def test_biases_and_weights_do_not_share_random_numbers(name):
    weights, biases = parameters(50, 60, initializer=name, bias_initializer=name)
    assert not np.isin(biases, weights).any()
    alone, zeros = parameters(50, 60, initializer=name)
    assert np.array_equal(alone, weights)
    assert not zeros.any()


def test_initial_values_do_not_depend_on_the_dtype_except_for_rounding(every_initializer):
    layer = dense_with(every_initializer, 20, 35)
    single, double = (
        fanin.Network(20, [layer], dtype=dtype).get_weights() for dtype in ("float32", "float64")
    )
    for name, values in double.items():
        assert np.array_equal(single[name], values.astype("float32"))

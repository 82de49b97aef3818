"""Recurrent layers as values: their arguments, their initial weights, and what files restore of them."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import initializers
from fanin.layers import described, restored

SHAPES = {"initializer": (3, 4), "recurrent_initializer": (4, 4), "bias_initializer": (4,)}
GATES = {
    fanin.Recurrent: ("",),
    fanin.GRU: ("reset.", "update.", "candidate."),
    fanin.LSTM: ("input.", "forget.", "cell.", "output."),
}
LAYERS = [
    fanin.Recurrent(4, "relu", True, recurrent_initializer="identity"),
    fanin.GRU(
        4, recurrent_initializer=initializers.Identity(0.5), bias_initializer=initializers.Constant(0.1)
    ),
    fanin.LSTM(4, True, "glorot_uniform", forget_bias=2.5),
    fanin.LSTM(
        4, initializer=np.ones((3, 4)), recurrent_initializer=np.eye(4), bias_initializer=np.arange(4.0)
    ),
]


def net_of(layer) -> fanin.Network:
    return fanin.Network(3, [layer, fanin.Dense(1)], dtype="float64")


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_a_recurrent_layer_is_restored_from_its_values(layer):
    assert restored(described(3, [layer])) == [layer]
    net = net_of(layer)
    assert fanin.Network.from_bytes(net.to_bytes()).layers == net.layers == (layer, fanin.Dense(1))


@pytest.mark.parametrize("kind", GATES)
def test_an_array_of_initial_values_is_for_every_gate(kind, rng):
    given = {argument: rng.normal(size=shape) for argument, shape in SHAPES.items()}
    options = {} if kind is not fanin.LSTM else {"forget_bias": 0.0}
    weights = net_of(kind(4, **given, **options)).get_weights()
    for gate in GATES[kind]:
        for array, argument in zip(("weight", "recurrent", "bias"), SHAPES, strict=True):
            assert np.array_equal(weights[f"layer1.{gate}{array}"], given[argument])


@pytest.mark.parametrize("argument", SHAPES)
@pytest.mark.parametrize("kind", GATES)
def test_initial_values_of_another_shape_are_refused(kind, argument):
    layer = kind(4, **{argument: np.ones((2, 4))})
    shape = ", ".join(map(str, SHAPES[argument])) + ("," if len(SHAPES[argument]) == 1 else "")
    with pytest.raises(
        ValueError, match=rf"layers: layer 1: {argument}: expected shape \({shape}\), got \(2, 4\)"
    ):
        net_of(layer)


def test_the_forget_bias_is_added_to_the_initial_bias():
    weights = net_of(
        fanin.LSTM(4, bias_initializer=initializers.Constant(0.5), forget_bias=2.0)
    ).get_weights()
    assert set(weights["layer1.forget.bias"]) == {2.5}
    assert set(weights["layer1.input.bias"]) == {0.5}


@pytest.mark.parametrize("kind", GATES)
def test_recurrent_weights_start_orthogonal_or_as_the_identity(kind):
    orthogonal = net_of(kind(4)).get_weights()
    scaled = net_of(kind(4, recurrent_initializer=initializers.Identity(0.5))).get_weights()
    for gate in GATES[kind]:
        R = orthogonal[f"layer1.{gate}recurrent"]
        assert np.allclose(R.T @ R, np.eye(4), atol=1e-14)
        assert np.array_equal(scaled[f"layer1.{gate}recurrent"], 0.5 * np.eye(4))


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"units": 0}, ValueError, "units: expected at least 1, got 0"),
        ({"return_sequences": 1}, TypeError, "return_sequences: expected True or False, got 1"),
        (
            {"recurrent_initializer": "eye"},
            ValueError,
            "recurrent_initializer: .*, got 'eye'; write \"identity\"",
        ),
        ({"forget_bias": np.inf}, ValueError, "forget_bias: expected a finite number, got inf"),
    ],
)
def test_arguments_out_of_range_are_refused_by_recurrent_layers(options, kind, message):
    with pytest.raises(kind, match=message):
        fanin.LSTM(**{"units": 4, **options})


def test_the_repr_of_a_network_names_its_recurrent_layers():
    layers = [fanin.Recurrent(2, return_sequences=True), fanin.GRU(2, True), fanin.LSTM(2), fanin.Dense(1)]
    assert "3-2-2-2-1 (recurrent tanh, GRU, LSTM, identity)" in repr(fanin.Network(3, layers))

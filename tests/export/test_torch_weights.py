"""The weights of recurrent layers are those of PyTorch in another order."""

from __future__ import annotations

import numpy as np
import pytest

import fanin

KINDS = {"recurrent": fanin.Recurrent, "gru": fanin.GRU, "lstm": fanin.LSTM}
GATES = {"recurrent": 1, "gru": 3, "lstm": 4}


def new_net(kind: str, seed: int = 0) -> fanin.Network:
    return fanin.Network(3, [fanin.Dropout(0.1), KINDS[kind](4), fanin.Dense(1)], seed=seed, dtype="float64")


def arbitrary(weights: dict, seed: int = 0) -> dict:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=array.shape) for name, array in weights.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_weights_go_to_pytorch_and_back(kind):
    net, other = new_net(kind), new_net(kind, seed=1)
    net.set_weights(arbitrary(net.get_weights()))
    given = fanin.weights_to_torch(net.get_weights(), "layer2", level=1)
    rows = 4 * GATES[kind]
    assert {name: array.shape for name, array in given.items()} == {
        "weight_ih_l1": (rows, 3),
        "weight_hh_l1": (rows, 4),
        "bias_ih_l1": (rows,),
        "bias_hh_l1": (rows,),
    }
    assert all(array.flags.c_contiguous for array in given.values())
    weights = fanin.weights_from_torch(given, "layer2", level=1)
    assert not any(np.shares_memory(weights[name], array) for name in weights for array in given.values())
    assert set(weights) == {name for name in net.get_weights() if name.startswith("layer2.")}
    other.set_weights({**net.get_weights(), **weights})
    assert other.predict(np.ones((2, 5, 3))).tolist() == net.predict(np.ones((2, 5, 3))).tolist()


def test_gates_have_the_order_of_pytorch():
    weights = arbitrary(new_net("lstm").get_weights())
    given = fanin.weights_to_torch(weights, "layer2")
    for k, gate in enumerate(("input", "forget", "cell", "output")):
        part = slice(4 * k, 4 * k + 4)
        assert np.array_equal(given["weight_ih_l0"][part], weights[f"layer2.{gate}.weight"].T)
        assert np.array_equal(given["weight_hh_l0"][part], weights[f"layer2.{gate}.recurrent"].T)
        assert np.array_equal(given["bias_ih_l0"][part], weights[f"layer2.{gate}.bias"])
    assert not given["bias_hh_l0"].any()


def test_the_candidate_of_a_gru_keeps_its_recurrent_bias_apart():
    weights = arbitrary(new_net("gru").get_weights())
    given = fanin.weights_to_torch(weights, "layer2")
    assert np.array_equal(given["bias_ih_l0"][8:], weights["layer2.candidate.bias"])
    assert np.array_equal(given["bias_hh_l0"][8:], weights["layer2.candidate.recurrent_bias"])
    assert not given["bias_hh_l0"][:8].any()
    given["bias_hh_l0"] += 1
    back = fanin.weights_from_torch(given, "layer2")
    assert np.array_equal(back["layer2.reset.bias"], weights["layer2.reset.bias"] + 1)
    assert np.array_equal(back["layer2.candidate.bias"], weights["layer2.candidate.bias"])
    assert np.array_equal(back["layer2.candidate.recurrent_bias"], given["bias_hh_l0"][8:])


def test_missing_biases_are_0():
    given = fanin.weights_to_torch(arbitrary(new_net("recurrent").get_weights()), "layer2")
    del given["bias_ih_l0"], given["bias_hh_l0"]
    assert not fanin.weights_from_torch(given, "layer1")["layer1.bias"].any()


def test_biases_of_half_precision_are_added_up_in_single():
    given = fanin.weights_to_torch(arbitrary(new_net("lstm").get_weights()), "layer2")
    half = {name: array.astype(np.float16) for name, array in given.items()}
    half["bias_hh_l0"] = np.full(16, 1e-4, np.float16)
    weights = fanin.weights_from_torch(half, "layer2")
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}
    expected = half["bias_ih_l0"][:4].astype(np.float32) + np.float32(np.float16(1e-4))
    assert np.array_equal(weights["layer2.input.bias"], expected)


def test_weights_that_are_no_recurrent_layer_are_refused():
    weights = new_net("gru").get_weights()
    with pytest.raises(
        ValueError, match=r"layer: expected a recurrent layer of layer2\.candidate\.weight, .*'layer3'"
    ):
        fanin.weights_to_torch(weights, "layer3")
    with pytest.raises(TypeError, match="weights: expected a dict of name -> array, got list"):
        fanin.weights_to_torch([], "layer1")
    with pytest.raises(TypeError, match="layer: expected a string, got 1"):
        fanin.weights_to_torch(weights, 1)
    with pytest.raises(ValueError, match="level: expected at least 0, got -1"):
        fanin.weights_to_torch(weights, "layer2", level=-1)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "weight_ih_l0",
            None,
            "state_dict: 'weight_ih_l0' is missing; got weight_hh_l0, bias_ih_l0, bias_hh_l0",
        ),
        ("weight_ih_l0", np.zeros((8, 3)), r"weight_ih_l0: expected 12 rows, got shape \(8, 3\)"),
        ("weight_hh_l0", np.zeros((8, 4)), r"weight_hh_l0: expected shape .* 1, 3 or 4 gates, got \(8, 4\)"),
        ("weight_hh_l0", np.zeros(12), r"weight_hh_l0: expected shape .* got \(12,\)"),
        ("bias_hh_l0", np.zeros(4), r"bias_hh_l0: expected shape \(12,\), got \(4,\)"),
        (
            "weight_hr_l0",
            np.zeros((2, 4)),
            r"state_dict: expected an LSTM without projections \(proj_size=0\), got 'weight_hr_l0'",
        ),
        (
            "weight_ih_l0_reverse",
            np.zeros((12, 3)),
            r"state_dict: expected a layer of one direction \(bidirectional=False\), got 'weight_ih_l0_reverse'",
        ),
    ],
)
def test_arrays_that_are_no_recurrent_layer_of_pytorch_are_refused(name, value, message):
    given = fanin.weights_to_torch(new_net("gru").get_weights(), "layer2")
    given[name] = value
    if value is None:
        del given[name]
    with pytest.raises(ValueError, match=message):
        fanin.weights_from_torch(given, "layer1")

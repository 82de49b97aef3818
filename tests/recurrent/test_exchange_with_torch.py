"""Weights go to PyTorch's names, order and shapes, and come back; PyTorch itself is not needed."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from sequences import FEATURES, every_kind, net_of

H = 7
GATES = {
    "recurrent": [""],
    "gru": ["reset.", "update.", "candidate."],
    "lstm": ["input.", "forget.", "cell.", "output."],
}


class Tensor:
    """What NumPy needs of a tensor of PyTorch."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self.array, dtype=dtype)


@every_kind
@pytest.mark.parametrize("level", [0, 1])
def test_arrays_have_the_names_order_and_shapes_of_pytorch(kind, level):
    weights = net_of(kind, levels=2, units=H).get_weights()
    state = fanin.weights_to_torch(weights, f"layer{level + 1}", level=level)
    inputs, gates = (FEATURES, H)[level], GATES[kind]
    assert {name: array.shape for name, array in state.items()} == {
        f"weight_ih_l{level}": (H * len(gates), inputs),
        f"weight_hh_l{level}": (H * len(gates), H),
        f"bias_ih_l{level}": (H * len(gates),),
        f"bias_hh_l{level}": (H * len(gates),),
    }
    for number, gate in enumerate(gates):
        rows, prefix = slice(number * H, (number + 1) * H), f"layer{level + 1}.{gate}"
        assert np.array_equal(state[f"weight_ih_l{level}"][rows], weights[prefix + "weight"].T)
        assert np.array_equal(state[f"weight_hh_l{level}"][rows], weights[prefix + "recurrent"].T)
        assert np.array_equal(state[f"bias_ih_l{level}"][rows], weights[prefix + "bias"])
        second = weights.get(prefix + "recurrent_bias", np.zeros(H))
        assert np.array_equal(state[f"bias_hh_l{level}"][rows], second)


@every_kind
def test_weights_to_pytorch_and_back_have_the_same_bits(kind, dtype):
    net = net_of(kind, levels=2, units=H, dtype=dtype)
    weights = net.get_weights()
    back = {}
    for level in (0, 1):
        state = fanin.weights_to_torch(weights, f"layer{level + 1}", level=level)
        assert all(array.dtype == dtype for array in state.values())
        tensors = {name: Tensor(array) for name, array in state.items()}
        back |= fanin.weights_from_torch(tensors, f"layer{level + 1}", level=level)
    assert back.keys() == {name for name in weights if not name.startswith("layer3")}
    for name, array in back.items():
        assert np.array_equal(array, weights[name])
    net.set_weights({**weights, **back})


@every_kind
def test_two_biases_of_pytorch_become_their_sum_except_that_of_a_candidate(kind):
    rng, gates = np.random.default_rng(0), GATES[kind]
    state = {
        name: rng.normal(size=(H * len(gates), *more))
        for name, more in {
            "weight_ih_l0": (FEATURES,),
            "weight_hh_l0": (H,),
            "bias_ih_l0": (),
            "bias_hh_l0": (),
        }.items()
    }
    weights = fanin.weights_from_torch(state, "layer1")
    for number, gate in enumerate(gates):
        rows = slice(number * H, (number + 1) * H)
        first, second = state["bias_ih_l0"][rows], state["bias_hh_l0"][rows]
        apart = gate == "candidate."
        assert np.array_equal(weights[f"layer1.{gate}bias"], first if apart else first + second)
        assert not apart or np.array_equal(weights["layer1.candidate.recurrent_bias"], second)


def test_layers_and_levels_that_are_not_there_are_refused():
    weights = net_of("lstm").get_weights()
    with pytest.raises(ValueError, match=r"layer2"):
        fanin.weights_to_torch(weights, "layer2")
    with pytest.raises(ValueError, match=r"layer9"):
        fanin.weights_to_torch(weights, "layer9")
    state = fanin.weights_to_torch(weights, "layer1")
    with pytest.raises(ValueError, match=r"weight_ih_l1"):
        fanin.weights_from_torch(state, "layer1", level=1)
    five = {**state, "weight_hh_l0": np.zeros((5 * H, H)), "weight_ih_l0": np.zeros((5 * H, FEATURES))}
    with pytest.raises(ValueError, match=r"weight_hh_l0"):
        fanin.weights_from_torch(five, "layer1")

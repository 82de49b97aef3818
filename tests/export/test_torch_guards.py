"""Modules that are not what they seem are refused, and nothing is half-written."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fanin
from fanin import optim

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn.utils import prune  # noqa: E402

from torch_fits import X, dense_module, fit, train  # noqa: E402


def hooked():
    module = nn.Sequential(nn.Linear(4, 2))
    module[0].register_forward_hook(lambda module, x, y: 2 * y)
    return module


def pruned():
    module = nn.Sequential(nn.Linear(4, 2))
    prune.l1_unstructured(module[0], "weight", amount=0.5)
    return module


class TwoLayers(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.head = nn.Linear(4, 3), nn.Linear(3, 1)


DISGUISED = {
    "hook": (hooked, "module[0]: Linear: expected no forward hooks"),
    "pruned": (pruned, "module[0]: Linear: expected no forward hooks"),
    "weight norm": (
        lambda: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 2))),
        "module[0]: torch.nn.utils.parametrize.ParametrizedLinear: expected plain parameters, got a parametrization "
        "of weight; torch.nn.utils.parametrize.remove_parametrizations",
    ),
    "lazy": (
        lambda: nn.Sequential(nn.LazyLinear(2)),
        "module[0]: LazyLinear: expected a known number of inputs; call the module on a batch first",
    ),
    "own class": (
        TwoLayers,
        "module: test_torch_guards.TwoLayers: has no counterpart in fanin; pass its layers in order, as in "
        "nn.Sequential(net.first, net.head)",
    ),
    "list": (
        lambda: nn.ModuleList([nn.Linear(4, 2)]),
        "module: ModuleList: has no counterpart in fanin; pass",
    ),
    "graph": (
        lambda: torch.fx.symbolic_trace(nn.Linear(4, 2)),
        "module: torch.fx.graph_module.Linear: has no counterpart in fanin",
    ),
    "threshold": (
        lambda: nn.Sequential(nn.Linear(4, 2), nn.Softplus(threshold=0.5)),
        "module[1]: Softplus: expected beta=1.0 or threshold=20.0, got",
    ),
    "nothing": (nn.Sequential, "module: expected at least one layer, got none"),
    "looked up": (
        lambda: nn.Sequential(nn.Embedding(5, 2), nn.Flatten()),
        "module: expected at least one Linear or recurrent layer after module[0], an Embedding, got none",
    ),
    "no values": (
        lambda: nn.Sequential(nn.Linear(4, 2, device="meta")),
        "module: expected parameters with values, got some on the device meta",
    ),
}


@pytest.mark.parametrize("name", DISGUISED)
def test_modules_that_compute_something_else_are_refused(name):
    make, message = DISGUISED[name]
    with pytest.raises(ValueError, match=re.escape(message)):
        fanin.from_torch(make())


def test_return_sequences_needs_a_recurrent_layer():
    with pytest.raises(ValueError, match="return_sequences: expected False for a module without recurrent"):
        fanin.from_torch(dense_module(), return_sequences=True)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3)], r"module: 0\.weight: expected shape \(4, 5\)"),
        ([nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3, bias=False)], r"expected a parameter for layer2\.bias"),
    ],
)
def test_an_optimizer_for_another_module_leaves_it_as_it_was(layers, message):
    net = fanin.Network(4, [fanin.Dense(5, "tanh"), fanin.Dense(3)], dtype="float64")
    fit(net, X, 1, optim.Adam())
    module = nn.Sequential(*layers).double()
    before = [parameter.detach().clone() for parameter in module.parameters()]
    with pytest.raises(ValueError, match=message):
        fanin.optimizer_to_torch(net, module)
    assert all(torch.equal(*pair) for pair in zip(before, module.parameters(), strict=True))
    assert all(parameter.requires_grad for parameter in module.parameters())


def test_a_module_of_other_activations_or_half_precision_does_not_continue_a_network():
    net = fanin.Network(4, [fanin.Dense(5, "tanh"), fanin.Dense(3)])
    fit(net, X, 1, optim.Adam())
    other = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    with pytest.raises(
        ValueError, match=r"net: expected the activations of the module, \['relu'\], got \['tanh'\]"
    ):
        fanin.optimizer_to_torch(net, other)
    with pytest.raises(
        ValueError, match=r"module: expected parameters in float32 or in float64, got float16"
    ):
        fanin.optimizer_to_torch(net, net.to_torch().half())


def test_a_state_in_bfloat16_is_read():
    module = dense_module()
    optimizer = torch.optim.Adam(module.parameters())
    train(module, optimizer, X, 1)
    for state in optimizer.state.values():
        state["exp_avg"] = state["exp_avg"].bfloat16()
    net = fanin.from_torch(module)
    fanin.optimizer_from_torch(optimizer, module, net)
    again = fanin.optimizer_to_torch(net, net.to_torch())
    expected = next(iter(optimizer.state.values()))["exp_avg"].double()
    assert torch.equal(next(iter(again.state.values()))["exp_avg"], expected)


def test_a_state_that_is_not_a_number_is_refused():
    module = dense_module()
    optimizer = torch.optim.Adam(module.parameters())
    train(module, optimizer, X, 1)
    optimizer.state[module[0].weight]["exp_avg"].fill_(np.nan)
    net = fanin.from_torch(module)
    before = net.to_bytes()
    with pytest.raises(ValueError, match=r"^rule\.m\.layer1\.weight: element 0 is nan"):
        fanin.optimizer_from_torch(optimizer, module, net)
    assert net.to_bytes() == before


def test_a_network_of_other_activations_does_not_continue_a_module():
    module = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 1))
    net = fanin.Network(4, [fanin.Dense(5, "relu"), fanin.Dense(1)])
    with pytest.raises(
        ValueError, match=r"expected the activations of the module, \['tanh'\], got \['relu'\]"
    ):
        fanin.optimizer_from_torch(torch.optim.Adam(module.parameters()), module, net)


def test_an_optimizer_without_decay_is_refused_by_its_name():
    module = dense_module()
    net = fanin.from_torch(module)
    with pytest.raises(ValueError, match=r"expected SGD, .*, got LBFGS"):
        fanin.optimizer_from_torch(torch.optim.LBFGS(module.parameters()), module, net)


@pytest.mark.parametrize("kind", ["half", "bfloat16", "double", "requires_grad_", "share_memory"])
def test_weights_of_any_precision_are_read_from_tensors(kind):
    lstm = nn.LSTM(3, 4)
    getattr(lstm, kind)()
    weights = fanin.weights_from_torch(dict(lstm.named_parameters()), "layer1")
    double = kind == "double"
    expected = (lstm.bias_ih_l0.float() if not double else lstm.bias_ih_l0) + lstm.bias_hh_l0
    assert np.array_equal(weights["layer1.forget.bias"], expected[4:8].detach().numpy())
    assert weights["layer1.forget.weight"].dtype == (np.float64 if double else np.float32)
    net = fanin.Network(3, [fanin.LSTM(4), fanin.Dense(1)])
    net.set_weights({**net.get_weights(), **weights})


def test_a_module_or_tensors_without_values_are_no_weights():
    lstm = nn.LSTM(3, 4, device="meta")
    with pytest.raises(
        TypeError, match=r"expected a dict of name -> array, got LSTM; pass its state_dict\(\)$"
    ):
        fanin.weights_from_torch(lstm, "layer1")
    with pytest.raises(ValueError, match="weight_ih_l0: expected values, got a tensor on the device meta"):
        fanin.weights_from_torch(lstm.state_dict(), "layer1")


def test_a_network_without_a_rule_has_no_optimizer():
    net = fanin.from_torch(dense_module())
    with pytest.raises(
        ValueError,
        match=re.escape("net: expected a network trained with an update rule, got an untrained one"),
    ):
        fanin.optimizer_to_torch(net, net.to_torch())

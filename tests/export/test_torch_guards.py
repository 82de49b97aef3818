"""Modules that are not what they seem are refused, and nothing is half-written."""

from __future__ import annotations

import re

import pytest

import fanin
from fanin import optim

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402
from torch.nn.utils import prune  # noqa: E402

from torch_fits import X, dense_module, fit  # noqa: E402


def hooked():
    module = nn.Sequential(nn.Linear(4, 2))
    module[0].register_forward_hook(lambda module, x, y: 2 * y)
    return module


def pruned():
    module = nn.Sequential(nn.Linear(4, 2))
    prune.l1_unstructured(module[0], "weight", amount=0.5)
    return module


DISGUISED = {
    "hook": (hooked, "module[0]: Linear: expected neither forward hooks"),
    "pruned": (pruned, "module[0]: Linear: expected neither forward hooks"),
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

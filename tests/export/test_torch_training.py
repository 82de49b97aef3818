"""Training continues here where PyTorch left off, and in PyTorch where fanin did, up to rounding."""

from __future__ import annotations

import numpy as np
import pytest

import fanin
from fanin import optim

torch = pytest.importorskip("torch")
from torch_fits import SERIES, X, dense_module, distance, fit, recurrent_module, train  # noqa: E402

OPTIMIZERS = {
    "SGD": {"lr": 0.1},
    "SGD momentum": {"lr": 0.05, "momentum": 0.9},
    "SGD nesterov": {"lr": 0.05, "momentum": 0.8, "nesterov": True},
    "RMSprop": {"lr": 0.01, "alpha": 0.9},
    "RMSprop all": {"lr": 0.01, "momentum": 0.9, "centered": True, "eps": 1e-3},
    "Adagrad": {"lr": 0.1, "initial_accumulator_value": 0.1},
    "Adadelta": {"lr": 1.0, "rho": 0.9},
    "Adam": {"lr": 0.01, "betas": (0.8, 0.99), "eps": 1e-6},
    "Adam amsgrad": {"lr": 0.01, "amsgrad": True},
    "AdamW": {"lr": 0.01, "weight_decay": 0.1},
    "AdamW amsgrad": {"lr": 0.01, "weight_decay": 0.1, "amsgrad": True},
    "NAdam": {"lr": 0.01},
    "NAdam decoupled": {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True},
    "RAdam": {"lr": 0.01, "betas": (0.9, 0.9)},
    "Adam decay": {"lr": 0.01, "weight_decay": 0.1},
    "SGD decay": {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1},
}
RULES = {
    "sgd": optim.SGD(0.1),
    "momentum": optim.Momentum(0.05),
    "nesterov": optim.Nesterov(0.05, 0.8),
    "nesterov ahead": optim.Nesterov(0.05, show_look_ahead=True),
    "rmsprop": optim.RMSprop(0.01, momentum=0.9, centered=True, epsilon=1e-3),
    "adagrad": optim.Adagrad(0.1),
    "adadelta": optim.Adadelta(),
    "adam": optim.Around(optim.Adam(0.01), l2=0.1, rate_scales={"layer2": 0.5, "layer3.bias": 3}),
    "adamw": optim.AdamW(0.01, weight_decay=0.1),
    "adamw l2": optim.Around(optim.AdamW(0.01, weight_decay=0.0), l2=0.1),
    "amsgrad": optim.Around(optim.AMSGrad(0.01), weight_decay=0.1),
    "nadam": optim.Around(optim.NAdam(0.01), weight_decay=0.1),
    "radam": optim.RAdam(0.01, beta2=0.9, epsilon_hat=True),
    "averages": optim.Around(optim.AdamW(0.01), average_share=0.05),
    "frozen": optim.Around(optim.Momentum(0.05), frozen=["layer1", "layer3.bias"]),
}


@pytest.fixture(autouse=True)
def _float64():
    """PyTorch keeps a number of NAdam's in its default dtype."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def groups(module, weight_decay: float = 0.0) -> list:
    """The parameters of a module as weights, which decay, and the others."""
    weights = [p for p in module.parameters() if p.ndim > 1]
    others = [p for p in module.parameters() if p.ndim == 1]
    return [{"params": weights, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


def new_optimizer(name: str, module):
    options = dict(OPTIMIZERS[name])
    decay = options.pop("weight_decay", 0.0)
    return getattr(torch.optim, name.split()[0])(groups(module, decay), **options)


def with_weights_ahead(net: fanin.Network) -> fanin.Network:
    """The network, or with Nesterov's momentum one with the weights that PyTorch has then."""
    if net.rule != RULES["nesterov"]:
        return net
    fanin.optimizer_to_torch(net, module := net.to_torch())
    return fanin.from_torch(module)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_fit_of_pytorch_is_continued_here(name):
    module = dense_module()
    optimizer = new_optimizer(name, module)
    train(module, optimizer, X, 2)
    net = fanin.from_torch(module)
    rule = fanin.optimizer_from_torch(optimizer, module, net)
    assert net.rule == rule
    fit(net, X, 3)
    assert distance(module, net) > 1e-3
    train(module, optimizer, X, 3)
    assert distance(module, net) < 1e-9


@pytest.mark.parametrize("name", RULES)
def test_a_fit_here_is_continued_in_pytorch(name):
    net = fanin.from_torch(dense_module())
    fit(net, X, 2, RULES[name])
    module = net.to_torch()
    optimizer = fanin.optimizer_to_torch(net, module)
    train(module, optimizer, X, 3)
    fit(net, X, 3)
    assert distance(module, with_weights_ahead(net)) < 1e-9


@pytest.mark.parametrize("name", ["SGD momentum", "Adam"])
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_both_biases_of_a_recurrent_layer_of_pytorch_are_trained_as_one(kind, name):
    module = recurrent_module(kind)
    optimizer = new_optimizer(name, module)
    train(module, optimizer, SERIES, 2)
    net = fanin.from_torch(module)
    rule = fanin.optimizer_from_torch(optimizer, module, net)
    assert set(rule.rate_scales.values()) == {2.0}
    fit(net, SERIES, 3)
    train(module, optimizer, SERIES, 3)
    assert distance(module, net) < 1e-9


@pytest.mark.parametrize("kind", ["RNN", "LSTM"])
def test_a_recurrent_layer_is_trained_in_pytorch_as_here(kind):
    net = fanin.from_torch(recurrent_module(kind))
    fit(net, SERIES, 2, optim.Adam(0.01))
    module = net.to_torch()
    optimizer = fanin.optimizer_to_torch(net, module)
    train(module, optimizer, SERIES, 3)
    fit(net, SERIES, 3)
    assert distance(module, net) < 1e-9
    assert not module[0].bias_hh_l0.any()


def test_the_gates_of_a_gru_need_two_rates_in_pytorch():
    net = fanin.from_torch(recurrent_module("GRU"))
    fit(net, SERIES, 2, optim.Adam(0.01))
    module = net.to_torch()
    with pytest.raises(ValueError, match=r"module: 0\.bias_ih_l0: .* gates need 0\.5 and 1\.0 times"):
        fanin.optimizer_to_torch(net, module)
    twice = {f"layer1.{gate}.bias": 2.0 for gate in ("reset", "update")}
    fit(net, SERIES, 2, optim.Around(optim.Adam(0.01), rate_scales=twice))
    module = net.to_torch()
    optimizer = fanin.optimizer_to_torch(net, module)
    train(module, optimizer, SERIES, 3)
    fit(net, SERIES, 3)
    assert distance(module, net) < 1e-9


def test_rates_and_frozen_parameters_of_pytorch_stay():
    module = dense_module()
    first, head = module[0], module[3]
    first.weight.requires_grad_(False)
    module[1].bias.requires_grad_(False)
    given = [{"params": [first.weight, *module[1].parameters()]}, {"params": head.parameters(), "lr": 0.04}]
    optimizer = torch.optim.SGD(given, lr=0.01, momentum=0.9)
    train(module, optimizer, X, 2)
    net = fanin.from_torch(module)
    rule = fanin.optimizer_from_torch(optimizer, module, net)
    assert rule == optim.Around(
        optim.Momentum(0.04, momentum=0.9),
        rate_scales={"layer1.gamma": 0.25},
        frozen=["layer1.weight", "layer1.beta"],
    )
    fit(net, X, 3)
    train(module, optimizer, X, 3)
    assert distance(module, net) < 1e-9


def test_a_bias_that_pytorch_leaves_out_stays_0():
    module = torch.nn.Sequential(torch.nn.Linear(4, 5, bias=False), torch.nn.ReLU(), torch.nn.Linear(5, 3))
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    train(module, optimizer, X, 2)
    net = fanin.from_torch(module)
    rule = fanin.optimizer_from_torch(optimizer, module, net)
    assert rule.frozen == ("layer1.bias",)
    fit(net, X, 3)
    train(module, optimizer, X, 3)
    assert distance(module, net) < 1e-9
    assert not net.get_weights()["layer1.bias"].any()


def test_an_optimizer_that_has_not_stepped_starts_a_fit():
    module = dense_module()
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    net = fanin.from_torch(module)
    assert fanin.optimizer_from_torch(optimizer, module, net) == optim.Adam(0.01)
    fit(net, X, 3)
    train(module, optimizer, X, 3)
    assert distance(module, net) < 1e-9


def test_training_that_went_to_pytorch_comes_back():
    net = fanin.from_torch(dense_module(), seed=3)
    net.metadata = {"units": "m"}
    fit(net, X, 2, optim.NAdam(0.01))
    module = net.to_torch()
    optimizer = fanin.optimizer_to_torch(net, module)
    other = fanin.from_torch(module, seed=3)
    other.metadata = {"units": "m"}
    assert fanin.optimizer_from_torch(optimizer, module, other) == net.rule
    fit(net, X, 2)
    fit(other, X, 2)
    for name, array in net.get_weights().items():
        assert np.array_equal(array, other.get_weights()[name])
    assert other.metadata == {"units": "m"}


def test_float32_stays_float32_with_its_state():
    module = dense_module().float()
    optimizer = torch.optim.Adam(module.parameters())
    module(torch.tensor(X, dtype=torch.float32)).sum().backward()
    optimizer.step()
    net = fanin.from_torch(module)
    fanin.optimizer_from_torch(optimizer, module, net)
    again = net.to_torch()
    other = fanin.optimizer_to_torch(net, again)
    for mine, theirs in zip(again.parameters(), module.parameters(), strict=True):
        assert other.state[mine]["exp_avg"].dtype == torch.float32
        assert torch.equal(other.state[mine]["exp_avg"], optimizer.state[theirs]["exp_avg"])

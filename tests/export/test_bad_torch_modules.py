"""What one side does not have is refused by the name of the layer."""

from __future__ import annotations

import re

import numpy as np
import pytest

import fanin
from fanin import optim
from helpers import refuse_imports

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from torch_fits import X, dense_module, fit, recurrent_module, train  # noqa: E402


class Doubled(nn.Linear):
    """A layer of one's own."""

    def forward(self, x):
        return 2 * super().forward(x)


def stack(*layers):
    return nn.Sequential(nn.Linear(4, 6), *layers, nn.Linear(6, 2))


def recurrent(**options):
    return nn.Sequential(nn.LSTM(4, 6, **{"batch_first": True, **options}), nn.Linear(6, 2))


SHARED = nn.Linear(4, 4)
MODULES = {
    "a convolution": (stack(nn.Conv1d(6, 6, 3)), "module[1]: Conv1d: has no counterpart in fanin"),
    "a layer inside": (stack(nn.Sequential(nn.Tanh(), nn.Softmin(1))), "module[1][1]: Softmin: has no"),
    "someone's layer": (
        stack(Doubled(6, 6)),
        "module[1]: test_bad_torch_modules.Doubled: has no counterpart",
    ),
    "a slope": (
        stack(nn.LeakyReLU(0.2)),
        "module[1]: LeakyReLU: expected negative_slope=0.01, got LeakyReLU(",
    ),
    "a softmax inside": (
        stack(nn.Softmax(1)),
        "module[2]: Linear: expected nothing after the Softmax at module[1]",
    ),
    "a softmax of columns": (stack(nn.Identity(), nn.Softmax(0)), "module[2]: Softmax: over axis 0 has no"),
    "no statistics": (
        stack(nn.BatchNorm1d(6, track_running_stats=False)),
        "module[1]: BatchNorm1d: without running statistics, or with momentum None, has no counterpart",
    ),
    "a cumulative mean": (
        stack(nn.BatchNorm1d(6, momentum=None)),
        "module[1]: BatchNorm1d: without running statistics, or with momentum None, has no counterpart",
    ),
    "all dropped": (stack(nn.Dropout(1.0)), "module[1]: Dropout: rate: expected"),
    "axes": (stack(nn.Flatten(0)), "module[1]: Flatten: of these axes has no counterpart"),
    "both directions": (
        recurrent(bidirectional=True),
        "module[0]: LSTM: bidirectional: expected False, got True",
    ),
    "time first": (recurrent(batch_first=False), "module[0]: LSTM: batch_first: expected True, got False"),
    "projections": (recurrent(proj_size=3), "module[0]: LSTM: proj_size: expected 0, got 3"),
    "norm of steps": (
        nn.Sequential(nn.LSTM(4, 6, batch_first=True), nn.BatchNorm1d(6), nn.GRU(6, 6, batch_first=True)),
        "module[1]: BatchNorm1d: on every step has no counterpart",
    ),
    "flat time": (
        nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.GRU(4, 6, batch_first=True), nn.Linear(6, 1)),
        "module[2]: GRU: after a Flatten of time has no counterpart",
    ),
    "padding": (
        nn.Sequential(nn.Embedding(9, 4, padding_idx=0), nn.Flatten(), nn.Linear(8, 1)),
        "module[0]: Embedding: padding_idx: expected None, got 0",
    ),
    "no flatten": (
        nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 1)),
        "module[1]: Linear: expected a Flatten between module[0], an Embedding, and this layer",
    ),
    "columns": (
        nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(9, 1)),
        "module[2]: Linear: expected a multiple of 4 columns, the embedding_dim of module[0], got 9",
    ),
    "means of bags": (
        nn.Sequential(nn.EmbeddingBag(9, 4), nn.Linear(4, 1)),
        "module[0]: EmbeddingBag: mode: expected 'sum', got 'mean'",
    ),
    "shared": (
        nn.Sequential(SHARED, nn.Tanh(), SHARED),
        "module[2]: Linear shares its parameters with another",
    ),
    "other widths": (
        nn.Sequential(nn.Linear(4, 5), nn.Linear(6, 2)),
        "module: expected shape (5, 2) for layer2.weight",
    ),
    "nothing": (nn.Sequential(nn.Identity()), "module: expected at least one Linear or recurrent"),
    "half": (stack().half(), "module: expected parameters in float32 or in float64, got float16; call"),
}


@pytest.mark.parametrize("name", MODULES)
def test_layers_without_a_counterpart_here_are_named(name):
    module, message = MODULES[name]
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        fanin.from_torch(module)


def test_from_torch_refuses_other_arguments():
    with pytest.raises(TypeError, match=r"module: expected a torch\.nn\.Module, got list"):
        fanin.from_torch([nn.Linear(4, 2)])
    with pytest.raises(TypeError, match="return_sequences: expected"):
        fanin.from_torch(stack(), return_sequences=2)
    module = nn.Sequential(stack(), nn.Softmax(1))
    with pytest.raises(
        ValueError, match=r"loss: expected 'softmax_cross_entropy' for module\[1\], a Softmax, got"
    ):
        fanin.from_torch(module, "squared_error")


NETS = {
    "an input layer": (
        [fanin.Whiten(), fanin.Dense(2)],
        "layers[0]: Whiten cannot be written as PyTorch: PyTorch has no",
    ),
    "a residual": (
        [fanin.Dense(3), fanin.Residual([fanin.Dense(3)])],
        "layers[1]: Residual cannot be written",
    ),
    "an activation": (
        [fanin.Dense(3, "symmetric_logistic"), fanin.Dense(1)],
        "layers[0]: Dense cannot be written as PyTorch: PyTorch has no activation 'symmetric_logistic'",
    ),
    "tables": (
        [fanin.Embedding([3, 3, 3, 3], 2), fanin.Dense(1)],
        "layers[0]: Embedding cannot be written as PyTorch: expected one table that all columns share",
    ),
    "norm of steps": (
        [fanin.Dense(3, batch_norm=True), fanin.GRU(3), fanin.Dense(1)],
        "layers[0]: Dense cannot be written as PyTorch: expected no batch norm on every step",
    ),
    "elu": (
        [fanin.Recurrent(3, "elu"), fanin.Dense(1)],
        "layers[0]: Recurrent cannot be written as PyTorch: expected the",
    ),
}


@pytest.mark.parametrize("name", NETS)
def test_layers_that_pytorch_does_not_have_are_named(name):
    layers, message = NETS[name]
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        fanin.Network(4, layers).to_torch()


def test_batch_norm_after_the_last_step_can_be_written():
    layers = [fanin.GRU(3), fanin.BatchNorm(), fanin.Dense(1)]
    net = fanin.Network(4, layers, dtype="float64")
    steps = np.random.default_rng(0).normal(size=(5, 6, 4))
    assert np.allclose(net.to_torch()(torch.tensor(steps)).detach().numpy(), net.predict(steps), atol=1e-14)


def test_to_torch_needs_pytorch(monkeypatch):
    refuse_imports(monkeypatch, "torch")
    with pytest.raises(ImportError, match=r"Network\.to_torch: needs PyTorch, .* pip install torch"):
        fanin.Network(4, [fanin.Dense(1)]).to_torch()


def from_optimizer(make, module=None):
    module = module or dense_module()
    return fanin.optimizer_from_torch(make(module), module, fanin.from_torch(module))


OPTIMIZERS = {
    "another rule": (
        lambda m: torch.optim.ASGD(m.parameters()),
        "optimizer: expected SGD, RMSprop, .*, got ASGD",
    ),
    "upwards": (
        lambda m: torch.optim.SGD(m.parameters(), maximize=True),
        "optimizer: maximize: expected False",
    ),
    "dampening": (
        lambda m: torch.optim.SGD(m.parameters(), 0.1, momentum=0.9, dampening=0.5),
        r"optimizer: dampening: expected 0.*, got 0\.5",
    ),
    "decaying rate": (
        lambda m: torch.optim.Adagrad(m.parameters(), lr_decay=0.5),
        "optimizer: lr_decay: expected",
    ),
    "decay of biases": (
        lambda m: torch.optim.AdamW(m.parameters()),
        r"optimizer: weight_decay of 1\.bias: expected 0, because only weights decay here, got 0\.01",
    ),
    "two decays": (
        lambda m: torch.optim.Adam(
            [{"params": [m[0].weight]}, {"params": [m[3][0].weight], "weight_decay": 1.0}]
        ),
        r"optimizer: weight_decay: expected the same for all weights, got 0 and 1",
    ),
    "two betas": (
        lambda m: torch.optim.Adam(
            [{"params": [m[0].weight]}, {"params": [m[3][0].weight], "betas": (0.5, 0.9)}]
        ),
        r"optimizer: betas: expected \(0\.9, 0\.999\) in all groups, got \(0\.5, 0\.9\)",
    ),
    "others": (
        lambda m: torch.optim.Adam(dense_module().parameters()),
        "optimizer: expected parameters of the module",
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_without_a_counterpart_are_refused(name):
    make, message = OPTIMIZERS[name]
    with pytest.raises(ValueError, match=message):
        from_optimizer(make)


def test_parameters_that_took_other_numbers_of_steps_are_refused():
    module = dense_module()
    optimizer = torch.optim.Adam(module.parameters())
    module[0].weight.sum().backward()
    optimizer.step()
    with pytest.raises(
        ValueError, match=r"expected the same number of steps for all parameters, got 0 and 1"
    ):
        fanin.optimizer_from_torch(optimizer, module, fanin.from_torch(module))


def test_two_biases_with_other_states_are_refused():
    module = recurrent_module("LSTM")
    optimizer = torch.optim.Adam(module.parameters())
    train(module, optimizer, np.ones((24, 3, 4)), 1)
    optimizer.state[module[0].bias_hh_l0]["exp_avg"] += 1
    with pytest.raises(
        ValueError, match=r"the same exp_avg for 0\.bias_ih_l0 and 0\.bias_hh_l0, whose sum is one"
    ):
        fanin.optimizer_from_torch(optimizer, module, fanin.from_torch(module))


def test_nothing_changes_if_an_optimizer_is_refused():
    module, other = dense_module(), fanin.from_torch(dense_module())
    before = other.to_bytes()
    with pytest.raises(ValueError, match="weight_decay of"):
        fanin.optimizer_from_torch(torch.optim.AdamW(module.parameters()), module, other)
    assert other.to_bytes() == before


def test_optimizers_modules_and_networks_must_belong_together():
    module, other = dense_module(), fanin.Network(4, [fanin.Dense(2)])
    optimizer = torch.optim.Adam(module.parameters())
    with pytest.raises(TypeError, match=r"optimizer: expected a torch\.optim\.Optimizer, got str"):
        fanin.optimizer_from_torch("adam", module, fanin.from_torch(module))
    with pytest.raises(TypeError, match=r"module: expected a torch\.nn\.Module, got list"):
        fanin.optimizer_from_torch(optimizer, [], fanin.from_torch(module))
    with pytest.raises(TypeError, match=r"net: expected a fanin\.Network, got Sequential"):
        fanin.optimizer_from_torch(optimizer, module, module)
    with pytest.raises(ValueError, match=r"net: expected the layers of the module, got <fanin\.Network 4-2"):
        fanin.optimizer_from_torch(optimizer, module, other)


RULES = {
    "lion": (optim.Lion(), "rule: expected SGD, .*, got Lion"),
    "schedule": (optim.Adam(optim.Cosine(0.1)), r"rule: learning_rate: expected a number, got Cosine\("),
    "look ahead": (
        optim.RMSprop(momentum=0.9, nesterov=True),
        "rule: nesterov: expected False, as in PyTorch",
    ),
    "epsilon": (optim.Adam(epsilon_hat=True), "rule: epsilon_hat: expected False, as in PyTorch, got True"),
    "clipping": (
        optim.Around(optim.Adam(), clip_norm=1.0),
        "rule: clip_norm: expected None, because PyTorch's",
    ),
    "decay": (
        optim.Around(optim.SGD(), weight_decay=0.1),
        r"rule: weight_decay: expected 0, because PyTorch's SGD has no decoupled decay, got 0\.1",
    ),
    "two decays": (
        optim.Around(optim.Adam(), weight_decay=0.1, l2=0.1),
        r"rule: weight_decay: expected 0, because PyTorch's Adam has no l2 beside it, got 0\.1",
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_rules_that_pytorch_does_not_have_are_refused(name):
    rule, message = RULES[name]
    net = fanin.from_torch(dense_module())
    fit(net, X, 1, rule)
    with pytest.raises(ValueError, match=message):
        fanin.optimizer_to_torch(net, net.to_torch())

"""Make pytorch.json: results of PyTorch (CPU, float64) for small nets. Needs PyTorch; runs from any folder.

Each case holds the loss of each epoch (mean over samples, before each update) and the final weights, in
fanin's layout (n_in, n_out). The data and the initial weights are stored once for all cases.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import torch

SIZES, ROWS, BATCH_SIZE, EPOCHS = (4, 6, 5, 3), 22, 8, 5
BETAS = {"beta1": 0.85, "beta2": 0.99}
ADAM = {"learning_rate": 0.02, **BETAS, "epsilon": 1e-7}
TORCH_ADAM = {"lr": 0.02, "betas": (0.85, 0.99), "eps": 1e-7}
TINY = (
    1e-100  # practically no epsilon, for rules with PyTorch's epsilon elsewhere; dividing by 0 would be NaN
)
optim = torch.optim


def decaying(optimizer, parameters, **options):
    """Biases do not decay in fanin."""
    weights, biases = parameters[::2], parameters[1::2]
    return optimizer([{"params": weights}, {"params": biases, "weight_decay": 0}], **options)


# One or more settings of each rule that PyTorch has too. PyTorch's v does not include the rate; with a constant rate
# the weights are the same.
RULES = [
    ("sgd", {"learning_rate": 0.05}, lambda p: optim.SGD(p, lr=0.05)),
    (
        "momentum",
        {"learning_rate": 0.03, "momentum": 0.8},
        lambda p: optim.SGD(p, lr=0.03, momentum=0.8),
    ),
    (
        "nesterov",
        {"learning_rate": 0.03, "momentum": 0.8},
        lambda p: optim.SGD(p, lr=0.03, momentum=0.8, nesterov=True),
    ),
    (
        "rprop",
        {"learning_rate": 0.02, "variant": "irprop-", "increase": 1.3, "max_step": 0.1},
        lambda p: optim.Rprop(p, lr=0.02, etas=(0.5, 1.3), step_sizes=(1e-6, 0.1)),
    ),
    (
        "rmsprop",
        {"learning_rate": 0.02, "decay": 0.8, "epsilon": 1e-7},
        lambda p: optim.RMSprop(p, lr=0.02, alpha=0.8, eps=1e-7),
    ),
    (
        "rmsprop",
        {"learning_rate": 0.02, "decay": 0.8, "epsilon": 1e-3, "momentum": 0.7, "centered": True},
        lambda p: optim.RMSprop(p, lr=0.02, alpha=0.8, eps=1e-3, momentum=0.7, centered=True),
    ),
    ("adagrad", {"learning_rate": 0.05}, lambda p: optim.Adagrad(p, lr=0.05, eps=1e-10)),
    (
        "adadelta",
        {"learning_rate": 0.9, "decay": 0.8, "epsilon": 1e-4},
        lambda p: optim.Adadelta(p, lr=0.9, rho=0.8, eps=1e-4),
    ),
    ("adam", ADAM, lambda p: optim.Adam(p, **TORCH_ADAM)),
    (
        "adamw",
        {**ADAM, "weight_decay": 0.3},
        lambda p: decaying(optim.AdamW, p, **TORCH_ADAM, weight_decay=0.3),
    ),
    (
        "nadam",
        {**ADAM, "momentum_decay": 0.05},
        lambda p: optim.NAdam(p, **TORCH_ADAM, momentum_decay=0.05),
    ),
    ("radam", {**ADAM, "epsilon": TINY}, lambda p: optim.RAdam(p, **{**TORCH_ADAM, "eps": TINY})),
    ("amsgrad", ADAM, lambda p: optim.Adam(p, **TORCH_ADAM, amsgrad=True)),
    (
        "adamax",
        {"learning_rate": 0.02, **BETAS},
        lambda p: optim.Adamax(p, **{**TORCH_ADAM, "eps": TINY}),
    ),
]
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "logistic": torch.sigmoid}
LOSSES = {
    "squared_error": lambda a, y: 0.5 * ((a - y) ** 2).sum(dim=1).mean(),
    "softmax_cross_entropy": torch.nn.functional.cross_entropy,
}


def true_weights(name: str, optimizer: torch.optim.Optimizer, parameters: list) -> list:
    """With Nesterov PyTorch's weights are w + momentum v, and v = -lr * momentum_buffer; fanin shows w."""
    if name != "nesterov":
        return parameters
    options = optimizer.param_groups[0]
    factor = options["lr"] * options["momentum"]
    return [p + factor * optimizer.state[p]["momentum_buffer"] for p in parameters]


def train(data: dict, start: list, rule: tuple, activation: str, loss: str) -> dict:
    name, hyper_parameters, make = rule
    parameters = [array.clone().requires_grad_() for array in start]
    optimizer = make(parameters)
    X, y = data["X"], data["targets" if loss == "squared_error" else "labels"]
    losses = []
    for _ in range(EPOCHS):
        total = 0.0
        for batch, target in zip(X.split(BATCH_SIZE), y.split(BATCH_SIZE), strict=True):
            a = batch
            for layer in range(0, len(parameters), 2):
                a = a @ parameters[layer] + parameters[layer + 1]
                if layer + 2 < len(parameters):
                    a = ACTIVATIONS[activation](a)
            value = LOSSES[loss](a, target)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            total += value.item() * len(batch)
        losses.append(total / ROWS)
    case = {"rule": name, "hyper_parameters": hyper_parameters, "activation": activation, "loss": loss}
    weights = true_weights(name, optimizer, parameters)
    return {**case, "losses": losses, "weights": [w.detach().tolist() for w in weights]}


def main() -> None:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    data = {
        "X": torch.randn(ROWS, SIZES[0]),
        "targets": torch.randn(ROWS, SIZES[-1]),
        "labels": torch.randint(SIZES[-1], (ROWS,)),
    }
    start = []
    for n_in, n_out in itertools.pairwise(SIZES):
        start += [torch.randn(n_in, n_out) / n_in**0.5, 0.1 * torch.randn(n_out)]
    cases = [train(data, start, *names) for names in itertools.product(RULES, ACTIVATIONS, LOSSES)]
    golden = {
        "made_with": f"PyTorch {torch.__version__}",
        "batch_size": BATCH_SIZE,
        "epochs": EPOCHS,
        "data": {name: array.tolist() for name, array in data.items()},
        "start": [array.tolist() for array in start],
        "cases": cases,
    }
    one_case_a_line = json.dumps(golden).replace('{"rule"', '\n{"rule"')
    Path(__file__).with_name("pytorch.json").write_text(one_case_a_line + "\n")


if __name__ == "__main__":
    main()

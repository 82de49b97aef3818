"""Make pytorch.json: what PyTorch (CPU, float64) gets for small nets. Needs PyTorch; runs from anywhere.

Each case holds the loss of each epoch (mean over samples, met in passing) and the weights at the end, in
fanin's layout (n_in, n_out). The data and the initial weights are stored once for all cases.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import torch

SIZES, ROWS, BATCH_SIZE, EPOCHS = (4, 6, 5, 3), 22, 8, 5
RULES = {
    "sgd": ({"learning_rate": 0.05}, lambda p: torch.optim.SGD(p, lr=0.05)),
    "momentum": (
        # PyTorch keeps the rate outside v; with a constant rate the weights are the same.
        {"learning_rate": 0.03, "momentum": 0.8},
        lambda p: torch.optim.SGD(p, lr=0.03, momentum=0.8),
    ),
    "adam": (
        {"learning_rate": 0.02, "beta1": 0.85, "beta2": 0.99, "epsilon": 1e-7},
        lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.85, 0.99), eps=1e-7),
    ),
}
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "logistic": torch.sigmoid}
LOSSES = {
    "squared_error": lambda a, y: 0.5 * ((a - y) ** 2).sum(dim=1).mean(),
    "softmax_cross_entropy": torch.nn.functional.cross_entropy,
}


def train(data: dict, start: list, rule: str, activation: str, loss: str) -> dict:
    parameters = [array.clone().requires_grad_() for array in start]
    optimizer = RULES[rule][1](parameters)
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
    case = {"rule": rule, "hyper_parameters": RULES[rule][0], "activation": activation, "loss": loss}
    return {**case, "losses": losses, "weights": [p.detach().tolist() for p in parameters]}


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

"""Make pytorch_batch_norm_nets.json: nets with batch norm trained by PyTorch (CPU, float64).

Needs PyTorch; runs from anywhere. Each net: the gradients of its first step over all rows, and then, from the same
start, the losses of ten epochs of mini-batches in the order of the rows, the parameters and the averages after
them, and what it predicts with these averages.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import torch
from torch.nn import functional as F

ROWS, BATCH_SIZE, EPOCHS = 70, 20, 10
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "gelu": F.gelu, "identity": lambda z: z}
LOSSES = {
    "squared_error": lambda a, y: 0.5 * ((a - y) ** 2).sum(dim=1).mean(),
    "softmax_cross_entropy": F.cross_entropy,
}
RULES = {
    "sgd": ({"learning_rate": 0.05}, lambda p: torch.optim.SGD(p, lr=0.05)),
    "adam": (
        {"learning_rate": 0.02, "beta1": 0.85, "beta2": 0.99, "epsilon": 1e-7},
        lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.85, 0.99), eps=1e-7),
    ),
}
# sizes, layers with batch norm, activations, loss, rule, epsilon, decay
NETS = [
    ((6, 37, 9, 4), (1, 2), ("relu", "relu", "identity"), "softmax_cross_entropy", "adam", 1e-5, 0.9),
    ((6, 37, 9, 3), (2, 3), ("tanh", "gelu", "tanh"), "squared_error", "adam", 1e-3, 0.75),
    ((6, 40, 5), (1,), ("gelu", "identity"), "squared_error", "sgd", 1e-5, 0.9),
    ((6, 4), (1,), ("identity",), "softmax_cross_entropy", "sgd", 1e-5, 0.5),
]


class Net:
    """Arrays by the names fanin gives them."""

    def __init__(
        self, start: dict, normalized: tuple, activations: tuple, epsilon: float, decay: float
    ) -> None:
        self.arrays = {name: array.clone() for name, array in start.items()}
        self.parameters = {n: a.requires_grad_() for n, a in self.arrays.items() if "running" not in n}
        self.normalized, self.activations, self.epsilon, self.decay = normalized, activations, epsilon, decay

    def forward(self, a: torch.Tensor, training: bool) -> torch.Tensor:
        for layer, activation in enumerate(self.activations, 1):
            of_layer = {n.split(".")[1]: v for n, v in self.arrays.items() if n.startswith(f"layer{layer}.")}
            z = a @ of_layer["weight"]
            if layer in self.normalized:
                z = F.batch_norm(
                    z,
                    of_layer["running_mean"],
                    of_layer["running_variance"],
                    of_layer["gamma"],
                    of_layer["beta"],
                    training,
                    1 - self.decay,
                    self.epsilon,
                )
            else:
                z = z + of_layer["bias"]
            a = ACTIVATIONS[activation](z)
        return a


def lists(arrays: dict) -> dict:
    return {name: array.tolist() for name, array in arrays.items()}


def start_of(sizes: tuple, normalized: tuple) -> dict:
    start = {}
    for layer, (n_in, n_out) in enumerate(itertools.pairwise(sizes), 1):
        start[f"layer{layer}.weight"] = torch.randn(n_in, n_out) / n_in**0.5
        if layer in normalized:
            start[f"layer{layer}.gamma"] = 1 + 0.2 * torch.randn(n_out)
            start[f"layer{layer}.beta"] = 0.2 * torch.randn(n_out)
            start[f"layer{layer}.running_mean"] = torch.randn(n_out)
            start[f"layer{layer}.running_variance"] = 0.5 + torch.rand(n_out)
        else:
            start[f"layer{layer}.bias"] = 0.1 * torch.randn(n_out)
    return start


def case(data: dict, net: tuple) -> dict:
    sizes, normalized, activations, loss, rule, epsilon, decay = net
    X, y = data["X"], data["labels" if loss == "softmax_cross_entropy" else "targets"]
    y = y[:, : sizes[-1]] if y.ndim == 2 else y % sizes[-1]
    start = start_of(sizes, normalized)

    first = Net(start, normalized, activations, epsilon, decay)
    LOSSES[loss](first.forward(X, True), y).backward()
    gradients = {name: array.grad for name, array in first.parameters.items()}

    trained = Net(start, normalized, activations, epsilon, decay)
    optimizer = RULES[rule][1](trained.parameters.values())
    losses = []
    for _ in range(EPOCHS):
        total = 0.0
        for batch, target in zip(X.split(BATCH_SIZE), y.split(BATCH_SIZE), strict=True):
            value = LOSSES[loss](trained.forward(batch, True), target)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            total += value.item() * len(batch)
        losses.append(total / ROWS)
    with torch.no_grad():
        outputs = trained.forward(X, False)
    return {
        "sizes": sizes,
        "normalized": normalized,
        "activations": activations,
        "loss": loss,
        "rule": rule,
        "hyper_parameters": RULES[rule][0],
        "epsilon": epsilon,
        "decay": decay,
        "y": y.tolist(),
        "start": lists(start),
        "gradients": lists(gradients),
        "losses": losses,
        "weights": lists(trained.arrays),
        "outputs": (F.softmax(outputs, dim=1) if loss == "softmax_cross_entropy" else outputs).tolist(),
    }


def main() -> None:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    data = {
        "X": torch.randn(ROWS, 6) * 2 + 1,
        "targets": torch.randn(ROWS, 5),
        "labels": torch.randint(60, (ROWS,)),
    }
    golden = {
        "made_with": f"PyTorch {torch.__version__}",
        "batch_size": BATCH_SIZE,
        "epochs": EPOCHS,
        "X": data["X"].tolist(),
        "cases": [case(data, net) for net in NETS],
    }
    text = json.dumps(golden).replace('{"sizes"', '\n{"sizes"')
    Path(__file__).with_name("pytorch_batch_norm_nets.json").write_text(text + "\n")


if __name__ == "__main__":
    main()

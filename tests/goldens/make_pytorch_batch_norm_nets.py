"""Make pytorch_batch_norm_nets.json: nets with batch norm trained by PyTorch (CPU, float64).

Needs PyTorch; runs from any folder. Batch norm is in a dense layer, or separate. For each net: the gradients of its
first step over all rows; then, from the same start, the losses of ten epochs of mini-batches in the order of the rows,
the final parameters and running statistics, and the predictions with these statistics.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch.nn import functional as F

ROWS, BATCH_SIZE, EPOCHS = 70, 20, 10
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "gelu": F.gelu, "identity": lambda z: z}
CROSS_ENTROPY = "softmax_cross_entropy"
LOSSES = {
    "squared_error": lambda a, y: 0.5 * ((a - y) ** 2).sum(dim=1).mean(),
    CROSS_ENTROPY: F.cross_entropy,
}
RULES = {
    "sgd": ({"learning_rate": 0.05}, lambda p: torch.optim.SGD(p, lr=0.05)),
    "adam": (
        {"learning_rate": 0.02, "beta1": 0.85, "beta2": 0.99, "epsilon": 1e-7},
        lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.85, 0.99), eps=1e-7),
    ),
}
NORM = "norm"
# layers: units, activation and whether they are normalized, or a separate batch norm; loss, rule, epsilon, decay
NETS = [
    (((37, "relu", True), (9, "relu", True), (4, "identity", False)), CROSS_ENTROPY, "adam", 1e-5, 0.9),
    (((37, "tanh", False), (9, "gelu", True), (3, "tanh", True)), "squared_error", "adam", 1e-3, 0.75),
    (((40, "gelu", True), (5, "identity", False)), "squared_error", "sgd", 1e-5, 0.9),
    (((4, "identity", True),), CROSS_ENTROPY, "sgd", 1e-5, 0.5),
    ((NORM, (37, "tanh", False), NORM, (4, "identity", False)), CROSS_ENTROPY, "adam", 1e-5, 0.9),
    (
        ((35, "relu", True), NORM, (8, "gelu", False), NORM, (3, "tanh", False)),
        "squared_error",
        "sgd",
        1e-3,
        0.75,
    ),
]


def named(layer: int, arrays: dict) -> dict:
    return {name.split(".")[1]: array for name, array in arrays.items() if name.startswith(f"layer{layer}.")}


class Net:
    """Arrays by their names in fanin."""

    def __init__(self, start: dict, layers: tuple, epsilon: float, decay: float) -> None:
        self.arrays = {name: array.clone() for name, array in start.items()}
        self.parameters = {n: a.requires_grad_() for n, a in self.arrays.items() if "running" not in n}
        self.layers, self.epsilon, self.decay = layers, epsilon, decay

    def normalize(self, z: torch.Tensor, arrays: dict, training: bool) -> torch.Tensor:
        statistics = arrays["running_mean"], arrays["running_variance"]
        return F.batch_norm(
            z, *statistics, arrays["gamma"], arrays["beta"], training, 1 - self.decay, self.epsilon
        )

    def forward(self, a: torch.Tensor, training: bool) -> torch.Tensor:
        for number, layer in enumerate(self.layers, 1):
            arrays = named(number, self.arrays)
            if layer == NORM:
                a = self.normalize(a, arrays, training)
                continue
            _, activation, normalized = layer
            z = a @ arrays["weight"]
            z = self.normalize(z, arrays, training) if normalized else z + arrays["bias"]
            a = ACTIVATIONS[activation](z)
        return a


def lists(arrays: dict) -> dict:
    return {name: array.tolist() for name, array in arrays.items()}


def start_of(n_in: int, layers: tuple) -> dict:
    start = {}
    for number, layer in enumerate(layers, 1):
        n_out, normalized = (n_in, True) if layer == NORM else (layer[0], layer[2])
        arrays = {}
        if layer != NORM:
            arrays["weight"] = torch.randn(n_in, n_out) / n_in**0.5
        if normalized:
            arrays["gamma"] = 1 + 0.2 * torch.randn(n_out)
            arrays["beta"] = 0.2 * torch.randn(n_out)
            arrays["running_mean"] = torch.randn(n_out)
            arrays["running_variance"] = 0.5 + torch.rand(n_out)
        else:
            arrays["bias"] = 0.1 * torch.randn(n_out)
        start.update({f"layer{number}.{name}": array for name, array in arrays.items()})
        n_in = n_out
    return start


def case(data: dict, net: tuple) -> dict:
    layers, loss, rule, epsilon, decay = net
    X, y = data["X"], data["labels" if loss == CROSS_ENTROPY else "targets"]
    n_out = layers[-1][0]
    y = y[:, :n_out] if y.ndim == 2 else y % n_out
    start = start_of(X.shape[1], layers)

    first = Net(start, layers, epsilon, decay)
    LOSSES[loss](first.forward(X, True), y).backward()
    gradients = {name: array.grad for name, array in first.parameters.items()}

    trained = Net(start, layers, epsilon, decay)
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
        "layers": layers,
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
        "outputs": (F.softmax(outputs, dim=1) if loss == CROSS_ENTROPY else outputs).tolist(),
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
    text = json.dumps(golden).replace('{"layers"', '\n{"layers"')
    Path(__file__).with_name("pytorch_batch_norm_nets.json").write_text(text + "\n")


if __name__ == "__main__":
    main()

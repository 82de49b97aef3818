"""Make pytorch_functions.json: activations and losses of PyTorch (CPU, float64), derivatives by autograd.

Needs PyTorch; runs from any folder. The loss of a batch is fanin's: the sum over the outputs of a sample, and
the weighted mean over samples, computed here from PyTorch's functions without reduction (PyTorch's means, over
all elements, differ for several outputs). PyTorch has no quantile loss; max(q d, (q - 1) d) is written out. Its gamma
distribution of shape 1 and mean e^a has the negative log-likelihood y e^-a + a.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch.distributions import Gamma
from torch.nn import functional as F

ROWS, OUTPUTS = 9, 4
ACTIVATIONS = {
    "identity": lambda z: z.clone(),
    "logistic": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "symmetric_logistic": lambda z: 2 * torch.sigmoid(z) - 1,
    "leaky_relu": lambda z: F.leaky_relu(z, 0.01),
    "elu": F.elu,
    "selu": F.selu,
    "softplus": F.softplus,  # above 20, PyTorch's is z itself, while fanin's is still log(1 + e^z)
    "softsign": F.softsign,
    "gelu": F.gelu,
    "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
}


def pinball(a: torch.Tensor, y: torch.Tensor, levels: list[float]) -> torch.Tensor:
    q, d = torch.tensor(levels), y - a
    return torch.maximum(q * d, (q - 1) * d).sum(dim=1)


# name, hyper-parameters, targets, errors of single samples
LOSSES = [
    ("squared_error", {}, "real", lambda a, y: 0.5 * F.mse_loss(a, y, reduction="none").sum(dim=1)),
    ("absolute_error", {}, "real", lambda a, y: F.l1_loss(a, y, reduction="none").sum(dim=1)),
    *(
        ("huber", {"delta": d}, "real", lambda a, y, d=d: F.huber_loss(a, y, "none", delta=d).sum(dim=1))
        for d in (0.3, 1.0, 2.5)
    ),
    *(
        ("quantile", {"levels": q}, "one", lambda a, y, q=q: pinball(a, y, q))
        for q in ([0.1, 0.25, 0.5, 0.9], [0.5] * OUTPUTS)
    ),
    (
        "poisson",
        {},
        "counts",
        lambda a, y: F.poisson_nll_loss(a, y, log_input=True, full=False, reduction="none").sum(dim=1),
    ),
    (
        "gamma",
        {},
        "amounts",
        lambda a, y: -Gamma(torch.ones_like(a), torch.exp(-a)).log_prob(y).sum(dim=1),
    ),
    (
        "logistic",
        {},
        "shares",
        lambda a, y: F.binary_cross_entropy_with_logits(a, y, reduction="none").sum(dim=1),
    ),
    *(
        (
            "softmax_cross_entropy",
            {"label_smoothing": s},
            kind,
            lambda a, y, s=s: F.cross_entropy(a, y, reduction="none", label_smoothing=s),
        )
        for kind in ("labels", "probabilities")
        for s in (0.0, 0.1, 0.75)
    ),
]


def activation_case(name: str, z: torch.Tensor) -> dict:
    z = z.clone().requires_grad_()
    a = ACTIVATIONS[name](z)
    a.sum().backward()
    return {"activation": name, "value": a.tolist(), "derivative": z.grad.tolist()}


def loss_case(data: dict, name: str, values: dict, kind: str, errors, weighted: bool) -> dict:
    a = data["outputs"].clone().requires_grad_()
    w = data["weights"] if weighted else torch.ones(ROWS)
    value = (errors(a, data[kind]) * w).sum() / w.sum()
    value.backward()
    case = {"loss": name, "hyper_parameters": values, "targets": kind, "weighted": weighted}
    return {**case, "value": value.item(), "gradient": a.grad.tolist()}


def main() -> None:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    z = torch.cat([torch.linspace(-20, 20, 81), torch.tensor([-1e-3, -1e-8, 1e-8, 1e-3]), torch.randn(15)])
    data = {
        "outputs": 2 * torch.randn(ROWS, OUTPUTS),
        "real": 2 * torch.randn(ROWS, OUTPUTS),
        "one": 2 * torch.randn(ROWS, 1),
        "counts": torch.poisson(torch.full((ROWS, OUTPUTS), 1.5)),
        "shares": torch.randint(5, (ROWS, OUTPUTS)) / 4,
        "labels": torch.randint(OUTPUTS, (ROWS,)),
        "probabilities": torch.softmax(torch.randn(ROWS, OUTPUTS), dim=1),
        "weights": 3 * torch.rand(ROWS) * (torch.arange(ROWS) != 4),  # one of them 0
        "amounts": 0.1 + 2 * torch.rand(ROWS, OUTPUTS),
    }
    golden = {
        "made_with": f"PyTorch {torch.__version__}",
        "z": z.tolist(),
        "data": {name: array.tolist() for name, array in data.items()},
        "activations": [activation_case(name, z) for name in ACTIVATIONS],
        "losses": [loss_case(data, *loss, weighted) for loss in LOSSES for weighted in (False, True)],
    }
    text = json.dumps(golden).replace('{"activation"', '\n{"activation"').replace('{"loss"', '\n{"loss"')
    Path(__file__).with_name("pytorch_functions.json").write_text(text + "\n")


if __name__ == "__main__":
    main()

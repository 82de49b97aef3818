"""Make pytorch_batch_norm.json: batch normalization of PyTorch (CPU, float64), gradients by autograd.

Needs PyTorch; runs from any folder.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch.nn import functional as F


def case(rows: int, columns: int, epsilon: float, mean: float) -> dict:
    x = (torch.randn(rows, columns) * torch.logspace(-1, 1, columns) + mean).requires_grad_()
    gamma, beta = torch.randn(columns).requires_grad_(), torch.randn(columns).requires_grad_()
    dy = torch.randn(rows, columns)
    y = F.batch_norm(x, None, None, gamma, beta, training=True, eps=epsilon)
    y.backward(dy)
    means, variances = torch.randn(columns), torch.rand(columns)
    inference = F.batch_norm(x, means, variances, gamma, beta, training=False, eps=epsilon)
    arrays = {
        "x": x,
        "gamma": gamma,
        "beta": beta,
        "dy": dy,
        "y": y,
        "dx": x.grad,
        "dgamma": gamma.grad,
        "dbeta": beta.grad,
        "mean": means,
        "variance": variances,
        "inference": inference,
    }
    return {"epsilon": epsilon, **{name: array.tolist() for name, array in arrays.items()}}


def main() -> None:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    sizes = [(2, 3, 1e-5, 0.0), (5, 17, 1e-3, 3.0), (70, 5, 1e-5, -2.0)]
    golden = {"made_with": f"PyTorch {torch.__version__}", "cases": [case(*size) for size in sizes]}
    text = json.dumps(golden).replace('{"epsilon"', '\n{"epsilon"')
    Path(__file__).with_name("pytorch_batch_norm.json").write_text(text + "\n")


if __name__ == "__main__":
    main()

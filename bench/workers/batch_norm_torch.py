"""BatchNorm1d of PyTorch in training, without running averages, and its gradients by autograd."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from bench import data
from bench.cases import Batch
from bench.workers.serve import microseconds_per_call

torch: Any = importlib.import_module("torch")


class BatchNorms:
    """Eager calls."""

    version = torch.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        batch = Batch(**case)
        self.x, self.dy, gamma, beta = (torch.from_numpy(array) for array in data.normalized(batch))
        self.norm = torch.nn.BatchNorm1d(batch.columns, track_running_stats=False)
        with torch.no_grad():
            self.norm.weight.copy_(gamma)
            self.norm.bias.copy_(beta)
        self.input = self.x.clone().requires_grad_()

    def compute(self, variant: str) -> list[Any]:
        if variant == "batch norm":
            with torch.inference_mode():
                return [self.norm(self.x)]
        for tensor in (self.input, self.norm.weight, self.norm.bias):
            tensor.grad = None
        y = self.norm(self.input)
        y.backward(self.dy)
        return [y.detach(), self.input.grad, self.norm.weight.grad, self.norm.bias.grad]

    def check(self, variant: str) -> list[float]:
        return [data.checksum(np.atleast_2d(result.numpy())) for result in self.compute(variant)]

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(lambda: self.compute(variant), seconds, lambda: None)


WORKER = BatchNorms

"""Dense layers of PyTorch: mm, Linear with relu, and autograd."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from bench import data
from bench.cases import Product
from bench.workers.serve import microseconds_per_call

torch: Any = importlib.import_module("torch")


class Layers:
    """Weights as Linear keeps them, (units, inputs), but for the bare product."""

    version = torch.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        self.a, self.w, self.dz = (torch.from_numpy(operand) for operand in data.operands(Product(**case)))
        self.out = torch.empty_like(self.dz)
        self.linear = torch.nn.Linear(*self.w.shape)
        with torch.no_grad():
            self.linear.weight.copy_(self.w.T)
            self.linear.bias.fill_(1)
        self.input = self.a.clone().requires_grad_()

    def compute(self, variant: str) -> list[Any]:
        if variant == "product":
            return [torch.mm(self.a, self.w, out=self.out)]
        if variant == "layer":
            return [torch.relu(self.linear(self.a))]
        for tensor in (self.input, self.linear.weight, self.linear.bias):
            tensor.grad = None
        value = torch.relu(self.linear(self.input))
        value.backward(self.dz)
        return [value.detach(), self.input.grad, self.linear.weight.grad.T, self.linear.bias.grad]

    def call(self, variant: str) -> list[Any]:
        with torch.inference_mode(variant != "layer and gradients"):
            return self.compute(variant)

    def check(self, variant: str) -> list[float]:
        return [data.checksum(np.atleast_2d(result.numpy())) for result in self.call(variant)]

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(lambda: self.call(variant), seconds, lambda: None)


WORKER = Layers

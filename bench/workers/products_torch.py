"""Matrix products of PyTorch, and its fused Adam after the weight gradient."""

from __future__ import annotations

import importlib
from typing import Any

from bench import data
from bench.cases import BETA1, BETA2, EPSILON, LEARNING_RATE, Product
from bench.workers.serve import microseconds_per_call

torch: Any = importlib.import_module("torch")


class Products:
    """mm on row-major operands, transposed by strides, into an output that exists already."""

    version = torch.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        a, w, dz = (torch.from_numpy(operand) for operand in data.operands(Product(**case)))
        self.weight = w.clone()
        self.weight.grad = torch.empty_like(w)
        self.adam = torch.optim.Adam([self.weight], LEARNING_RATE, (BETA1, BETA2), EPSILON, fused=True)
        self.operands = {
            "forward": (a, w, torch.empty_like(dz)),
            "input gradient": (dz, w.T, torch.empty_like(a)),
            "weight gradient": (a.T, dz, torch.empty_like(w)),
            "weight gradient, Adam": (a.T, dz, self.weight.grad),
        }

    def compute(self, variant: str) -> Any:
        left, right, out = self.operands[variant]
        torch.mm(left, right, out=out)
        if variant != "weight gradient, Adam":
            return out
        self.adam.step()
        return self.weight

    def check(self, variant: str) -> list[float]:
        return [data.checksum(self.compute(variant).numpy())]

    def round(self, variant: str, seconds: float) -> float:
        with torch.inference_mode(variant != "weight gradient, Adam"):
            return microseconds_per_call(lambda: self.compute(variant), seconds, lambda: None)


WORKER = Products

"""Dense layers of fanin.functional."""

from __future__ import annotations

from typing import Any

import numpy as np

import fanin
from bench import data
from bench.cases import Product
from bench.workers.serve import microseconds_per_call
from fanin import functional as F


class Layers:
    """Row-major operands; the gradients by the chain rule, written out."""

    version = fanin.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        self.a, self.w, self.dz = data.operands(Product(**case))
        self.b = np.ones(self.w.shape[1], np.float32)
        self.out = np.empty_like(self.dz)

    def compute(self, variant: str) -> list[Any]:
        if variant == "product":
            return [F.dense(self.a, self.w, out=self.out)]
        if variant == "layer":
            return [F.dense(self.a, self.w, self.b, activation="relu")]
        z = F.dense(self.a, self.w, self.b)
        value = F.activation(z, "relu")
        return [value, *F.dense_backward(F.activation_backward(self.dz, z, "relu"), self.a, self.w)]

    def check(self, variant: str) -> list[float]:
        return [data.checksum(np.atleast_2d(result)) for result in self.compute(variant)]

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(lambda: self.compute(variant), seconds, lambda: None)


WORKER = Layers

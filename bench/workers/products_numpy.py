"""Matrix products of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench import data
from bench.cases import Product
from bench.workers.serve import microseconds_per_call


class Products:
    """matmul on row-major operands, transposed by strides, into an output that exists already."""

    version = np.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        a, w, dz = data.operands(Product(**case))
        self.operands = {
            "forward": (a, w, np.empty_like(dz)),
            "input gradient": (dz, w.T, np.empty_like(a)),
            "weight gradient": (a.T, dz, np.empty_like(w)),
        }

    def check(self, variant: str) -> list[float]:
        left, right, out = self.operands[variant]
        return [data.checksum(np.matmul(left, right, out=out))]

    def round(self, variant: str, seconds: float) -> float:
        left, right, out = self.operands[variant]
        return microseconds_per_call(lambda: np.matmul(left, right, out=out), seconds, lambda: None)


WORKER = Products

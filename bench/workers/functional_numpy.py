"""Matrix products of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench import data
from bench.cases import Product
from bench.workers.serve import microseconds_per_call


class Layers:
    """matmul on row-major operands."""

    version = np.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        self.a, self.w, dz = data.operands(Product(**case))
        self.out = np.empty_like(dz)

    def check(self, variant: str) -> list[float]:
        return [data.checksum(np.matmul(self.a, self.w, out=self.out))]

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(lambda: np.matmul(self.a, self.w, out=self.out), seconds, lambda: None)


WORKER = Layers

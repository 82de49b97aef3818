"""Batch norm of fanin.functional."""

from __future__ import annotations

from typing import Any

import numpy as np

import fanin
from bench import data
from bench.cases import Batch
from bench.workers.serve import microseconds_per_call
from fanin import functional as F


class BatchNorms:
    """Row-major arrays; the results are new arrays, as those of the peers are."""

    version = fanin.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        self.x, self.dy, self.gamma, self.beta = data.normalized(Batch(**case))

    def compute(self, variant: str) -> list[Any]:
        y, cache = F.batch_norm(self.x, self.gamma, self.beta)
        if variant == "batch norm":
            return [y]
        return [y, *F.batch_norm_backward(self.dy, cache)]

    def check(self, variant: str) -> list[float]:
        return [data.checksum(np.atleast_2d(result)) for result in self.compute(variant)]

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(lambda: self.compute(variant), seconds, lambda: None)


WORKER = BatchNorms

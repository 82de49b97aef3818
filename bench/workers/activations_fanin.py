"""Activations of fanin.functional."""

from __future__ import annotations

from typing import Any

import fanin
from bench import data
from bench.cases import Elements
from bench.workers.serve import microseconds_per_call
from fanin import functional as F


class Activations:
    """Into new arrays, as PyTorch does it."""

    version = fanin.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        elements = Elements(**case)
        self.activation = elements.activation
        self.z, self.da = data.elements(elements.count)

    def compute(self, variant: str) -> list[Any]:
        value = F.activation(self.z, self.activation)
        if variant == "value":
            return [value]
        return [value, F.activation_backward(self.da, self.z, self.activation)]

    def check(self, variant: str) -> list[float]:
        return [data.checksum(result[None]) for result in self.compute(variant)]

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(lambda: self.compute(variant), seconds, lambda: None)


WORKER = Activations

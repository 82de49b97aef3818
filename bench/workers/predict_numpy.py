"""Prediction written out in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import data
from bench.cases import Prediction
from bench.workers.serve import microseconds_per_call


class Predictions:
    """A matmul, a bias and a maximum for each layer, in place."""

    version = np.__version__

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        net = Prediction(**case).net
        self.weights = data.weights(net)
        self.x, _ = data.samples(net)

    def predict(self) -> NDArray[np.float32]:
        a = self.x
        for weight, bias in self.weights[:-1]:
            a = a @ weight
            a += bias
            np.maximum(a, 0, out=a)
        weight, bias = self.weights[-1]
        a = a @ weight
        a += bias
        a -= a.max(axis=1, keepdims=True)
        np.exp(a, out=a)
        a /= a.sum(axis=1, keepdims=True)
        return a

    def check(self, variant: str) -> list[float]:
        return [data.checksum(self.predict())]

    def round(self, variant: str, seconds: float) -> float:
        return microseconds_per_call(self.predict, seconds, lambda: None)


WORKER = Predictions

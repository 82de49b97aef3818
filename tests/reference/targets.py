"""Random targets of the kind and in the range that each loss allows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def targets_for(name: str, rng: np.random.Generator, rows: int, outputs: int) -> NDArray:
    if name == "softmax_cross_entropy":
        return rng.integers(outputs, size=rows)
    if name == "quantile":
        return rng.normal(size=(rows, 1))
    if name == "poisson":
        return rng.poisson(1.5, size=(rows, outputs)).astype("float64")
    if name == "gamma":
        return rng.gamma(2, 0.5, size=(rows, outputs))
    if name == "logistic":  # certain ones and in-between
        return rng.integers(5, size=(rows, outputs)) / 4
    return rng.normal(size=(rows, outputs))

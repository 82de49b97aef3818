"""Input layers: what they learn from the columns of X, NaN where values are missing, and how they map X.

standardize     (x - mean) / deviation, divisor n; 0 for a constant column (LeCun et al. 1998, 4.3)
robust scale    u / sqrt(1 + (u / 3)^2), u = (x - median) / (q_75 - q_25); half the range where the quartiles are
                equal, 0 for a constant column (Holzmueller, Grinsztajn and Steinwart 2024)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def moments(x: Array, weight: Array) -> tuple[Array, Array]:
    w = np.where(np.isnan(x), 0, weight[:, None])
    mean = np.nansum(w * x, axis=0) / w.sum(axis=0)
    return mean, np.sqrt(np.nansum(w * (x - mean) ** 2, axis=0) / w.sum(axis=0))


def quantile(x: Array, weight: Array, p: float) -> float:
    order = np.argsort(x, kind="stable")
    x, weight = x[order], weight[order]
    sums = np.concatenate([[0], np.cumsum((weight[1:] + weight[:-1]) / 2)])
    return float(np.interp(p * sums[-1], sums, x))


def inverse(x: Array) -> Array:
    return np.divide(1, x, out=np.zeros_like(x), where=x > 0)


def learned(layer: str, x: Array, weight: Array) -> tuple[Array, Array]:
    """The centre and the scale of each column."""
    if layer == "standardize":
        mean, deviation = moments(x, weight)
        return mean, inverse(deviation)
    columns = [(c[~np.isnan(c) & (weight > 0)], weight[~np.isnan(c) & (weight > 0)]) for c in x.T]
    low, median, high = (np.array([quantile(*c, p) for c in columns]) for p in (0.25, 0.5, 0.75))
    half_range = np.array([np.ptp(values) / 2 for values, _ in columns])
    return median, inverse(np.where(high > low, high - low, half_range))


def standardized(x: Array, weights: Mapping[str, Array], name: str) -> Array:
    y = (x - weights[name + "centre"]) * weights[name + "scale"]
    return np.where(np.isnan(x), weights[name + "fill"], y)


def squashed(u: Array) -> Array:
    return u / np.sqrt(1 + (u / 3) ** 2)

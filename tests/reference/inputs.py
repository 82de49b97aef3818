"""Input layers: what they learn from the columns of X, NaN where values are missing, and how they map X.

standardize     (x - mean) / deviation, divisor n; 0 for a constant column (LeCun et al. 1998, 4.3)
robust scale    u / sqrt(1 + (u / 3)^2), u = (x - median) / (q_75 - q_25); half the range where the quartiles are
                equal, 0 for a constant column (Holzmueller, Grinsztajn and Steinwart 2024)
quantile        linear between K = min(256, rows) quantiles and their normal scores Phi^-1((k + 1/2) / K), or the score
                of the middle one of equal quantiles (van der Waerden 1952)
whiten          V' u / sqrt(max(l, floor l_1)), u = (x - mean) / deviation, with the eigenvectors V and eigenvalues l of
                the covariance of u (LeCun et al. 1998, 4.3)
piecewise linear, one hot    the codes of `reference.tables`, of each column "x0", "x1", ...
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def moments(x: Array, weight: Array) -> tuple[Array, Array]:
    w = np.where(np.isnan(x), 0, weight[:, None])
    mean = np.nansum(w * x, axis=0) / w.sum(axis=0)
    return mean, np.sqrt(np.nansum(w * (x - mean) ** 2, axis=0) / w.sum(axis=0))


def quantile(x: Array, weight: Array, part: float, whole: float = 1) -> float:
    order = np.lexsort((weight, x))
    x, weight = x[order], weight[order]
    sums = np.concatenate([[0], np.cumsum((weight[1:] + weight[:-1]) / 2)])
    return float(np.interp(part * sums[-1] / whole, sums, x))


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


def normal_scores(x: Array, weight: Array) -> tuple[Array, Array]:
    """The distinct quantiles of a column, and their scores."""
    x, weight = x[weight > 0], weight[weight > 0]
    count = min(256, len(x))
    knots = np.array([quantile(x, weight, k, max(count - 1, 1)) for k in range(count)])
    distinct = np.unique(knots)
    places = [np.flatnonzero(knots == knot) for knot in distinct]
    return distinct, np.array([NormalDist().inv_cdf((p[0] + p[-1] + 1) / 2 / count) for p in places])


def scores(x: Array, knots: Array, of_knots: Array) -> Array:
    """What `quantile` makes of x, with the knots of each column."""
    return np.stack([np.interp(x[:, j], knots[j], of_knots[j]) for j in range(x.shape[1])], axis=1)


def whitening(
    u: Array, weight: Array, floor: float = 1e-6, components: int | None = None, zca: bool = False
) -> Array:
    """The matrix for centred rows u, as in the comment above; V V' instead of V with `zca`."""
    values, vectors = np.linalg.eigh((u * weight[:, None]).T @ u / weight.sum())
    values, vectors = values[::-1][:components], vectors[:, ::-1][:, :components]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(len(values))])
    with np.errstate(divide="ignore"):
        factors = 1 / np.sqrt(np.maximum(values, floor * values[0]))
    matrix = vectors * np.where(np.isfinite(factors), factors, 0)
    return matrix @ vectors.T if zca else matrix


def number_codes(x: Array, learned: Mapping[str, Array], name: str) -> Array:
    """The columns v and the indicators of all columns, then their piecewise-linear codes, centred."""
    dense, codes = [], []
    for j, values in enumerate(x.T):
        of = {key.split(".")[-1]: value for key, value in learned.items() if key.startswith(f"{name}x{j}.")}
        if "high" in of:
            dense.append(two_values(values, of))
        elif of:
            known = np.where(np.isnan(values), of["median"], values)
            dense.append(squashed((known - of["median"]) / of["scale"]) - of["mean"])
            if of["missing"] > 0:
                dense.append(np.isnan(values) - of["missing"])
            e = of["knots"]
            codes.append(np.clip((known[:, None] - e[:-1]) / np.diff(e), 0, 1) - of["centre"])
    return np.concatenate([np.reshape(dense, (-1, len(x))).T, *codes], axis=1)


def level_codes(x: Array, learned: Mapping[str, Array], name: str) -> Array:
    """The columns with two levels, then those of all levels, centred."""
    dense, codes = [], []
    for j, values in enumerate(x.T):
        of = {key.split(".")[-1]: value for key, value in learned.items() if key.startswith(f"{name}x{j}.")}
        if "high" in of:
            known = np.isin(values, [of["low"], of["high"]])
            dense.append(np.where(known, two_values(values, of), -of["mean"]))
        elif of:
            groups = [[level] for level in of["levels"]] + ([of["rare"]] if len(of["rare"]) else [])
            codes.append(np.stack([np.isin(values, group) for group in groups], axis=1) - of["centre"])
    return np.concatenate([np.reshape(dense, (-1, len(x))).T, *codes], axis=1)


def two_values(x: Array, of: Mapping[str, Array]) -> Array:
    side = 2 * np.clip((x - of["low"]) / (of["high"] - of["low"]), 0, 1) - 1
    return np.where(np.isnan(x), 0, side) - of["mean"]

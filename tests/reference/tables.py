"""The codes of tables in float64 NumPy: one matrix of all columns, with a mean of 0 over the training rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def greedy_knots(values: NDArray, bins: int) -> NDArray:
    """A value that fills 1 / bins of the rows is a knot; quantiles of the others share what is left."""
    known = values[~np.isnan(values)]
    different, counts = np.unique(known, return_counts=True)
    frequent = different[counts * bins >= len(known)]
    others = known[~np.isin(known, frequent)]
    if len(others) == 0:
        return frequent
    return np.unique([*frequent, *np.quantile(others, np.linspace(0, 1, bins + 1 - len(frequent)))])


def squashed(values: NDArray, train: NDArray) -> NDArray:
    """The number itself, without its mean: v / sqrt(1 + (v / 3)^2)."""
    known = train[~np.isnan(train)]
    low, median, high = np.quantile(known, [0.25, 0.5, 0.75])
    scale = high - low if high > low else (known.max() - known.min()) / 2
    v = (np.where(np.isnan(values), median, values) - median) / scale
    return v / np.sqrt(1 + (v / 3) ** 2)


def piecewise(values: NDArray, train: NDArray, bins: int) -> NDArray:
    """The code between greedy knots (Gorishniy et al. 2022), (rows, knots - 1)."""
    e = greedy_knots(train, bins)
    x = np.where(np.isnan(values), np.quantile(train[~np.isnan(train)], 0.5), values)
    return np.clip((x[:, None] - e[:-1]) / (e[1:] - e[:-1]), 0, 1)


def number(values: NDArray, train: NDArray, bins: int) -> tuple[NDArray, NDArray]:
    """The dense columns and the code of a number, centred."""
    dense = [(squashed(values, train), squashed(train, train))]
    if np.isnan(train).any():
        dense.append((np.isnan(values) * 1.0, np.isnan(train) * 1.0))
    code, of_train = piecewise(values, train, bins), piecewise(train, train, bins)
    return np.stack([of - by.mean() for of, by in dense], axis=1), code - of_train.mean(axis=0)


def category(values: list, train: list, min_count: int) -> NDArray:
    """A column for each level found so often, and one for the rarer ones, centred; missing is None."""
    levels = sorted({level for level in train if level is not None})
    frequent = [level for level in levels if train.count(level) >= min_count]
    rare = [level for level in levels if level not in frequent]
    groups = [[level] for level in frequent] + ([rare] if rare else [])
    code, of_train = (
        np.array([[cell in group for group in groups] for cell in cells], float) for cells in (values, train)
    )
    return code - of_train.mean(axis=0)

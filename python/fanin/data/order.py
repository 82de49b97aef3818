"""Rows in random order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.data.inputs import row_count
from fanin.data.sequences import Sequences

if TYPE_CHECKING:
    from numpy.typing import NDArray


def in_random_order(rows: int, seed: int) -> NDArray[np.int64]:
    """Return the numbers of the rows, ordered by SplitMix64 (Steele, Lea and Flood 2014) of seed and row."""
    with np.errstate(over="ignore"):
        z = np.arange(1, rows + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    order: NDArray[np.int64] = np.argsort(z ^ (z >> np.uint64(31)), kind="stable")
    return order


def weighted_in_random_order(X: Any, sample_weight: Any, seed: int) -> NDArray[np.int64]:
    """Return the numbers of the rows of weight above 0, in random order."""
    order = in_random_order(row_count("X", X), seed)
    if sample_weight is None:
        return order
    steps = isinstance(sample_weight, Sequences)
    weights = sample_weight.largest if steps else _core.numbers("sample_weight", sample_weight)
    return order[weights[order] > 0]

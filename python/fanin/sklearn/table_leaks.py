"""Columns that alone nearly determine the target, and so may not be known when one predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata

from fanin.tables.columns import Category, Dropped, Pair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.tables.encoder import TableEncoder

    Float = NDArray[np.float64]

_LEAST = 0.995  # of the measures
_ROWS = 100  # below, chance is too likely
_CLASS_ROWS = 10  # of a class, for its area
_CELLS = 32  # of a number


@dataclass(frozen=True)
class Leak:
    """A column that alone nearly determines the target.

    Attributes
    ----------
    column : str
    measure : str
        "AUC", the mean over classes, or "|r|", the correlation with a target or its ranks.
    value : float
    """

    column: str
    measure: str
    value: float

    def __str__(self) -> str:
        return (
            f'column "{self.column}" alone nearly determines the target ({self.measure} {self.value:.4f}): '
            "is it known when you predict?"
        )


def leaks_of(encoder: TableEncoder, X: Any, y: NDArray[Any], classes: int) -> tuple[Leak, ...]:
    """Return the columns of a sample of rows in random order that alone nearly determine y; classes 0: numbers.

    The mean target in each cell of a column, from half of the rows, predicts the others; of numbers, also by the
    correlation of ranks.
    """
    if len(y) < _ROWS:
        return ()
    table, half = encoder._read(X), len(y) // 2
    targets = np.eye(classes)[y] if classes and y.ndim == 1 else y.reshape(len(y), -1)
    ranks = np.apply_along_axis(rankdata, 0, targets)
    leaks = []
    for column in encoder.columns:
        if isinstance(column, Dropped | Pair):
            continue
        values = encoder._column(table, column.name)
        if isinstance(column, Category):
            cells, ranked = values[0] + 1, None
        else:
            cells, ranked = _cells(values, half), values
        known = _means(cells[:half], targets[:half], int(cells.max()) + 1)
        predicted = known[cells[half:]]
        if classes:
            measure, value = "AUC", _mean_area(predicted, targets[half:])
        else:
            measure, value = "|r|", _correlation(predicted, targets[half:])
            if ranked is not None:
                value = max(value, _of_ranks(ranked, ranks))
        if value >= _LEAST:
            leaks.append(Leak(column.name, measure, value))
    return tuple(leaks)


def _cells(values: Float, half: int) -> NDArray[np.intp]:
    """Return the cell of each number between quantiles of the first half; 0 where it is missing."""
    missing = np.isnan(values)
    known = values[:half][~missing[:half]]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, _CELLS + 1)[1:-1])) if len(known) else known
    return np.where(missing, 0, 1 + np.searchsorted(edges, values, side="right"))


def _means(cells: NDArray[np.intp], targets: Float, count: int) -> Float:
    """Return the mean target of each cell, (count, targets); where a cell is empty, that of all rows."""
    sizes = np.bincount(cells, minlength=count)[:, None]
    sums = [np.bincount(cells, weights=target, minlength=count) for target in targets.T]
    return np.where(sizes, np.stack(sums, axis=1) / np.maximum(sizes, 1), targets.mean(axis=0))


def _mean_area(predicted: Float, targets: NDArray[Any]) -> float:
    """Return the mean area under the ROC curves of the classes with enough rows in and out of them."""
    areas = []
    for scores, target in zip(predicted.T, targets.T, strict=True):
        place = np.unique(scores, return_inverse=True)[1]
        rows, true = np.bincount(place), np.bincount(place, weights=target)
        other = rows - true
        if min(true.sum(), other.sum()) >= _CLASS_ROWS:
            below = np.cumsum(other) - other / 2  # ties count half
            areas.append(float(true @ below / (true.sum() * other.sum())))
    return float(np.mean(areas)) if areas else 0.0


def _correlation(predicted: Float, targets: Float) -> float:
    """Return the largest correlation of a target with its prediction."""
    return max(_absolute(*pair) for pair in zip(predicted.T, targets.T, strict=True))


def _of_ranks(values: Float, ranks: Float) -> float:
    """Return the largest correlation of the ranks of numbers with those of a target."""
    known = ~np.isnan(values)
    if 2 * np.count_nonzero(known) < len(known):
        return 0.0
    own = rankdata(values[known])
    return max(_absolute(own, rank[known]) for rank in ranks.T)


def _absolute(first: Float, second: Float) -> float:
    if not (np.ptp(first) and np.ptp(second)):
        return 0.0
    return abs(float(np.corrcoef(first, second)[0, 1]))

"""How well one column alone predicts a target: by the mean target in its cells, and by ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]

LEAST = 0.995  # of a leak's measure
ROWS = 100  # below, chance is too likely
_CLASS_ROWS = 10  # of a class, for its area
_CELLS = 32  # of a number


def association(cells: NDArray[np.intp], targets: Float, values: Float | None, ranks: Float | None) -> float:
    """Return how well the mean target in each cell, from half of the rows, predicts the others.

    Without ranks of targets: the mean area under the ROC curves of the classes, whose rows are one-hot. With them: the
    largest correlation, and that of the ranks of the column's numbers, if it has such.
    """
    half = len(targets) // 2
    known = _means(cells[:half], targets[:half], int(cells.max()) + 1)
    predicted = known[cells[half:]]
    if ranks is None:
        return _mean_area(predicted, targets[half:])
    found = _correlation(predicted, targets[half:])
    return found if values is None else max(found, _of_ranks(values, ranks))


def ranks_of(values: Float) -> Float:
    """Return the ranks of numbers, from 1; ties share the mean of theirs."""
    place, counts = np.unique(values, return_inverse=True, return_counts=True)[1:]
    ranks: Float = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks


def cells_of_numbers(values: Float) -> NDArray[np.intp]:
    """Return the cell of each number between quantiles of the first half; 0 where it is missing."""
    half, missing = len(values) // 2, np.isnan(values)
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
    own = ranks_of(values[known])
    return max(_absolute(own, rank[known]) for rank in ranks.T)


def _absolute(first: Float, second: Float) -> float:
    if not (np.ptp(first) and np.ptp(second)):
        return 0.0
    return abs(float(np.corrcoef(first, second)[0, 1]))

"""Pairs of columns whose joint cells explain what a network does not, and what is known of the target in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]

_MOST_CELLS = 4096  # of a pair
_MOST_COLUMNS = 40  # that are paired: those that alone explain the target best
_PRIOR = 10.0  # rows without a residual, added to each cell of a pair that is screened
_LEAST = 1e-12  # variance of a cell's labels
_SMOOTHING = 20.0  # rows of the mean target, added to each cell whose target is encoded


@dataclass(frozen=True, eq=False)
class Grid:
    """A column cut into cells, as `TableEncoder.cells` does: the cell of each row, and their number."""

    name: str
    cells: tuple[Any, ...]
    of_row: NDArray[np.intp]
    count: int


@dataclass(frozen=True, eq=False)
class Pair:
    """The joint cells of two columns."""

    first: Grid
    second: Grid

    @property
    def shape(self) -> tuple[int, int]:
        """Cells of each column."""
        return self.first.count, self.second.count

    @property
    def count(self) -> int:
        """Number of cells."""
        return self.first.count * self.second.count

    @property
    def of_row(self) -> NDArray[np.intp]:
        """The cell of each row."""
        return self.first.of_row * self.second.count + self.second.of_row


def screen(
    grids: Sequence[Grid],
    rows: NDArray[np.intp],
    residual: Float,
    curvature: Float,
    fold: NDArray[np.intp],
    top: int,
) -> tuple[Pair, ...]:
    """Return the pairs of columns, at most `top`, that best explain these rows' out-of-fold residuals.

    A step of Newton's method in each cell, ``d = sum r / (sum h + prior)`` over the rows of all other folds, changes
    the loss of a fold's rows by ``-(d sum r - d^2 sum h / 2)`` (as FAST does for its pairs, Lou et al. 2013, but on
    other rows than those that gave d, so that a large number of cells is no advantage). Only gains count.

    Parameters
    ----------
    rows : array of int
        Rows of the grids that the other arrays belong to.
    residual, curvature : array, shape (len(rows),)
        r and h: the negative gradient of each row's loss in the output, and its second derivative.
    fold : array of int, shape (len(rows),)
    """
    folds = int(fold.max()) + 1

    def gain(cell: NDArray[np.intp], count: int) -> float:
        place = fold * count + cell
        r = np.bincount(place, residual, folds * count).reshape(folds, count)
        h = np.bincount(place, curvature, folds * count).reshape(folds, count)
        d = (np.add.reduce(r, axis=0) - r) / (np.add.reduce(h, axis=0) - h + _PRIOR)
        return float(np.add.reduce((r * d - h * d * d / 2).ravel()))

    found: list[tuple[float, Pair]] = []
    for first, second in combinations(grids, 2):
        pair = Pair(first, second)
        if pair.count <= _MOST_CELLS:
            cell = first.of_row[rows] * second.count + second.of_row[rows]
            found.append((gain(cell, pair.count), pair))
    best = sorted(found, key=lambda each: -each[0])[:top]
    return tuple(pair for gained, pair in best if gained > 0)


def telling(grids: Sequence[Grid], y: Float, most: int = _MOST_COLUMNS) -> list[Grid]:
    """Return the columns, in their order, whose cells' means explain y best, if there are more than `most`."""
    if len(grids) <= most:
        return list(grids)
    centred = y - np.add.reduce(y) / len(y)
    explained = []
    for grid in grids:
        total = np.bincount(grid.of_row, centred, grid.count)
        rows = np.bincount(grid.of_row, minlength=grid.count)
        explained.append(float(np.add.reduce(total * total / (rows + _PRIOR))))
    kept = sorted(sorted(range(len(grids)), key=lambda place: -explained[place])[:most])
    return [grids[place] for place in kept]


def encoded(
    pair: Pair, y: Float, weight: Float, train: NDArray[np.intp], part: NDArray[np.intp], odds: bool
) -> tuple[Float, Float]:
    """Return the encoded target of each cell of a pair, and that of each row of the table.

    The mean of y in a cell, smoothed, is that of all training rows, but for a training row without its own part of the
    rows: its own target must not show. Of 0 and 1, with `odds`, ``(p - p_0) / sqrt(p (1 - p))`` follows log-odds
    without a logarithm, p_0 being the mean of all.

    Parameters
    ----------
    train : array of int
        The training rows.
    part : array of int
        The part of each row of the table.
    """
    count, parts = pair.count, int(part.max()) + 1
    cell = pair.of_row
    place = part[train] * count + cell[train]
    size = np.bincount(place, weight[train], parts * count).reshape(parts, count)
    total = np.bincount(place, weight[train] * y[train], parts * count).reshape(parts, count)
    all_size, all_total = np.add.reduce(size, axis=0), np.add.reduce(total, axis=0)
    mean = float(np.add.reduce(all_total) / np.add.reduce(all_size))

    def known(sizes: Float, totals: Float) -> Float:
        p = (totals + _SMOOTHING * mean) / (sizes + _SMOOTHING)
        return (p - mean) / np.sqrt(np.maximum(p * (1 - p), _LEAST)) if odds else p - mean

    values = known(all_size, all_total)
    of_row = values[cell]
    of_row[train] = known(all_size - size, all_total - total)[part[train], cell[train]]
    return values, of_row

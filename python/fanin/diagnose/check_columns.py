"""Checks of the columns of X: constant ones, unequal scales, and leaks of the target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.condition import condition_numbers
from fanin.data.sparse import is_sparse
from fanin.diagnose.association import LEAST, ROWS, association, cells_of_numbers, ranks_of
from fanin.diagnose.finding import Finding
from fanin.diagnose.remedy import Remedy
from fanin.diagnose.samples import Samples, dense
from fanin.diagnose.scales import normalizes, unequal_scales

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network

_ROWS = 20_000  # for means and deviations
_CELLS = 1_000_000  # that are searched for leaks
_FEWEST_ROWS = 500
_EASY = 0.98  # where other columns do as well, the target is easy, and no column is a leak
_MOST_COLUMNS = 512  # whose condition number takes a fraction of a second
_LISTED = 10


def constant_columns(net: Network, samples: Samples) -> Iterator[Finding]:
    """Find columns that have one value in all rows."""
    count = net.n_inputs
    lowest: Any
    highest: Any
    if is_sparse(samples.X):
        lowest, highest = (np.ravel(dense(ends)) for ends in (samples.X.min(axis=0), samples.X.max(axis=0)))
    else:
        lowest, highest = np.fmin.reduce(samples.X, axis=0), np.fmax.reduce(samples.X, axis=0)
        # a number and gaps are two values
        gaps = np.array([np.isnan(samples.X[:, j]).any() for j in range(count)])
        lowest = np.where(gaps, -np.inf, lowest)
    same = np.flatnonzero(lowest == highest)
    if not len(same):
        return
    noun = "column" if len(same) == 1 else "columns"
    few = ", ".join(samples.column(j) for j in same[:_LISTED]) + (", ..." if len(same) > _LISTED else "")
    remedy = None
    if len(same) < count:
        remedy = Remedy(f"drop the constant {noun}", drop_columns=tuple(map(int, same)))
    yield Finding(
        "constant_columns",
        f"{len(same):,} of {count:,} columns {'has' if len(same) == 1 else 'have'} only one value: {noun} {few}",
        number=len(same),
        threshold=0,
        severity="warning" if len(same) < count else "fault",
        remedy=remedy,
    )


def unscaled_inputs(net: Network, samples: Samples, condition: float | None, seed: int) -> Iterator[Finding]:
    """Find unequal or shifted scales, unless the network normalizes its inputs; columns of 0 and 1 do not count."""
    if normalizes(net) or is_sparse(samples.X):
        return
    X = dense(samples.X[samples.some(_ROWS, seed)])
    mean, deviation = X.mean(axis=0), X.std(axis=0)
    # rounding leaves a deviation to a constant
    used = (deviation > 1e-12 * np.abs(mean)) & (deviation > 0) & ~np.all((X == 0) | (X == 1), axis=0)
    known = "" if condition is None else f"; the condition number is {condition:.3g}"
    if finding := unequal_scales(net, mean, deviation, np.flatnonzero(used), samples.column, known):
        yield finding


def leaks(net: Network, samples: Samples, seed: int) -> Iterator[Finding]:
    """Find columns that alone nearly determine the target, where the others do not.

    If half of the columns do, or another column nearly does (.98), the target is easy, as that of irises is.
    """
    rows = samples.some(max(_CELLS // net.n_inputs, _FEWEST_ROWS), seed)
    if len(rows) < ROWS or net.n_inputs == 1 or len(rows) * net.n_inputs > 2 * _CELLS:
        return
    X, y, classes = dense(samples.X[rows]), samples.y[rows], samples.classes
    if classes is not None:
        targets = np.eye(int(classes.max()) + 1)[classes[rows]]
    else:
        targets = y.reshape(len(y), -1).astype(float)
    ranks = None if classes is not None else np.apply_along_axis(ranks_of, 0, targets)
    measures = np.array([_measure(values, targets, ranks) for values in X.T])
    found = measures >= LEAST
    if not found.any() or 2 * np.count_nonzero(found) >= len(found) or measures[~found].max() >= _EASY:
        return
    measure = "AUC" if classes is not None else "|r|"
    for j in np.flatnonzero(found):
        yield Finding(
            "leak",
            f"column {samples.column(j)} alone nearly determines the target ({measure} {measures[j]:.4f}): "
            "is it known when you predict?",
            number=float(measures[j]),
            threshold=LEAST,
            remedy=Remedy(f"drop column {samples.column(j)}", drop_columns=(int(j),)),
        )


def _measure(
    values: NDArray[np.float64], targets: NDArray[np.float64], ranks: NDArray[np.float64] | None
) -> float:
    return association(cells_of_numbers(values), targets, values, ranks)


def condition_of(net: Network, samples: Samples) -> float | None:
    """Return the condition number of what the first layer gets, or None if there are too many columns."""
    if net.n_inputs > _MOST_COLUMNS or is_sparse(samples.X) or (net._core.first_columns or 0) > _MOST_COLUMNS:
        return None
    before, after = condition_numbers(net, samples.X)
    return before if after is None else after

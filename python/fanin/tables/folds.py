"""Parts of the rows, each held out from a network in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def folds_of(rows: int, folds: int, seed: int, labels: NDArray[Any] | None = None) -> NDArray[np.intp]:
    """Return the fold of each row, at random, 0..folds-1, in parts that differ by one row at most.

    With labels, each class is divided so too: with two rows or more, it is among the others of every fold. Of labels
    (n, labels), a class is a combination of them.
    """
    order = np.random.default_rng(seed).permutation(rows)
    if labels is not None:
        order = order[np.lexsort(labels[order].reshape(rows, -1).T)]
    of_row = np.empty(rows, dtype=np.intp)
    of_row[order] = np.arange(rows) % folds
    return of_row

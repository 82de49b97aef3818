"""Splitting rows into training, validation and test sets, class by class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.csv.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

_TRAIN, _VALIDATION, _TEST = 0, 1, 2
# Twenty rows: fourteen for training, three for validation, three for testing, evenly spread.
_DEAL = np.array([0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0])


def split_rows(labels: NDArray[Any] | None, n_rows: int, seed: int) -> tuple[Rows, Rows, Rows]:
    """
    Return the row numbers of the training (70 %), validation (15 %) and test (15 %) sets.

    Rows are shuffled, sorted by label if there are labels, and dealt in a repeating pattern, so each set has each
    class in proportion. The first row of each class is for training, so no class is tested without being trained.
    """
    shuffled = np.random.default_rng(seed).permutation(n_rows)
    first = np.zeros(n_rows, dtype=bool)
    if labels is not None:
        shuffled = shuffled[np.argsort(labels[shuffled], kind="stable")]
        ordered = labels[shuffled]
        first[0] = True
        first[1:] = ordered[1:] != ordered[:-1]
    dealt = np.zeros(n_rows, dtype=np.int64)
    others = np.flatnonzero(~first)
    dealt[others] = np.resize(_DEAL, len(others))
    # Restore the original order: models that do not shuffle must not see the training rows sorted by class.
    train, validation, test = (np.sort(shuffled[dealt == part]) for part in (_TRAIN, _VALIDATION, _TEST))
    if not (len(validation) and len(test)):
        raise UserError("nearly every row has its own class: no rows are left for testing")
    return train, validation, test

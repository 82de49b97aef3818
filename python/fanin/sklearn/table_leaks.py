"""Columns that alone nearly determine the target, and so may not be known when one predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.diagnose.association import LEAST, ROWS, association, cells_of_numbers, ranks_of
from fanin.tables.columns import Category, Dropped, Pair, Text
from fanin.tables.sparse_encoder import SparseEncoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.tables.coding import Encoder


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


def leaks_of(encoder: Encoder, X: Any, y: NDArray[Any], classes: int) -> tuple[Leak, ...]:
    """Return the columns of a sample of rows in random order that alone nearly determine y; classes 0: numbers.

    The mean target in each cell of a column, from half of the rows, predicts the others; of numbers, also by the
    correlation of ranks.
    """
    if len(y) < ROWS or isinstance(encoder, SparseEncoder):
        return ()
    table = encoder._read(X)
    targets = np.eye(classes)[y] if classes and y.ndim == 1 else y.reshape(len(y), -1)
    ranks = None if classes else np.apply_along_axis(ranks_of, 0, targets)
    leaks = []
    for column in encoder.columns:
        if isinstance(column, Dropped | Pair | Text):
            continue
        values = encoder._column(table, column.name)
        if isinstance(column, Category):
            value = association(values[0] + 1, targets, None, ranks)
        else:
            value = association(cells_of_numbers(values), targets, values, ranks)
        if value >= LEAST:
            leaks.append(Leak(column.name, "AUC" if classes else "|r|", value))
    return tuple(leaks)

"""Sparse X as samples of a network: its numbers as they are, without the columns that are empty in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.sparse.matrices import rows_of_numbers
from fanin.tables.columns import Column, Dropped, Sparse, described

if TYPE_CHECKING:
    from numpy.typing import NDArray


class SparseEncoder:
    """Gives the rows of a sparse matrix, with the columns that have values in the training rows.

    Examples
    --------
    >>> from scipy.sparse import csr_matrix
    >>> from fanin.tables.sparse_encoder import SparseEncoder
    >>> encoder = SparseEncoder().fit(csr_matrix([[0, 2, 0], [0, 0, 1]]))
    >>> encoder.transform(csr_matrix([[5, 3, 0]])).toarray()
    array([[3., 0.]], dtype=float32)
    """

    _named = False

    def __init__(self) -> None:
        self._columns = 0
        self._kept: NDArray[np.intp] = np.empty(0, np.intp)

    def fit(self, X: Any) -> SparseEncoder:
        """Find the columns that have values; return the encoder."""
        rows = rows_of_numbers(X)
        self._columns, self._kept = rows.shape[1], columns_with_values(rows)
        if not len(self._kept):
            raise ValueError("X: expected a column to learn from, got rows of zeros")
        return self

    def transform(self, X: Any) -> Any:
        """Return the rows of a sparse matrix, or of an array, as CSR in float32.

        Raises
        ------
        ValueError
            For another number of columns than in training, and for values that are not finite in float32.
        """
        rows = rows_of_numbers(X)
        if rows.shape[1] != self._columns:
            raise ValueError(f"X: expected {self._columns} columns, as in training, got {rows.shape[1]}")
        return rows[:, self._kept]

    @property
    def columns(self) -> tuple[Column, ...]:
        """How many columns there are, and how many of them have values."""
        empty = self._columns - len(self._kept)
        found = Sparse(f"{len(self._kept):,} columns", len(self._kept))
        return (found, Dropped(f"{empty:,} columns", "dropped: 0 in every row", empty)) if empty else (found,)

    @property
    def _names(self) -> list[str]:
        return [f"x{place}" for place in range(self._columns)]

    def describe(self) -> str:
        """Return a text that says how many columns have values."""
        return "\n".join(described(self.columns))


def columns_with_values(rows: Any) -> NDArray[np.intp]:
    """Return the columns of a CSR matrix that have values other than 0."""
    found: NDArray[np.intp] = np.unique(rows.indices[rows.data != 0]).astype(np.intp)
    return found

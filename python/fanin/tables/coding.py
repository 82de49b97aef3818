"""The rows of a table as networks see them: with or without spikes, and with the cells of pairs of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.data.sparse import is_sparse
from fanin.data.validation import rows_of
from fanin.tables.columns import Category, Number, TwoNumbers
from fanin.tables.encoder import TableEncoder
from fanin.tables.learning import most_bins
from fanin.tables.pairs import Grid, Pair
from fanin.tables.reading import read_table
from fanin.tables.sparse_encoder import SparseEncoder
from fanin.tables.text_encoder import TextEncoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]

Encoder = TableEncoder | SparseEncoder | TextEncoder

_ROWS_A_BIN = 16  # at least; with 4 bins there are fewer
_EDGES = 15  # of a number's cells in a pair, at most
_LEVELS = 62  # of a category's cells, at most


class Coding:
    """The encoders of a table, fitted on demand, and its coded rows.

    Parameters
    ----------
    X : frame, array or dict of columns
    classifies : bool
        Otherwise numbers have fewer bins where rows are few.
    categories : list of str
        As in `TableEncoder`.
    """

    def __init__(self, X: Any, classifies: bool, categories: Sequence[str] = ()) -> None:
        table = read_table(X)
        self._X, self._categories, self._bins = X, categories, most_bins(len(table.columns))
        if not classifies:
            self._bins = min(self._bins, max(table.rows // _ROWS_A_BIN, 4))
        self._encoders: dict[bool, TableEncoder] = {}
        self._rows: dict[bool, Any] = {}

    sparse = False

    def encoder(self, spikes: bool) -> TableEncoder:
        """Return the encoder, fitted on all rows."""
        if spikes not in self._encoders:
            encoder = TableEncoder(self._bins, spikes=spikes, categories=self._categories)
            self._encoders[spikes] = encoder.fit(self._X)
        return self._encoders[spikes]

    def rows(self, spikes: bool) -> Any:
        """Return the coded rows."""
        if spikes not in self._rows:
            self._rows[spikes] = self.encoder(spikes).transform(self._X)
        return self._rows[spikes]

    @property
    def has_spikes(self) -> bool:
        """Whether columns of numbers have so few values that each can have a column, fewer than there are rows."""
        columns = self.encoder(True).columns
        count = sum(len(column.spikes) for column in columns if isinstance(column, Number))
        return 0 < count < len(self.rows(spikes=False))

    @cached_property
    def grids(self) -> list[Grid]:
        """The cells of each column: numbers between some of their knots, categories by level."""
        encoder = self.encoder(False)
        cells: dict[str, tuple[Any, ...]] = {}
        for column in encoder.columns:
            if isinstance(column, Number):
                cells[column.name] = tuple(_some(column.knots[1:-1], _EDGES))
            elif isinstance(column, TwoNumbers):
                cells[column.name] = (column.high,)
            elif isinstance(column, Category) and len(column.levels) <= _LEVELS:
                cells[column.name] = tuple(column.levels)
        of_rows = encoder.cells(self._X, cells)
        return [
            Grid(name, of_column, of_rows[name].astype(np.intp), len(of_column) + 2)
            for name, of_column in cells.items()
        ]

    def paired(
        self, spikes: bool, pairs: tuple[Pair, ...], values: list[Float], of_rows: Float
    ) -> TableEncoder:
        """Return an encoder with pairs, of these values in their cells and of training rows."""
        described = [
            (
                pair.first.name,
                pair.first.cells,
                pair.second.name,
                pair.second.cells,
                value.reshape(pair.shape),
            )
            for pair, value in zip(pairs, values, strict=True)
        ]
        return self.encoder(spikes).add_pairs(described, of_rows)

    def paired_rows(self, encoder: Encoder, of_rows: Float) -> Any:
        """Return the rows as coded by an encoder with pairs, which have these values."""
        assert isinstance(encoder, TableEncoder)
        return encoder.transform(self._X, of_rows)


class SparseCoding(Coding):
    """The encoder of sparse X, or of a table with text, and its rows in CSR, without spikes and pairs.

    Parameters
    ----------
    X : sparse matrix, or what `Coding` takes
    encoder : SparseEncoder or TextEncoder
    """

    sparse = True

    def __init__(self, X: Any, encoder: SparseEncoder | TextEncoder) -> None:
        self._encoder = encoder.fit(X)
        self._coded = encoder.transform(X)

    def encoder(self, spikes: bool) -> Any:
        """Return the encoder, fitted on all rows."""
        return self._encoder

    def rows(self, spikes: bool) -> Any:
        """Return the coded rows."""
        return self._coded


def encoder_of(X: Any, categories: Sequence[str], texts: Sequence[str]) -> Encoder:
    """Return an encoder, not fitted yet, for these rows and columns of text."""
    if is_sparse(X):
        return SparseEncoder()
    return TextEncoder(texts, categories) if texts else TableEncoder(categories=categories)


def coding_of(X: Any, classifies: bool, categories: Sequence[str], texts: Sequence[str]) -> Coding:
    """Return the coding of a table, with columns of text, or of sparse X."""
    encoder = encoder_of(X, categories, texts)
    if isinstance(encoder, TableEncoder):
        return Coding(X, classifies, categories)
    return SparseCoding(X, encoder)


def _some(edges: tuple[float, ...], most: int) -> tuple[float, ...]:
    """Return evenly spaced ones of the edges, if there are more than `most`."""
    if len(edges) <= most:
        return edges
    return tuple(edges[(2 * place + 1) * len(edges) // (2 * most)] for place in range(most))


def rows_of_table(X: Any, rows: NDArray[np.intp]) -> Any:
    """Return these rows of what `TableEncoder` takes."""
    if isinstance(X, Mapping):
        return {name: rows_of(name, column, rows) for name, column in X.items()}
    return rows_of("X", X, rows)

"""Tables with columns of text as sparse samples of a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.sparse import HashedText
from fanin.sparse.matrices import below, beside
from fanin.tables.cells import Texts
from fanin.tables.columns import Column, Dropped, Text, described
from fanin.tables.conversion import as_texts
from fanin.tables.encoder import TableEncoder
from fanin.tables.learning import LearnedColumn, learn_table
from fanin.tables.reading import ReadTable, in_order, read_table
from fanin.tables.sparse_encoder import columns_with_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin import _core

_HASH = HashedText(2**18, ngrams=2)
_BINS = 16  # of a number, at most: half of its columns have values in each row
_ROWS = 8192  # of coded rows, dense at a time


class TextEncoder:
    """Codes texts as `fanin.HashedText` does, by words and pairs of words, and other columns as `fanin.TableEncoder`.

    Hashed columns without a value in the training rows are left out. Codes of other columns are at least 0, as
    differences from the least value in training, so that they are sparse.

    Parameters
    ----------
    texts : list of str
        The columns of text.
    categories : list of str
        As in `TableEncoder`.

    Examples
    --------
    >>> from fanin.tables.text_encoder import TextEncoder
    >>> table = {"note": ["a cold room", "a warm one"], "beds": [1, 2]}
    >>> encoder = TextEncoder(["note"]).fit(table)
    >>> print(encoder.describe())
    note  text, 6 hashed words and pairs of words
    beds  number, -1 for 1.0, 1 for 2.0
    >>> encoder.transform(table).shape
    (2, 7)
    """

    def __init__(self, texts: Sequence[str], categories: Sequence[str] = ()) -> None:
        self.texts, self.categories = tuple(texts), tuple(categories)
        self._names: list[str] = []
        self._named = False
        self._kept: dict[str, NDArray[np.intp]] = {}
        self._others: TableEncoder | None = None
        self._least: NDArray[np.float32] = np.empty(0, np.float32)
        self._dropped: dict[str, Column] = {}

    def fit(self, X: Any) -> TextEncoder:
        """Learn how to code the columns; return the encoder.

        Raises
        ------
        ValueError, TypeError
            As `TableEncoder` does, and for texts without any word.
        """
        table = read_table(X)
        self._names, self._named = list(table.columns), table.named
        self._kept = {name: columns_with_values(_hashed(table, name)) for name in self.texts}
        if others := {name: column for name, column in table.columns.items() if name not in self.texts}:
            self._fit_others(others, table.named)
        if self._others is None and not any(map(len, self._kept.values())):
            raise ValueError("X: expected a column to learn from, got texts without words")
        return self

    def _fit_others(self, columns: dict[str, Any], named: bool) -> None:
        """Learn how to code columns other than text."""
        encoder, beside = TableEncoder(_BINS, categories=self.categories), len(self.texts) if named else -1
        learned, encoder._named = learn_table(
            iter([columns]), None, _BINS, encoder.min_count, False, self.categories, beside
        )
        found = [fields for fields in learned if fields["kind"] == "dropped"]
        self._dropped = {fields["column"]: Dropped.of(fields) for fields in found}
        if len(found) == len(learned):
            return
        encoder._set_columns(learned)
        self._least = np.min([block.min(axis=0) for block in _blocks(encoder.transform(columns))], axis=0)
        self._least[: sum(len(column.dense_names()) for column in encoder.columns)] = 0
        self._others = encoder

    def transform(self, X: Any) -> Any:
        """Return the rows as CSR in float32: codes first, then the words of each text.

        Raises
        ------
        ValueError, TypeError
            As `TableEncoder.transform`, and for texts that are numbers or dates.
        """
        table = self._read(X)
        parts: list[Any] = []
        if self._others is not None:
            coded = self._others.transform({name: table.columns[name] for name in self._others._needed()})
            parts.append(below(block - self._least for block in _blocks(coded)))
        parts += [_hashed(table, name)[:, kept] for name, kept in self._kept.items()]
        return beside(parts)

    @property
    def columns(self) -> tuple[Column, ...]:
        """How each column was read and coded."""
        known = dict(self._dropped)
        if self._others is not None:
            known |= {column.name: column for column in self._others.columns}
        return tuple(
            Text(name, len(self._kept[name])) if name in self._kept else known[name] for name in self._names
        )

    def describe(self) -> str:
        """Return a text with a line for each column: how it was read, or why it was dropped."""
        return "\n".join(described(self.columns))

    def _needed(self) -> list[str]:
        return [column.name for column in self.columns if not isinstance(column, Dropped)]

    def _read(self, X: Any) -> ReadTable:
        return in_order(read_table(X), self._names, self._needed(), self._named)

    def _column(self, table: ReadTable, name: str) -> Any:
        """Return a column other than text, as the encoder of these columns reads it."""
        assert self._others is not None
        return self._others._column(table, name)


def _blocks(coded: _core.CodedRows) -> Iterator[NDArray[np.float32]]:
    """Yield some coded rows after the other as an array."""
    for start in range(0, len(coded), _ROWS):
        yield coded[start : start + _ROWS].toarray()


def _hashed(table: ReadTable, name: str) -> Any:
    """Return the hashed texts of a column; missing ones are empty."""
    places, levels = as_texts(name, table.cells(name))
    return _HASH.transform([*levels, ""])[places]


def free_texts(X: Any, categories: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the columns of a table that `TableEncoder` would drop as free text."""
    table = read_table(X)
    found = []
    for name in table.columns:
        if name not in categories and isinstance(cells := table.cells(name), Texts):
            column = LearnedColumn(name, cells)
            column.add(cells, np.arange(table.rows))
            if column.is_free_text:
                found.append(name)
    return tuple(found)

"""What an encoder has learned of the columns of a table, and how it reads the columns of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fanin import _core
from fanin.tables.columns import KINDS, Category, Column, Date, Dropped, Pair
from fanin.tables.conversion import as_days, as_numbers, as_texts
from fanin.tables.reading import ReadTable, in_order, read_table


class LearnedColumns:
    """The part of `TableEncoder` that holds columns."""

    def __init__(self) -> None:
        self._fitted: _core.TableEncoder | None = None
        self._columns: dict[str, Column] = {}
        self._names: list[str] = []
        self._named = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """How each column was read and coded."""
        if self._fitted is None:
            raise ValueError("TableEncoder: call fit first")
        return tuple(self._columns.values())

    @property
    def feature_names(self) -> list[str]:
        """The names of the columns of the samples: dense ones, then those of the codes."""
        columns = self.columns
        dense = [name for column in columns for name in column.dense_names()]
        return dense + [name for column in columns for name in column.coded_names()]

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_fitted": None if self._fitted is None else self._fitted.columns}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if state["_fitted"] is not None:
            self._set_columns(state["_fitted"])

    def _set_columns(self, columns: list[dict[str, Any]]) -> None:
        """Take the columns of the core; those of pairs are no columns of the table."""
        self._fitted = _core.TableEncoder(columns)
        self._names = [fields["column"] for fields in columns if fields["kind"] != "pair"]
        self._columns = {fields["column"]: KINDS[fields["kind"]].of(fields) for fields in columns}

    @property
    def _encoder(self) -> _core.TableEncoder:
        if self._fitted is None:
            raise ValueError("TableEncoder: call fit first")
        return self._fitted

    def _needed(self) -> list[str]:
        """Return the columns of a table that are coded."""
        return [column.name for column in self.columns if not isinstance(column, Dropped | Pair)]

    def _read(self, X: Any) -> ReadTable:
        return in_order(read_table(X), self._names, self._needed(), self._named)

    def _kind(self, name: str) -> Column:
        column = self._columns.get(name)
        if column is None or isinstance(column, Dropped | Pair):
            raise ValueError(f'expected a column that is coded, got "{name}"')
        return column

    def _column(self, table: ReadTable, name: str) -> Any:
        kind, cells = self._kind(name), table.cells(name)
        convert = (
            as_texts if isinstance(kind, Category) else as_days if isinstance(kind, Date) else as_numbers
        )
        return convert(name, cells)

    def _cells(self, name: str, cells: Sequence[Any]) -> dict[str, Any]:
        text = isinstance(self._kind(name), Category)
        return {"column": name, "text": text, "edges": () if text else cells, "levels": cells if text else ()}

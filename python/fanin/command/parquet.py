"""Tables in files: CSV by fanin.csv, and Parquet by polars or pandas."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.csv.errors import UserError
from fanin.csv.table import Table, read_table
from fanin.csv.typed import DATE, NUMBER, TEXT, Typed
from fanin.tables import reading
from fanin.tables.cells import Days, Numbers, Texts

if TYPE_CHECKING:
    from fanin.tables.cells import Cells

_SUFFIXES = (".parquet", ".pq")
_LIBRARIES = ("polars", "pandas")


def read_file(path: Path) -> Table:
    """Return the table in a CSV or Parquet file; by its name, it is Parquet if it ends in .parquet or .pq."""
    return _read_parquet(path) if path.suffix.lower() in _SUFFIXES else read_table(path)


class _Texts(Mapping[str, tuple[str, ...]]):
    """The cells of typed columns as text, made on demand."""

    def __init__(self, columns: Mapping[str, Typed]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> tuple[str, ...]:
        column = self._columns[name]
        missing = column.missing
        return tuple("" if gone else _text(cell) for cell, gone in zip(column.array(), missing, strict=True))

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def _text(cell: Any) -> str:
    if isinstance(cell, np.datetime64):
        return str(cell).removesuffix("T00:00:00.000000")
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(float(cell))
    return str(cell)


def _read_parquet(path: Path) -> Table:
    frame = _frame(path)
    read = reading.read_table(frame)
    columns = {name: _typed(read.cells(name)) for name in read.columns}
    if not columns or not read.rows:
        raise UserError(f"{path} has no {'rows' if columns else 'columns'}")
    # Text is read as that of a CSV file: it may hold numbers or dates.
    native = {name: column for name, column in columns.items() if column.kind != TEXT}
    unnamed = frozenset(name for name in columns if name.startswith("__index_level_"))
    return Table(path, _Texts(columns), range(1, read.rows + 1), True, False, unnamed, (), native, "row")


def _frame(path: Path) -> Any:
    if not path.exists():
        raise UserError(f"there is no file {path}")
    for library in _LIBRARIES:
        try:
            module = importlib.import_module(library)
            return module.read_parquet(path)
        except ImportError:  # also of pandas without a reader of Parquet
            continue
        except Exception as error:
            raise UserError(f"{path} cannot be read: {error}") from None
    raise UserError(f"{path}: reading Parquet needs polars, or pandas with pyarrow; run pip install polars")


def _typed(cells: Cells) -> Typed:
    if isinstance(cells, Numbers):
        finite = np.where(np.isinf(cells.values), np.nan, cells.values)
        return Typed(NUMBER, "", finite)
    if isinstance(cells, Days):
        return Typed(DATE, "ymd", cells.values)
    assert isinstance(cells, Texts)
    levels = np.array([*map(str, cells.levels), None], dtype=object)
    return Typed(TEXT, "", levels[cells.places])

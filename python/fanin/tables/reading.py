"""The columns of a table, whatever holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin.data.frames import Frame, frame_of, is_series, quoted
from fanin.data.sparse import is_sparse
from fanin.tables.cells import Cells, Texts, check_unicode, read_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ReadTable(NamedTuple):
    """Columns by name; those of an array without names are called "x0", "x1", ..."""

    columns: dict[str, Any]
    rows: int
    named: bool

    def cells(self, name: str) -> Cells:
        """Return the cells of a column."""
        cells = read_cells(name, self.columns[name])
        if (rows := count(cells)) != self.rows:
            raise ValueError(f'X: column "{name}": expected {self.rows} rows, got {rows}')
        return cells


def count(cells: Cells) -> int:
    """Return the number of cells."""
    return len(cells.places) if isinstance(cells, Texts) else len(cells.values)


def read_table(X: Any) -> ReadTable:
    """Return the columns of a frame, a dict of columns, or a 2-D array of numbers or objects."""
    if isinstance(X, Mapping):
        frame: Frame | None = Frame(list(X), list(X.values()))
        for name, column in X.items():
            if isinstance(column, str) or not hasattr(column, "__len__"):
                got = type(column).__name__
                raise TypeError(f'X: column "{name}": expected a list or an array of cells, got {got}')
    else:
        frame = frame_of("X", X)
    if frame is not None:
        frame = Frame([str(name) for name in frame.names], frame.columns)
        frame.check_unique("X")
        for name in frame.names:
            check_unicode("X: names of columns", str(name))
        rows = len(frame.columns[0]) if frame.columns else 0
        return ReadTable(dict(zip(map(str, frame.names), frame.columns, strict=True)), rows, True)
    array = _matrix(X)
    return ReadTable({f"x{j}": array[:, j] for j in range(array.shape[1])}, len(array), False)


def shape_of(X: Any) -> tuple[int, int]:
    """Return the numbers of rows and columns of sparse X, or of what `read_table` takes."""
    if is_sparse(X):
        rows, columns = X.shape
        return rows, columns
    table = read_table(X)
    return table.rows, len(table.columns)


def _matrix(X: Any) -> NDArray[Any]:
    expected = "a frame, a dict of columns, or an array of shape (rows, columns)"
    if is_sparse(X) or isinstance(X, str) or X is None:
        raise TypeError(f"X: expected {expected}, got {type(X).__name__}")
    try:
        array = np.array(X, dtype=object) if isinstance(X, Sequence) else np.asanyarray(X)
    except ValueError:
        raise ValueError(f"X: expected {expected}, got rows of different lengths") from None
    if array.ndim != 2:
        got = f"a {type(X).__name__}" if is_series(X) or array.ndim == 0 else f"shape {array.shape}"
        raise ValueError(f"X: expected {expected}, got {got}")
    return array


def in_order(table: ReadTable, names: Sequence[str], needed: Sequence[str], named: bool) -> ReadTable:
    """Return the table with the names that the encoder knows; raise unless it has all columns that are needed."""
    if not (table.named and named):
        if len(table.columns) != len(names):
            raise ValueError(f"X: expected {len(names)} columns, as in training, got {len(table.columns)}")
        return table._replace(columns=dict(zip(names, table.columns.values(), strict=True)))
    for problem, found in (
        ("missing", [name for name in needed if name not in table.columns]),
        ("unknown", [name for name in table.columns if name not in set(names)]),
    ):
        if found:
            listed = ", ".join(quoted(name) for name in found[:10]) + (", ..." if len(found) > 10 else "")
            raise ValueError(f"X: {problem} column{'s' if len(found) > 1 else ''} {listed}")
    return table

"""A column of a CSV file, and how its cells were read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fanin.csv.errors import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Values = NDArray[np.float64]

_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})


def is_missing(cell: str) -> bool:
    """Return whether a cell marks a missing value: empty, NA, N/A, NaN, null, none or a question mark."""
    return cell.lower() in _MISSING


class Column(NamedTuple):
    """
    A column's name, its cells, and their line numbers in the file.

    ``comma_separated`` (the file's delimiter) and ``decimal_comma`` (in some numbers of the file) help to read numbers.
    ``place`` is what messages call a line.
    """

    name: str
    cells: Sequence[str]
    lines: Sequence[int]
    comma_separated: bool = True
    decimal_comma: bool = False
    place: str = "line"

    def where(self, row: int) -> str:
        """Return where a row is in the file."""
        return f"{self.place} {self.lines[row]}"

    def rows(self, numbers: Sequence[int]) -> Column:
        """Return the column with only these rows."""
        return self._replace(cells=[self.cells[n] for n in numbers], lines=[self.lines[n] for n in numbers])

    def known(self) -> Column:
        """Return the column without missing values."""
        return self.rows([row for row, cell in enumerate(self.cells) if not is_missing(cell)])


class Reading(NamedTuple):
    """
    The cells of a column as numbers, nan for missing or invalid cells, and the style of the numbers, or "".

    Strays are the rows with invalid cells.
    """

    values: Values
    strays: Sequence[int]
    style: str = ""

    @classmethod
    def of(cls, column: Column, value: Callable[[str], float], style: str = "") -> Reading:
        """Return the cells converted by ``value``, which returns nan for a cell that it cannot read."""
        read = {cell: value(cell) for cell in set(column.cells)}
        values = np.array([read[cell] for cell in column.cells], dtype=np.float64)
        stray = {cell for cell, number in read.items() if number != number and not is_missing(cell)}
        rows = np.flatnonzero(np.isnan(values)).tolist() if stray else []
        return cls(values, [row for row in rows if column.cells[row] in stray], style)

    def holds(self) -> bool:
        """Return whether at least nine in ten of the cells that are not missing were read."""
        numbers = int(np.count_nonzero(~np.isnan(self.values)))
        return numbers > 0 and len(self.strays) * 9 <= numbers

    def note(self, column: Column, kind: str) -> str:
        """Return a note on the number of strays and the first one, or ""."""
        if not self.strays:
            return ""
        row = self.strays[0]
        first = f"{shown(column.cells[row])} in {column.where(row)}"
        if len(self.strays) == 1:
            return f"column {shown(column.name)}: {first} is not a {kind} and counts as missing"
        count = f"{len(self.strays):,} cells that are not {kind}s count as missing"
        return f"column {shown(column.name)}: {count}, the first {first}"

"""A column of a CSV file as text, and what is said of the cells in it that are unlike all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fanin.demo.errors import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Values = NDArray[np.float64]

_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})


def is_missing(cell: str) -> bool:
    """Return whether a cell stands for no value: empty, NA, N/A, NaN, null, none or a question mark."""
    return cell.lower() in _MISSING


class Column(NamedTuple):
    """
    A column's name, its cells, and the lines of the file they stand in.

    Whether commas separate the cells of the file, and whether some of its numbers have a decimal comma, helps to read
    numbers.
    """

    name: str
    cells: Sequence[str]
    lines: Sequence[int]
    comma_separated: bool = True
    decimal_comma: bool = False

    def rows(self, numbers: Sequence[int]) -> Column:
        """Return the column with these rows alone."""
        return self._replace(cells=[self.cells[n] for n in numbers], lines=[self.lines[n] for n in numbers])

    def known(self) -> Column:
        """Return the column without the rows where it has no value."""
        return self.rows([row for row, cell in enumerate(self.cells) if not is_missing(cell)])


class Reading(NamedTuple):
    """
    The cells of a column as numbers, nan where one is missing or a stray, and how they were taken, or "".

    Strays are the rows whose cells are no such numbers.
    """

    values: Values
    strays: Sequence[int]
    style: str = ""

    @classmethod
    def of(cls, column: Column, value: Callable[[str], float], style: str = "") -> Reading:
        """Return what ``value`` makes of the cells; it gives nan for a cell that it cannot read."""
        values = np.array([value(cell) for cell in column.cells], dtype=np.float64)
        unread = np.flatnonzero(np.isnan(values)).tolist()
        strays = [row for row in unread if not is_missing(column.cells[row])]
        return cls(values, strays, style)

    def holds(self) -> bool:
        """Return whether nearly all cells with a value, at least nine of ten, are such numbers."""
        numbers = int(np.count_nonzero(~np.isnan(self.values)))
        return numbers > 0 and len(self.strays) * 9 <= numbers

    def note(self, column: Column, kind: str) -> str:
        """Return how many cells count as missing, with the first, or ""."""
        if not self.strays:
            return ""
        row = self.strays[0]
        first = f"{shown(column.cells[row])} in line {column.lines[row]}"
        if len(self.strays) == 1:
            return f"column {shown(column.name)}: {first} is not a {kind} and counts as missing"
        count = f"{len(self.strays):,} cells that are not {kind}s count as missing"
        return f"column {shown(column.name)}: {count}, the first {first}"

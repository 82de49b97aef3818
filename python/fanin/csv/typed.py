"""Columns of a table as arrays of one type: numbers, dates, times of day, or text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin.checks import counted
from fanin.csv.column import Column, Reading, is_missing
from fanin.csv.dates import TIME, dates, dates_like
from fanin.csv.errors import shown
from fanin.csv.numbers import is_number, numbers, numbers_like

if TYPE_CHECKING:
    from numpy.typing import NDArray

NUMBER, DATE, TEXT = "number", "date", "text"
_MICROSECONDS_A_DAY = 86_400_000_000
_LISTED = 5


class Typed(NamedTuple):
    """
    The values of a column, how they were written, and notes for the user.

    Values are float64, NaN where missing: numbers, days since 1970 for dates, and hours for times of day; of text they
    are str, None where missing. Strays are the rows of cells that could not be read.
    """

    kind: str
    style: str
    values: NDArray[Any]
    notes: tuple[str, ...] = ()
    strays: tuple[int, ...] = ()

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Whether each value is missing."""
        if self.kind == TEXT:
            return np.array([text is None for text in self.values], bool)
        return np.isnan(self.values.astype(np.float64, copy=False))

    def array(self) -> NDArray[Any]:
        """Return the values as they go into a frame: dates as datetime64."""
        if self.kind != DATE:
            return self.values
        known = ~self.missing
        array = np.full(len(known), np.datetime64("NaT"), "M8[us]")
        array[known] = np.rint(self.values[known] * _MICROSECONDS_A_DAY).astype(np.int64).astype("M8[us]")
        return array


def typed(column: Column) -> Typed:
    """
    Return a column as numbers or dates if at least nine in ten of its cells are such, else as text.

    Raises
    ------
    UserError
        For infinite numbers, and dates whose order of day and month is ambiguous.
    """
    if (read := numbers(column)) is not None:
        return _read(column, NUMBER, read)
    if (found := dates(column)) is not None:
        days, note = found
        return _read(column, TIME if days.style == TIME else DATE, days, note)
    texts = _texts(column)
    known = [cell for cell in column.cells if not is_missing(cell)]
    are_numbers = sum(map(is_number, known))
    if not known or 2 * are_numbers < len(known):
        return texts
    few = f"{are_numbers:,} of {len(known):,} cells are numbers, fewer than nine in ten"
    return texts._replace(notes=(f"column {shown(column.name)} is treated as text: {few}",))


def typed_like(column: Column, kind: str, style: str) -> Typed:
    """Return a column as `typed` read another one; cells of another kind are missing, with a note."""
    if kind == TEXT:
        return _texts(column)
    if kind in (DATE, TIME):
        return _read(column, kind, dates_like(column, style))
    return _read(column, kind, numbers_like(column, style))


def _read(column: Column, kind: str, read: Reading, note: str = "") -> Typed:
    name = "finite number" if kind == NUMBER else kind
    notes = tuple(text for text in (note, read.note(column, name)) if text)
    return Typed(kind, read.style, read.values, notes, tuple(read.strays))


def _texts(column: Column) -> Typed:
    texts = {cell: None if is_missing(cell) else cell for cell in set(column.cells)}
    return Typed(TEXT, "", np.array([texts[cell] for cell in column.cells], dtype=object))


def style_notes(styles: Mapping[str, str]) -> list[str]:
    """Return a line for each number format other than the plain one, with its columns."""
    notes = []
    for style in sorted({style for style in styles.values() if style}):
        names = [shown(name) for name in styles if styles[name] == style]
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        notes.append(
            f"numbers with {style} in {counted(len(names), 'column')}: {', '.join(names[:_LISTED])}{more}"
        )
    return notes

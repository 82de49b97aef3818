"""The columns from which a model predicts: read from the file that it learns, and then like it from others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin.command.frame import Frame
from fanin.csv.errors import UserError, shown
from fanin.csv.typed import DATE, NUMBER, TEXT, style_notes
from fanin.tables.columns import Category, Date, Dropped, Pair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.csv.table import Table

_LISTED = 10
_INDEX = ("Unnamed: 0", "index")  # names that frames give to their index


class Inputs(NamedTuple):
    """Columns of some rows, the kind and style of each, and notes for the user."""

    frame: Frame
    read: dict[str, tuple[str, str]]
    notes: tuple[str, ...]


def inputs_of(table: Table, names: Iterable[str], rows: NDArray[np.intp]) -> Inputs:
    """Return the columns of the rows to learn from; those without values and a frame's index are left out."""
    frame, read = Frame(), {}
    notes: list[str] = []
    styles: dict[str, str] = {}
    empty, index = [], []
    for name in names:
        column = table.typed(name)
        values = column.array()[rows]
        if column.missing[rows].all():
            empty.append(name)
        elif _is_index(table, name) and column.kind == NUMBER and len(np.unique(values)) == len(values):
            index.append(name)
        else:
            frame[name], read[name] = values, (column.kind, column.style)
            styles |= {name: column.style} if column.kind == NUMBER else {}
            notes += column.notes
    if empty:
        notes.append(f"left out, without values: {listed(empty)}")
    if index:
        notes.append(f"left out, the number of each row: {listed(index)}")
    return Inputs(frame, read, (*notes, *style_notes(styles)))


def inputs_like(table: Table, model: Any, read: Mapping[str, Sequence[str]]) -> Inputs:
    """Return the columns that a model needs, read as in training."""
    used = [column for column in model.encoder_.columns if not isinstance(column, Dropped | Pair)]
    if missing := [column.name for column in used if column.name not in table.columns]:
        verb = "is" if len(missing) == 1 else "are"
        raise UserError(f"{table.path}: {listed(missing)} {verb} missing; {table.listing()}")
    frame, kinds = Frame(), {}
    notes: list[str] = []
    for column in used:
        default = TEXT if isinstance(column, Category) else DATE if isinstance(column, Date) else NUMBER
        kind, style = read.get(column.name, (default, "ymd" if default == DATE else ""))
        found = table.typed_like(column.name, kind, style)
        frame[column.name], kinds[column.name] = found.array(), (kind, style)
        notes += found.notes
    return Inputs(frame, kinds, tuple(notes))


def listed(names: Sequence[str]) -> str:
    """Return some columns by name."""
    more = f", ... ({len(names):,} in all)" if len(names) > _LISTED else ""
    thing = "column" if len(names) == 1 else "columns"
    return f"{thing} {', '.join(map(shown, names[:_LISTED]))}{more}"


def _is_index(table: Table, name: str) -> bool:
    return name in table.unnamed or (name in _INDEX and name == next(iter(table.columns)))

"""What is learned of the target column: classes or numbers, and of which rows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin.csv.errors import UserError, shown
from fanin.csv.typed import NUMBER, TEXT, Typed, typed_like

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.csv.table import Table

FEW_INTEGERS = 20
_LISTED = 5
_LARGEST = 1e38  # of a target, in float32


class Target(NamedTuple):
    """Labels or numbers of the rows that have some, and how the column was read."""

    rows: NDArray[np.intp]  # of the table
    values: NDArray[Any]
    classifies: bool
    kind: str
    style: str
    notes: tuple[str, ...]

    @property
    def description(self) -> str:
        """What is predicted."""
        if not self.classifies:
            return f"numbers from {self.values.min():,.6g} to {self.values.max():,.6g}"
        labels = [shown(str(label)) for label in np.unique(self.values)[:_LISTED]]
        classes = len(np.unique(self.values))
        return f"{classes} classes, {', '.join(labels)}{', ...' if classes > _LISTED else ''}"

    @property
    def advice(self) -> str:
        """What else could be predicted of a target that is taken as classes."""
        return "; --task regression predicts a number" if self.classifies and self.kind == NUMBER else ""


def target_of(table: Table, name: str, task: str) -> Target:
    """
    Return what is learned of a column.

    ``task`` is "classification", "regression" or "auto": classification if the target is text or at most twenty
    different integers. Rows without a target are left out. A target that cannot be learned raises UserError.
    """
    read = typed_like(table[name], TEXT, "") if task == "classification" else table.typed(name)
    title = f"the target column {shown(name)}"
    rows = np.flatnonzero(~read.missing)
    if not len(rows):
        raise UserError(f"{title} has no values")
    values = read.values[rows]
    if read.kind not in (NUMBER, TEXT):
        raise UserError(f"{title} holds {read.kind}s; expected numbers or class names")
    if task == "regression" and read.kind == TEXT:
        raise UserError(f"{title} holds text such as {shown(values[0])}; --task regression needs numbers")
    different = len(np.unique(values.astype(str) if read.kind == TEXT else values))
    if different == 1:
        only = shown(table[name].cells[rows[0]])
        raise UserError(f"{title} is {only} in every row that has a target: nothing to predict")
    classifies = read.kind == TEXT or (task == "auto" and _are_few_integers(values, different))
    notes = [*read.notes, *_left_out(table, name, read)]
    if read.kind == NUMBER and read.style:
        notes.append(f"target {shown(name)}: numbers with {read.style}")
    if not classifies:
        return Target(rows, values, False, read.kind, read.style, tuple(notes))
    if different > len(rows) // 2:
        found = f"{different:,} different values in {len(rows):,} rows"
        raise UserError(f"{title} has {found}, too many for classes")
    labels = values.astype(str) if read.kind == TEXT else values.astype(np.int64)
    return Target(rows, labels, True, read.kind, read.style, (*notes, *_rare(table, rows, labels)))


def check_range(table: Table, name: str, target: Target, loss: str) -> None:
    """Raise UserError, with the line, for numbers that a regression with this loss cannot learn."""
    low = {"poisson": -np.finfo(float).tiny, "gamma": 0.0}.get(loss, -_LARGEST)
    bad = np.flatnonzero((target.values <= low) | (target.values >= _LARGEST))
    if len(bad):
        row = target.rows[bad[0]]
        needed = {"poisson": "at least 0", "gamma": "above 0"}.get(loss, f"above {-_LARGEST:g}")
        column = table[name]
        raise UserError(
            f"the target column {shown(name)}, {column.where(row)}: expected numbers {needed} and below {_LARGEST:g}, "
            f"got {shown(column.cells[row])}"
        )


def _are_few_integers(values: NDArray[Any], different: int) -> bool:
    return different <= FEW_INTEGERS and bool(np.all(values == np.round(values)))


def _left_out(table: Table, name: str, read: Typed) -> list[str]:
    missing = np.flatnonzero(read.missing)
    if not len(missing):
        return []
    column = table[name]
    first = column.where(missing[0])
    rows = f"{len(missing):,} rows are left out (first: {first})"
    rows = f"1 row is left out ({first})" if len(missing) == 1 else rows
    return [f"{rows}: the target {shown(name)} is missing"]


def _rare(table: Table, rows: NDArray[np.intp], labels: NDArray[Any]) -> list[str]:
    counts = Counter(labels.tolist())
    notes = []
    for label in [label for label, count in counts.items() if count == 1][:_LISTED]:
        line = f"{table.place} {table.lines[rows[labels.tolist().index(label)]]}"
        notes.append(f"class {shown(str(label))} has one row ({line}): too few to learn it, or to test it")
    more = sum(count == 1 for count in counts.values()) - _LISTED
    return [*notes, f"{more} more classes have one row"] if more > 0 else notes

"""Turning a table and the name of its target column into a classification or regression task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin.checks import counted
from fanin.csv.column import Column, Reading
from fanin.csv.dates import dates
from fanin.csv.errors import UserError, one_line, shown
from fanin.csv.numbers import is_number, numbers
from fanin.csv.table import Table, read_table
from fanin.csv.typed import style_notes
from fanin.demo.dataset import Dataset, Part
from fanin.demo.features import Scale, encode
from fanin.demo.splits import split_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.demo.splits import Rows

FEW_INTEGERS = 20
MINIMUM_ROWS = 20


class _Target(NamedTuple):
    rows: Rows  # of the table, those with a target
    values: NDArray[Any]
    n_classes: int | None
    reading: Reading | None


def load_csv(path: Path, target: str | None, drop: Sequence[str], task: str, seed: int) -> Dataset:
    """
    Return the task of predicting one column of a CSV file from the others.

    ``task`` is "classification", "regression" or "auto": classification if the target is text or at most
    twenty different integers. Rows without a target are ignored. A task that cannot be learned raises UserError.
    """
    table = read_table(path)
    if target is None:
        raise UserError(f"--csv needs --target COLUMN, the column to predict; {table.listing()}")
    column = table[target]
    dropped = {target, *(name for name in drop if table[name])}
    names = [name for name in table.columns if name not in dropped]
    if not names:
        raise UserError(f"{path} has no columns left to predict {shown(target)} from")
    y = _target(column, task)
    train, validation, test = split_rows(None if y.n_classes is None else y.values, len(y.rows), seed)
    notes = []
    if y.reading is not None and y.reading.strays:
        notes.append(y.reading.note(column, "finite number"))
    if left_out := table.n_rows - len(y.rows):
        rows = "1 row is" if left_out == 1 else f"{left_out:,} rows are"
        notes.append(f"{rows} ignored: {shown(target)} is missing")
    x, column_notes, styles = _inputs(table, names, y.rows, train)
    if y.reading is not None:
        styles[target] = y.reading.style
    scale, outputs = _outputs(target, y, train)
    inputs = f"{counted(len(names), 'column')}, {counted(x.shape[1], 'input')}"
    return Dataset(
        f"{one_line(path.name)}: {shown(target)} ({_kind(y, task)}) from {inputs}",
        Part(x[train], outputs[train]),
        Part(x[validation], outputs[validation]),
        Part(x[test], outputs[test]),
        y.n_classes,
        scale.mean,
        scale.deviation,
        (*table.notes, *notes, *style_notes(styles), *column_notes),
    )


def _target(column: Column, task: str) -> _Target:
    name, known = shown(column.name), column.known()
    if not known.cells:
        raise UserError(f"the target column {name} has no values")
    different = len(set(known.cells))
    if different == 1:
        raise UserError(
            f"the target column {name} is constant, {shown(known.cells[0])} in every row: nothing to predict"
        )
    reading = numbers(column)
    may_be_classes = task == "classification" or (task == "auto" and different <= FEW_INTEGERS)
    if reading is not None and reading.strays and may_be_classes:
        reading = None  # classes, some of them text
    if reading is None and (task == "regression" or different > FEW_INTEGERS) and dates(column):
        raise UserError(f"the target column {name} holds dates; expected numbers or class names")
    if reading is None and task == "regression":
        text = shown(next(cell for cell in known.cells if not is_number(cell)))
        raise UserError(
            f"the target column {name} holds text such as {text}; --task regression needs numbers"
        )
    given = Reading.of(column, lambda cell: 0.0) if reading is None else reading
    rows = np.flatnonzero(~np.isnan(given.values))
    if len(rows) < MINIMUM_ROWS:
        few = counted(len(rows), "row")
        raise UserError(f"at least {MINIMUM_ROWS} rows with a target are needed, got {few}")
    values: NDArray[Any] = np.array(known.cells) if reading is None else reading.values[rows]
    different = len(np.unique(values))
    if reading is not None and task != "classification":
        few_integers = different <= FEW_INTEGERS and bool(np.all(values == np.round(values)))
        if task == "regression" or not few_integers:
            return _Target(rows, values, None, reading)
    if different > len(rows) // 2:
        values_in_rows = f"{different:,} different values in {len(rows):,} rows"
        raise UserError(f"the target column {name} has {values_in_rows}, too many for classes")
    classes, labels = np.unique(values, return_inverse=True)
    return _Target(rows, labels.astype(np.int64), len(classes), reading)


def _inputs(
    table: Table, names: Sequence[str], rows: Rows, train: Rows
) -> tuple[NDArray[np.float32], list[str], dict[str, str]]:
    columns: list[NDArray[np.float32]] = []
    notes: list[str] = []
    styles: dict[str, str] = {}
    for name in names:
        inputs, column_notes, styles[name] = encode(table[name].rows(rows.tolist()), train)
        columns.append(inputs)
        notes.extend(column_notes)
    x = np.concatenate(columns, axis=1)
    if not x.shape[1]:
        raise UserError(f"{table.path} has no usable input: " + "; ".join(notes))
    return x, notes, styles


def _outputs(name: str, y: _Target, train: Rows) -> tuple[Scale, NDArray[Any]]:
    if y.n_classes is not None:
        return Scale(name, 0.0, 1.0), y.values
    known = y.values[train]
    if known.min() == known.max():
        raise UserError(
            f"the target column {shown(name)} is {known[0]:g} in every training row: nothing to learn"
        )
    scale = Scale.of(name, known)
    return scale, scale.apply(y.values)


def _kind(y: _Target, task: str) -> str:
    if y.n_classes is None:
        return "regression"
    choice = "; --task regression predicts a number" if y.reading is not None and task == "auto" else ""
    return f"{y.n_classes} classes{choice}"

"""Turning a table and the name of its target column into a classification or regression task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.checks import counted
from fanin.csv.errors import UserError, one_line, shown
from fanin.csv.table import Table, read_table
from fanin.csv.target import Target, target_of
from fanin.csv.typed import style_notes
from fanin.demo.dataset import Dataset, Part
from fanin.demo.features import Scale, encode
from fanin.demo.splits import split_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.demo.splits import Rows

MINIMUM_ROWS = 20


def load_csv(path: Path, target: str | None, drop: Sequence[str], task: str, seed: int) -> Dataset:
    """
    Return the task of predicting one column of a CSV file from the others.

    ``task`` is "classification", "regression" or "auto": classification if the target is text or at most
    twenty different integers. Rows without a target are ignored. A task that cannot be learned raises UserError.
    """
    table = read_table(path)
    if target is None:
        raise UserError(f"--csv needs --target COLUMN, the column to predict; {table.listing()}")
    dropped = {target, *(name for name in drop if table[name])}
    names = [name for name in table.columns if name not in dropped]
    if not names:
        raise UserError(f"{path} has no columns left to predict {shown(target)} from")
    if 0 < (known := len(table[target].known().cells)) < MINIMUM_ROWS:
        raise UserError(f"at least {MINIMUM_ROWS} rows with a target are needed, got {counted(known, 'row')}")
    y = target_of(table, target, task)
    classes, labels = np.unique(y.values, return_inverse=True)
    n_classes = len(classes) if y.classifies else None
    train, validation, test = split_rows(labels if y.classifies else None, len(y.rows), seed)
    x, column_notes, styles = _inputs(table, names, y.rows, train)
    scale, outputs = _outputs(target, y, labels, train)
    inputs = f"{counted(len(names), 'column')}, {counted(x.shape[1], 'input')}"
    return Dataset(
        f"{one_line(path.name)}: {shown(target)} ({_kind(y, n_classes)}) from {inputs}",
        Part(x[train], outputs[train]),
        Part(x[validation], outputs[validation]),
        Part(x[test], outputs[test]),
        n_classes,
        scale.mean,
        scale.deviation,
        (*table.notes, *y.notes, *style_notes(styles), *column_notes),
    )


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


def _outputs(name: str, y: Target, labels: NDArray[Any], train: Rows) -> tuple[Scale, NDArray[Any]]:
    if y.classifies:
        return Scale(name, 0.0, 1.0), labels.astype(np.int64)
    known = y.values[train]
    if known.min() == known.max():
        raise UserError(
            f"the target column {shown(name)} is {known[0]:g} in every training row: nothing to learn"
        )
    scale = Scale.of(name, known)
    return scale, scale.apply(y.values)


def _kind(y: Target, n_classes: int | None) -> str:
    return "regression" if n_classes is None else f"{n_classes} classes{y.advice}"

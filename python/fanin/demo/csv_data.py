"""A table and the name of its target column as a classification or regression task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin.demo.csv_table import Table, is_missing, numbers, read_table
from fanin.demo.dataset import Dataset, Part
from fanin.demo.errors import DemoError
from fanin.demo.features import Scale, encode
from fanin.demo.splits import split_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.demo.splits import Rows

FEW_INTEGERS = 20
MINIMUM_ROWS = 20


class _Target(NamedTuple):
    values: NDArray[Any]
    n_classes: int | None
    numeric: bool


def load_csv(path: Path, target: str | None, drop: Sequence[str], task: str, seed: int) -> Dataset:
    """
    Return the task of predicting one column of a CSV file from the others.

    ``task`` is "classification", "regression" or "auto": classification if the target is text or at most
    twenty different integers. Rows without a target are left out. What cannot be learned is a DemoError.
    """
    table = read_table(path)
    if target is None:
        raise DemoError(f"--csv needs --target COLUMN, the column of {path} to predict; {table.listing()}")
    cells = table[target]
    dropped = {target, *(name for name in drop if table[name])}
    names = [name for name in table.columns if name not in dropped]
    if not names:
        raise DemoError(f"{path} has no column to predict {target!r} from")
    known = [row for row in range(table.n_rows) if not is_missing(cells[row])]
    y = _target(target, [cells[row] for row in known], task)
    train, validation, test = split_rows(None if y.n_classes is None else y.values, len(known), seed)
    notes = []
    if len(known) < table.n_rows:
        notes.append(f"{table.n_rows - len(known):,} rows are left out: no value of {target!r}")
    x, column_notes = _inputs(table, names, known, train)
    scale, outputs = _outputs(target, y, train)
    inputs = f"{_count(len(names), 'column')}, {_count(x.shape[1], 'input')}"
    return Dataset(
        f"{path.name}: {target!r} ({_kind(y, task)}) from {inputs}",
        Part(x[train], outputs[train]),
        Part(x[validation], outputs[validation]),
        Part(x[test], outputs[test]),
        y.n_classes,
        scale.mean,
        scale.deviation,
        (*notes, *column_notes),
    )


def _target(name: str, cells: Sequence[str], task: str) -> _Target:
    if not cells:
        raise DemoError(f"the target column {name!r} has no values at all")
    values = numbers(name, cells)
    different = len(set(cells) if values is None else np.unique(values))
    if different == 1:
        raise DemoError(
            f"the target column {name!r} is constant, {cells[0]} in every row: nothing to predict"
        )
    if len(cells) < MINIMUM_ROWS:
        raise DemoError(f"{len(cells)} rows with a target are too few; at least {MINIMUM_ROWS} are needed")
    if values is None:
        if task == "regression":
            raise DemoError(f"the target column {name!r} has text: --task regression needs numbers")
    elif task != "classification":
        few = different <= FEW_INTEGERS and bool(np.all(values == np.round(values)))
        if task == "regression" or not few:
            return _Target(values, None, numeric=True)
    if different > len(cells) // 2:
        values_in_rows = f"{different:,} different values in {len(cells):,} rows"
        raise DemoError(f"the target column {name!r} has {values_in_rows}, too many for classes")
    classes, labels = np.unique(np.array(cells) if values is None else values, return_inverse=True)
    return _Target(labels.astype(np.int64), len(classes), numeric=values is not None)


def _inputs(
    table: Table, names: Sequence[str], known: Sequence[int], train: Rows
) -> tuple[NDArray[np.float32], list[str]]:
    columns = []
    notes = []
    for name in names:
        cells = table.columns[name]
        encoded = encode(name, [cells[row] for row in known], train)
        columns.append(encoded.inputs)
        notes.extend([encoded.note] if encoded.note else [])
    x = np.concatenate(columns, axis=1)
    if not x.shape[1]:
        raise DemoError(f"{table.path} has no usable input: " + "; ".join(notes))
    return x, notes


def _outputs(name: str, y: _Target, train: Rows) -> tuple[Scale, NDArray[Any]]:
    if y.n_classes is not None:
        return Scale(name, 0.0, 1.0), y.values
    known = y.values[train]
    if known.min() == known.max():
        raise DemoError(f"the target column {name!r} is {known[0]:g} in every training row: nothing to learn")
    scale = Scale.of(name, known)
    return scale, scale.apply(y.values)


def _kind(y: _Target, task: str) -> str:
    if y.n_classes is None:
        return "regression"
    choice = "; --task regression takes it as a number" if y.numeric and task == "auto" else ""
    return f"{y.n_classes} classes{choice}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"

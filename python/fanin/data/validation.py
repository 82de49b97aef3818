"""Validation data: separate data, or a part of the training data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fanin import _core
from fanin.data.frames import frame_of, is_series
from fanin.data.inputs import ColumnNames, as_data, check_parts, classes_of, error_context, row_count
from fanin.data.sequences import Sequences
from fanin.data.sparse import as_csr, is_sparse
from fanin.values import check_number, share

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.model import Model

    ValidationData = tuple[ArrayLike, ArrayLike] | tuple[ArrayLike, ArrayLike, ArrayLike | None]
    Rows = slice | NDArray[np.intp]

ValidationSplit = Literal["last", "stratified"]


class Validation:
    """Data for `Network.evaluate`, (X, y) or (X, y, sample_weight); the constructor checks them."""

    def __init__(
        self, net: Model, data: tuple[Any, ...], names: ColumnNames, prefix: str = "validation_data: "
    ) -> None:
        with error_context(prefix):
            check_parts(data)
            weights = data[2] if len(data) == 3 else None
            X, y, weights, labels = as_data(net, data[0], data[1], weights, names)
            with error_context(labels=labels):
                net._core.check(X, y, weights)
        # convert lists to arrays once, not in every epoch
        given = {"X": X, "y": y, "sample_weight": weights}
        self._data = [
            value
            if value is None or isinstance(value, Sequences) or is_sparse(value)
            else _core.numbers(name, value)
            for name, value in given.items()
        ]

    def evaluate(self, net: Model) -> tuple[float, float]:
        """Return the loss and the metric."""
        loss, metric = net._core.evaluate(*self._data, checked=True)
        return loss, metric


def validation_of(net: Model, data: ValidationData | None, names: ColumnNames) -> Validation | None:
    """Check the argument `validation_data`, given the network's column names, and return it."""
    return None if data is None else Validation(net, data, names)


def split_off(
    net: Model,
    fraction: float,
    split: ValidationSplit,
    seed: int,
    given: Validation | None,
    names: ColumnNames,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None,
) -> tuple[tuple[Any, ...], Validation]:
    """Split X, y and weights into the rows to train on and, as validation data, this fraction of all rows.

    Of n rows, exactly floor(n (1 - fraction)) remain to train on. "last" holds back the last rows, and both parts are
    views; "stratified" holds back its share of each class, chosen by the seed, and both parts are copies.
    """
    if given is not None:
        raise ValueError("validation_fraction: expected None together with validation_data")
    check_number("validation_fraction", fraction, above=0, below=1)
    rows = matching_rows(X, y, sample_weight)
    kept = math.floor(rows - share(rows, fraction))
    if not 0 < kept < rows:
        raise ValueError(
            f"validation_fraction: {fraction} of {rows} rows leaves {kept} to train on and {rows - kept} to validate; "
            "expected at least one each"
        )
    parts: tuple[Rows, Rows] = slice(kept), slice(kept, None)
    prefix = f"validation_fraction: rows counted from row {kept}: "
    if split == "stratified" and isinstance(y, Sequences):
        raise ValueError(
            'validation_split: "stratified" needs a class for each sequence, but this network has one for each step'
        )
    if split == "stratified":
        held_back = np.zeros(rows, dtype=bool)
        held_back[_core.stratified_rows(classes_of(net, y, names, "validation_split"), rows - kept, seed)] = (
            True
        )
        parts = np.flatnonzero(~held_back), np.flatnonzero(held_back)
        prefix = "validation_split: rows counted among those held back: "
    first, last = (parts_of((X, y, sample_weight), part) for part in parts)
    return first, Validation(net, last, names, prefix)


def matching_rows(X: Any, y: Any, sample_weight: Any) -> int:
    """Return the number of rows; raise ValueError unless all have as many."""
    rows = row_count("X", X)
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None and row_count(name, value) != rows:
            raise ValueError(f"{name}: expected {rows} rows to match X, got {row_count(name, value)}")
    return rows


def parts_of(data: tuple[Any, ...], rows: Rows) -> tuple[Any, ...]:
    """Return some rows of (X, y, sample_weight)."""
    named = zip(("X", "y", "sample_weight"), data, strict=True)
    return tuple(rows_of(name, value, rows) for name, value in named)


def rows_of(name: str, value: Any, rows: Rows) -> Any:
    """Return some rows of an array, list, frame, series, CSR matrix or sequences; of a slice a view, if possible."""
    if value is None:
        return None
    if hasattr(value, "iloc"):
        return value.iloc[rows]
    if is_sparse(value):
        return as_csr(value)[rows]
    if isinstance(value, list | tuple) and not isinstance(rows, slice):
        return [value[row] for row in rows]
    if (
        isinstance(value, np.ndarray | list | tuple | Sequences)
        or is_series(value)
        or frame_of(name, value) is not None
    ):
        return value[rows]
    return _core.numbers(name, value)[rows]

"""The data that an examination reads, checked and converted once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

from fanin import _core
from fanin.data.frames import quoted
from fanin.data.inputs import ColumnNames, as_data, check_parts, classes_of, error_context, note_names
from fanin.data.order import in_random_order
from fanin.data.sparse import is_sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network

    Data = tuple[Any, Any, Any]  # X, y, sample weights


@dataclass(frozen=True, eq=False)
class Samples:
    """Training rows of weight above 0, and validation data.

    Attributes
    ----------
    X : ndarray or CSR matrix, shape (rows, columns)
    y : ndarray, shape (rows,) or (rows, outputs)
    weight : ndarray, shape (rows,)
        Sample weights, by default 1.
    places : ndarray of int, shape (rows,)
        The number of each row in the user's X.
    classes : ndarray of int, shape (rows,), or None
        If the targets are classes.
    validation : tuple of X, y and sample weights, or None
    names : list of str or None
        Names of the columns.
    """

    X: Any
    y: NDArray[Any]
    weight: NDArray[np.float64]
    places: NDArray[np.intp]
    classes: NDArray[np.int32] | None
    validation: Data | None
    names: list[str] | None

    @property
    def rows(self) -> int:
        """Number of training rows."""
        return len(self.y)

    def column(self, number: SupportsIndex) -> str:
        """Return what messages call a column."""
        return quoted(self.names[number]) if self.names else str(number)

    def some(self, most: int, seed: int) -> NDArray[np.int64]:
        """Return the numbers of at most so many rows, in random order."""
        return in_random_order(self.rows, seed)[:most]


def samples_of(net: Network, X: Any, y: Any, sample_weight: Any, validation_data: Any) -> Samples:
    """Check the data as `Network.fit` does, and return them."""
    names: ColumnNames = {name: list(columns) for name, columns in net._core.column_names.items()}
    note_names(X, y, names)
    X, y, weight = _checked(net, X, y, sample_weight, names)
    validation = None
    if validation_data is not None:
        with error_context("validation_data: "):
            check_parts(validation_data)
            others = validation_data[2] if len(validation_data) == 3 else None
            validation = _checked(net, validation_data[0], validation_data[1], others, names)
    places = np.arange(len(y)) if weight is None else np.flatnonzero(weight > 0)
    if len(places) < 2:
        raise ValueError(f"X: expected at least 2 samples of weight above 0 to examine, got {len(places)}")
    weight = np.ones(len(places)) if weight is None else weight[places].astype(float)
    if len(places) < len(y):
        X, y = X[places], y[places]
    return Samples(X, y, weight, places, classes_in(net, y), validation, names.get("X"))


def classes_in(net: Network, y: NDArray[Any]) -> NDArray[np.int32] | None:
    """Return the class of each row, or None for targets that are not classes."""
    with suppress(ValueError, TypeError):
        return classes_of(net, y, {}, "classes")
    return None


def dense(X: Any) -> NDArray[np.float64]:
    """Return rows as an array of float64."""
    return np.asarray(X.toarray() if is_sparse(X) else X, dtype=float)


def _checked(net: Network, X: Any, y: Any, weight: Any, names: ColumnNames) -> Data:
    if isinstance(X, _core.CodedRows):
        raise TypeError("X: expected numbers, got coded rows")
    if net._core.recurrent:
        raise ValueError(
            "net: expected a network without recurrent layers, because data of sequences are not examined"
        )
    X, y, weight, labels = as_data(net, X, y, weight, names)
    with error_context(labels=labels):
        net._core.check(X, y, weight)
    X = X if is_sparse(X) else _core.numbers("X", X)
    return X, _core.numbers("y", y), None if weight is None else _core.numbers("sample_weight", weight)

"""Tables, targets and weights, as `fit_table` takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array, check_consistent_length

from fanin.data.frames import check_in_memory
from fanin.sklearn.compatibility import set_or_check_names, validated
from fanin.sklearn.data import checked_numbers, raveled
from fanin.sklearn.table_columns import are_texts
from fanin.tables.arguments import checked_weights
from fanin.tables.coding import rows_of_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SMALL = 1000  # rows, and columns of sparse X


def checked_table(estimator: Any, X: Any, *, reset: bool) -> Any:
    """Return X after scikit-learn's checks: a frame as it is, sparse X as CSR, anything else as an array.

    `reset` sets the number of columns and their names; without it, the columns of a frame may have another order.
    """
    check_in_memory("X", X)
    least = 2 if reset else 1
    if are_texts(X):
        X = np.array([[cell] for cell in X], dtype=object)
    if issparse(X):
        checks = {"accept_sparse": "csr", "dtype": (np.float64, np.float32), "ensure_min_samples": least}
        return validated(estimator, X, reset=reset, **checks)
    if not (hasattr(X, "columns") and hasattr(X, "shape")):
        if isinstance(X, list | tuple) and np.asarray(X).dtype.kind in "US":
            X = np.asarray(X, dtype=object)  # numbers beside texts stay numbers
        return validated(
            estimator, X, reset=reset, dtype=None, ensure_all_finite=False, ensure_min_samples=least
        )
    names = [str(name) for name in X.columns]
    if twice := [name for i, name in enumerate(names) if name in names[:i]]:
        raise ValueError(f"X: column names must differ, got {twice[0]!r} more than once")
    check_array(np.broadcast_to(np.uint8(0), X.shape), ensure_min_samples=least, estimator=estimator)
    if reset or not hasattr(estimator, "feature_names_in_"):
        set_or_check_names(estimator, X, reset)
    if reset:
        estimator.n_features_in_ = X.shape[1]
    return X


def checked_targets(y: Any, loss: str) -> NDArray[np.float64]:
    """Return the targets of a regression in float64; raise an error for missing or infinite ones."""
    if not issparse(y):
        y = np.asarray(y)
        if y.ndim not in (1, 2):
            raise ValueError(f"y: expected shape (n_samples,) or (n_samples, n_outputs), got {y.shape}")
        check_missing(y)
        y = raveled(_floats(y) if y.dtype == object else y)
    y = checked_numbers(y, loss).astype(np.float64)
    check_finite(y, "targets")
    targets: NDArray[np.float64] = y
    return targets


def _floats(y: NDArray[Any]) -> NDArray[np.float64]:
    numbers = np.empty(y.shape)
    for place, value in np.ndenumerate(y):
        try:
            numbers[place] = float(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeError(f"y: row {place[0]}: expected a number: {error}") from None
    return numbers


def check_finite(y: NDArray[Any], what: str) -> None:
    """Raise ValueError unless all of them are finite."""
    if not (finite := np.isfinite(y)).all():
        row = int(finite.reshape(len(y), -1).all(axis=1).argmin())
        raise ValueError(f"y: row {row} is {y[row]}; {what} must be finite")


def check_missing(y: NDArray[Any]) -> None:
    """Raise ValueError, with the rows, if targets are missing."""
    if y.ndim == 0:
        return
    if y.dtype.kind == "O":
        missing = np.array([_is_missing(value) for value in y.ravel()], bool).reshape(y.shape)
    elif y.dtype.kind in "fcMm":
        missing = y != y
    else:
        return
    rows = np.flatnonzero(missing.reshape(len(y), -1).any(axis=1)) if y.size else ()
    if len(rows):
        listed = ", ".join(map(str, rows[:10])) + (", ..." if len(rows) > 10 else "")
        raise ValueError(
            f"y: {len(rows)} of {len(y)} targets are missing, in rows {listed}; remove these rows, or fill in targets"
        )


def _is_missing(value: Any) -> bool:
    return value is None or (not isinstance(value, str) and str(value) in ("nan", "<NA>", "NaT"))


class Rows(NamedTuple):
    """Distinct rows of a table, and for each row that was given its place among them, or -1 without a weight."""

    X: Any
    y: NDArray[Any]
    weights: NDArray[Any] | None
    places: NDArray[np.intp]


def weighted_rows(X: Any, y: NDArray[Any], weights: Any, random: np.random.RandomState) -> Rows:
    """Return the rows with a weight; of a small table of numbers, equal rows as one with the sum of their weights.

    So weights do exactly what repeating and leaving out rows would do, in any order of the rows.
    """
    check_consistent_length(X, y)
    weights = checked_weights(weights, len(y))
    places: NDArray[np.intp] = np.arange(len(y))
    if weights is not None:
        kept = np.flatnonzero(weights)
        places = np.full(len(y), -1)
        places[kept] = np.arange(len(kept))
        if len(kept) < len(y):
            X, y, weights = rows_of_table(X, kept), y[kept], weights[kept]
    cells = X.toarray() if issparse(X) and max(X.shape) <= _SMALL else np.asarray(X)
    if len(y) <= _SMALL and cells.dtype.kind in "biuf" and np.isfinite(cells).all():
        _, first, same = np.unique(
            np.column_stack([y, cells]), axis=0, return_index=True, return_inverse=True
        )
        order = random.permutation(len(first))
        same = np.argsort(order)[same.ravel()]
        X, y, weights = rows_of_table(X, first[order]), y[first[order]], np.bincount(same, weights)
        places = np.where(places < 0, -1, same[places])
    if weights is not None and (weights == weights[0]).all():
        weights = None
    return Rows(X, y, weights, places)

"""Condition numbers of the inputs, before and after the input layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.model import Model

_ROWS = 2000  # that condition numbers are computed from
_COLUMNS = 128  # up to which that takes a few milliseconds


def condition_numbers(net: Model, X: ArrayLike) -> tuple[float, float]:
    """Return the condition number of X'X / m for the rows of X, at most 2,000 of them, and for the mapped rows."""
    rows = some_rows(X)
    mapped = np.asarray(net._core.first_inputs(rows) if net._core.adapted else rows, dtype=float)
    return _condition(rows[~np.isnan(rows).any(axis=1)]), _condition(mapped)


def some_rows(X: ArrayLike) -> NDArray[np.float64]:
    """Return a copy of at most 2,000 rows of X."""
    rows = _core.numbers("X", X)
    return np.array(rows[:: max(1, -(-len(rows) // _ROWS))], dtype=float)


def rows_to_condition(net: Model, X: ArrayLike) -> NDArray[np.float64] | None:
    """Return rows for `keep_condition_numbers` if the input layer will learn from X, unless it has many columns."""
    return some_rows(X) if net._core.has_input_layer and net.n_inputs <= _COLUMNS else None


def keep_condition_numbers(net: Model, rows: NDArray[np.float64] | None) -> None:
    """Store the condition numbers of these rows, which the input layer has learned from."""
    if rows is not None and net._core.adapted:
        net._core.set_condition_numbers(*condition_numbers(net, rows))


def _condition(rows: NDArray[Any]) -> float:
    """Return the ratio of the largest eigenvalue to the smallest that is not 0; 1 if there is none."""
    largest = np.abs(rows).max(initial=0)
    if largest == 0:
        return 1.0
    rows = rows / largest
    eigenvalues = np.linalg.eigvalsh(rows.T @ rows)
    least = eigenvalues[-1] * len(eigenvalues) * np.finfo(float).eps
    positive = eigenvalues[eigenvalues > least]
    return float(positive[-1] / positive[0])

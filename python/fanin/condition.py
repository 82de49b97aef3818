"""Condition numbers of the inputs, before and after the input layer."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.data.inputs import row_count
from fanin.data.sequences import Sequences, as_sequences
from fanin.data.sparse import as_csr, is_sparse
from fanin.layers import CODING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.model import Model

_ROWS = 2000  # that condition numbers are computed from
_COLUMNS = 128  # up to which that takes a few milliseconds
_CERTAIN = 1e-6  # beside the largest, eigenvalues from a product are certain


def condition_numbers(net: Model, X: ArrayLike) -> tuple[float, float | None]:
    """Return the condition number of X'X / m for rows of X, at most 2,000, and for what the input layer makes of them.

    None instead of the second one if there is no input layer that has learned.
    """
    return _condition_numbers(net, some_rows(as_csr(as_sequences(net, X))))


def _condition_numbers(net: Model, rows: NDArray[np.float64]) -> tuple[float, float | None]:
    if not len(rows):
        raise ValueError("X: expected at least one row, got none")
    learned = net._core.has_input_layer and net._core.adapted
    after = _condition(net._core.first_inputs(rows)) if learned else None
    return _condition(rows[~np.isnan(rows).any(axis=1)]), after


def some_rows(X: Any) -> NDArray[np.float64]:
    """Return a copy of at most 2,000 rows of X, dense if X is sparse."""
    rows = some_rows_of(X)
    return np.array(rows.toarray() if is_sparse(rows) else rows, dtype=float)


def some_rows_of(X: Any) -> Any:
    """Return at most 2,000 rows of X, or steps of sequences; sparse if X is."""
    if isinstance(X, Sequences):
        X = X.steps
    given: Any = X if is_sparse(X) else _core.numbers("X", X)
    return given[:: max(1, -(-row_count("X", given) // _ROWS))]


def rows_to_condition(net: Model, X: ArrayLike) -> NDArray[np.float64] | None:
    """Return rows for `keep_condition_numbers` if the input layer will learn from X; not if it is sparse or wide."""
    maps = net._core.has_input_layer and not isinstance(net.layers[0], CODING)  # codes have many columns
    wanted = maps and net.n_inputs <= _COLUMNS and not is_sparse(X)
    return some_rows(X) if wanted else None


def keep_condition_numbers(net: Model, rows: NDArray[np.float64] | None) -> None:
    """Store the condition numbers of these rows, which the input layer has learned from."""
    if rows is None or not len(rows) or not net._core.adapted:
        return
    with suppress(RuntimeError):  # another thread is using the network, which matters more
        before, after = _condition_numbers(net, rows)
        net._core.set_condition_numbers(before, after or before)


def _condition(rows: NDArray[Any]) -> float:
    """Return the squared ratio of the largest singular value to the smallest that is not 0 but for rounding."""
    largest = np.abs(rows).max(initial=0)
    if largest == 0:
        return 1.0
    rows = rows / largest
    eigenvalues = np.linalg.eigvalsh(rows.T.astype(float) @ rows)
    if eigenvalues[0] > _CERTAIN * eigenvalues[-1]:
        return float(eigenvalues[-1] / eigenvalues[0])
    values = np.linalg.svd(rows.astype(float), compute_uv=False)
    least = values[0] * max(rows.shape) * np.finfo(rows.dtype).eps
    return float((values[0] / values[values > least][-1]) ** 2)

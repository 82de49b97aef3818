"""Checking what a table's training is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.losses import Gamma, Logistic, Loss, Poisson, SoftmaxCrossEntropy

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LISTED = 10  # rows that a message names
_LARGEST = 1e38  # target; float32 holds no more


def checked_targets(loss: Loss, y: ArrayLike, n_classes: int | None) -> NDArray[Any]:
    """Return labels, (n,) or (n, labels) of 0 and 1, or numbers, (n, outputs); raise ValueError unless they fit."""
    array: NDArray[Any] = np.asarray(_core.numbers("y", y))
    if array.ndim not in (1, 2) or 0 in array.shape:
        raise ValueError(f"y: expected shape (n_samples,) or (n_samples, n_outputs), got {array.shape}")
    array = array.astype(np.float64).reshape(len(array), -1)
    _check_rows("y: expected finite numbers", array, ~np.isfinite(array))
    if not isinstance(loss, Logistic | SoftmaxCrossEntropy):
        least = 1 / _LARGEST if isinstance(loss, Gamma) else 0.0 if isinstance(loss, Poisson) else -_LARGEST
        outside = (array < least) | (array > _LARGEST)
        _check_rows(f"y: expected numbers from {least:g} to {_LARGEST:g}", array, outside)
        return array
    classes = 2 if isinstance(loss, Logistic) else n_classes
    if classes is None or classes < 2:
        raise ValueError(f"n_classes: expected at least 2, got {n_classes}")
    if array.shape[1] != 1 and not isinstance(loss, Logistic):
        raise ValueError(f"y: expected labels of shape (n_samples,), got {np.shape(y)}")
    labels = array.astype(np.int64)
    unknown = (labels != array) | (labels < 0) | (labels >= classes)
    _check_rows(f"y: expected labels 0..{classes - 1}", array, unknown)
    return labels if array.shape[1] > 1 else labels[:, 0]


def checked_weights(given: ArrayLike | None, rows: int) -> NDArray[np.float64] | None:
    """Return the sample weights; raise ValueError unless they are finite, at least 0, and fit into float32."""
    if given is None:
        return None
    weight: NDArray[np.float64] = np.asarray(_core.numbers("sample_weight", given)).astype(np.float64)
    if weight.shape != (rows,):
        raise ValueError(f"sample_weight: expected shape ({rows},), got {weight.shape}")
    column = weight[:, None]
    wrong = ~np.isfinite(column) | (column < 0)
    _check_rows("sample_weight: expected finite numbers of at least 0", column, wrong)
    least = weight.max(initial=0) * np.finfo(np.float32).tiny
    lost = (column > 0) & (column < least)
    _check_rows(f"sample_weight: expected 0 or at least {least:g}, lost in float32 otherwise", column, lost)
    return weight


def _check_rows(expected: str, array: NDArray[Any], wrong: NDArray[np.bool_]) -> None:
    if (rows := np.flatnonzero(wrong.any(axis=1))).size:
        listed = ", ".join(str(row) for row in rows[:_LISTED]) + (", ..." if len(rows) > _LISTED else "")
        value = array[wrong][0]
        raise ValueError(f"{expected}, got {value:g} in row{'s' if len(rows) > 1 else ''} {listed}")

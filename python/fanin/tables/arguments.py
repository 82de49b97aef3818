"""Checking what a table's training is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.losses import Logistic, Loss, SoftmaxCrossEntropy

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LISTED = 10  # rows that a message names


def checked_targets(loss: Loss, y: ArrayLike, n_classes: int | None) -> NDArray[Any]:
    """Return labels, (n,), or numbers, (n, outputs); raise ValueError unless they fit the loss."""
    array: NDArray[Any] = np.asarray(_core.numbers("y", y))
    if array.ndim not in (1, 2) or 0 in array.shape:
        raise ValueError(f"y: expected shape (n_samples,) or (n_samples, n_outputs), got {array.shape}")
    array = array.astype(np.float64).reshape(len(array), -1)
    _check_rows("y: expected finite numbers", array, np.any(~np.isfinite(array), axis=1))
    if not isinstance(loss, Logistic | SoftmaxCrossEntropy):
        return array
    classes = 2 if isinstance(loss, Logistic) else n_classes
    if classes is None or classes < 2:
        raise ValueError(f"n_classes: expected at least 2, got {n_classes}")
    if array.shape[1] != 1:
        raise ValueError(f"y: expected labels of shape (n_samples,), got {np.shape(y)}")
    labels = array[:, 0].astype(np.int64)
    unknown = (labels != array[:, 0]) | (labels < 0) | (labels >= classes)
    _check_rows(f"y: expected labels 0..{classes - 1}", array, unknown)
    return labels


def checked_weights(given: ArrayLike | None, rows: int) -> NDArray[np.float64] | None:
    """Return the sample weights; raise ValueError unless they are finite, at least 0, and not all 0."""
    if given is None:
        return None
    weight: NDArray[np.float64] = np.asarray(_core.numbers("sample_weight", given)).astype(np.float64)
    if weight.shape != (rows,):
        raise ValueError(f"sample_weight: expected shape ({rows},), got {weight.shape}")
    wrong = ~np.isfinite(weight) | (weight < 0)
    _check_rows("sample_weight: expected finite numbers of at least 0", weight[:, None], wrong)
    return weight


def _check_rows(expected: str, array: NDArray[Any], wrong: NDArray[np.bool_]) -> None:
    if (rows := np.flatnonzero(wrong)).size:
        listed = ", ".join(str(row) for row in rows[:_LISTED]) + (", ..." if len(rows) > _LISTED else "")
        value = next(x for x in array[rows[0]] if len(array[rows[0]]) == 1 or not np.isfinite(x))
        raise ValueError(f"{expected}, got {value:g} in row{'s' if len(rows) > 1 else ''} {listed}")

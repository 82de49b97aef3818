"""Rows that no network sees, by which those that see all others are judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin.data.inputs import check_parts, error_context
from fanin.tables.arguments import checked_targets, checked_weights
from fanin.tables.coding import rows_of_table
from fanin.tables.reading import shape_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.losses import Loss
    from fanin.tables.fitted import FittedTable

IN_VALIDATION = "validation rows: "  # before messages about them


class Validation(NamedTuple):
    """A table, its targets and weights; whether it ends training early, and by which score instead of the loss."""

    X: Any
    y: NDArray[Any]
    weight: NDArray[np.float64] | None
    stops: bool = False
    scorer: Callable[[FittedTable], float] | None = None

    def after(
        self, y: NDArray[Any], weight: NDArray[np.float64] | None
    ) -> tuple[NDArray[Any], NDArray[np.float64] | None]:
        """Return these targets and weights followed by those of the validation rows."""
        weights = weight, self.weight
        if weight is None and self.weight is None:
            return np.concatenate([y, self.y]), None
        ones = np.ones(len(y)), np.ones(len(self.y))
        all_weights = [one if own is None else own for own, one in zip(weights, ones, strict=True)]
        return np.concatenate([y, self.y]), np.concatenate(all_weights)


def checked_validation(
    loss: Loss, n_classes: int | None, targets: NDArray[Any], given: Sequence[Any]
) -> Validation:
    """Return the rows of weight above 0; raise ValueError unless they suit the loss, and the targets of the others."""
    with error_context(IN_VALIDATION):
        check_parts(given)
        X, y, sample_weight = (*given, None)[:3]
        y = checked_targets(loss, y, n_classes)
        if y.shape[1:] != targets.shape[1:]:
            raise ValueError(
                f"y: expected {targets.shape[1]} targets a row, as in training, got {y.shape[1]}"
            )
        weight = checked_weights(sample_weight, len(y))
        if (rows := shape_of(X)[0]) != len(y):
            raise ValueError(f"y: expected {rows} rows, as X has, got {len(y)}")
        if weight is None:
            return Validation(X, y, None)
        used = np.flatnonzero(weight > 0)
        if len(used) == 0:
            raise ValueError("sample_weight: expected some above 0")
        return Validation(rows_of_table(X, used), y[used], weight[used])

"""Validation rows of the estimators of tables: those that are given, or some that are held out, and their score."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.utils import check_consistent_length

from fanin.data.inputs import error_context
from fanin.sklearn.data import checked_weights
from fanin.sklearn.table_data import Rows, checked_table
from fanin.tables.coding import rows_of_table
from fanin.tables.folds import folds_of
from fanin.tables.sparse_model import model_of
from fanin.tables.validation import IN_VALIDATION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.tables.fitted import FittedTable

_PART = 10  # of the rows, one of which early stopping holds out


class Held(NamedTuple):
    """Rows apart from those of a first fit: their targets as networks learn them, and their weights, none of them 0."""

    X: Any
    y: NDArray[Any]
    weights: NDArray[Any] | None


def held_rows(estimator: Any, X: Any, y: Any, sample_weight: Any) -> Held | None:
    """Return the arguments of `fit` as rows, or None if they are not given; raise unless they are like the others."""
    if X is None or y is None:
        given = [name for name, value in (("X_val", X), ("y_val", y)) if value is not None]
        if given or sample_weight is not None:
            got = given[0] if given else "only weights"
            raise ValueError(f"X_val, y_val: expected both or neither, got {got}")
        return None
    with error_context(IN_VALIDATION):
        X, y = checked_table(estimator, X, reset=False), estimator._known(y)
        check_consistent_length(X, y)
        weights = estimator._weighted(checked_weights(sample_weight, len(y), "sample_weight_val"), y)
    return used_rows(X, y, weights)


def used_rows(X: Any, y: NDArray[Any], weights: NDArray[Any] | None) -> Held:
    """Return the rows of weight above 0."""
    if weights is None:
        return Held(X, y, None)
    used = np.flatnonzero(weights)
    return Held(rows_of_table(X, used), y[used], weights[used])


def split(rows: Rows, seed: int, classifies: bool) -> tuple[Rows, Held]:
    """Return the rows to train on, and a tenth of them held out, of each class."""
    if len(rows.y) < 3:
        raise ValueError(
            f"early_stopping: expected at least 3 different rows with a weight, got {len(rows.y)}"
        )
    part = folds_of(len(rows.y), _PART, seed, rows.y if classifies else None)
    weights = (None, None) if rows.weights is None else (rows.weights[part > 0], rows.weights[part == 0])
    kept, held = np.flatnonzero(part > 0), np.flatnonzero(part == 0)
    train = Rows(rows_of_table(rows.X, kept), rows.y[kept], weights[0], rows.places)
    return train, Held(rows_of_table(rows.X, held), rows.y[held], weights[1])


def scorer_of(estimator: Any, held: Held | None) -> Callable[[FittedTable], float] | None:
    """Return the score of networks on these rows by the estimator's `scoring`; None without it."""
    if estimator.scoring is None:
        return None
    scorer = check_scoring(estimator, scoring=estimator.scoring)
    if held is None:
        return None
    twin = object.__new__(type(estimator))
    vars(twin).update(vars(estimator))
    y, weights = estimator._given(held.y), {} if held.weights is None else {"sample_weight": held.weights}

    def score(fitted: FittedTable) -> float:
        twin._model = model_of(fitted, estimator._labels(), {})
        with error_context("scoring of validation rows: "):
            return float(scorer(twin, held.X, y, **weights))

    return score

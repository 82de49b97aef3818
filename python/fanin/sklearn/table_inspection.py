"""What columns mean to a model of tables: permutation importance and partial dependence, by scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.inspection import PartialDependenceDisplay, permutation_importance

from fanin.data.sparse import is_sparse
from fanin.tables.coding import rows_of_table
from fanin.tables.columns import Category, Number, TwoNumbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS = 2000  # on which a model is inspected, at most
_ROWS_OF_GRIDS = 200  # each of which is predicted for each point of a grid
_POINTS = 20  # of a column in a grid


@dataclass(frozen=True)
class Importance:
    """By how much the loss of rows rises if a column of them is shuffled: mean and standard deviation of 5 times."""

    column: str
    mean: float
    deviation: float


def sample(rows: int, most: int = _ROWS) -> NDArray[np.intp]:
    """Return the places of random rows, always the same, or of all in random order if there are no more."""
    return np.random.default_rng(0).choice(rows, min(rows, most), replace=False)


def importance_of(model: Any, X: Any, y: NDArray[Any]) -> tuple[Importance, ...]:
    """Return the importance of each column for a sample of rows, the highest first; y as networks learn it."""
    _refuse_sparse("importance", X)
    rows = sample(len(y))
    found = permutation_importance(
        model,
        _pandas(rows_of_table(X, rows)),
        y[rows],
        scoring=lambda model, X, y: -model._quality_on(X, y).measures[0].value,
        random_state=0,
    )
    order = np.argsort(-found.importances_mean, kind="stable")
    names = model.encoder_._names
    means, deviations = found.importances_mean, found.importances_std
    return tuple(Importance(names[i], float(means[i]), float(deviations[i])) for i in order)


def partial_dependence_of(model: Any, X: Any, columns: Sequence[Any], options: dict[str, Any]) -> Any:
    """Return the display of `TableEstimator.partial_dependence`."""
    _refuse_sparse("columns", X)
    X = _pandas(rows_of_table(X, sample(len(X), _ROWS_OF_GRIDS)))
    encoder = model.encoder_
    names = [str(name) for name in X.columns] if hasattr(X, "columns") else encoder._names
    kinds = {column.name: column for column in encoder.columns}
    chosen = {_place(key, names, kinds) for keys in columns for key in _several(keys)}
    X, categories = _prepared(encoder, X, names, sorted(chosen))
    return PartialDependenceDisplay.from_estimator(
        model, X, columns, categorical_features=categories, **({"grid_resolution": _POINTS} | options)
    )


def _refuse_sparse(argument: str, X: Any) -> None:
    if is_sparse(X):
        raise ValueError(f"{argument}: expected columns of a table, got a sparse matrix")


def _several(keys: Any) -> tuple[Any, ...]:
    return tuple(keys) if isinstance(keys, tuple | list) else (keys,)


def _place(key: Any, names: list[str], kinds: dict[str, Any]) -> int:
    """Return the place of a column, a number or a category, given by its name or place."""
    place = names.index(key) if key in names else key
    usable = [i for i, name in enumerate(names) if isinstance(kinds[name], Number | TwoNumbers | Category)]
    if place not in usable:
        known = ", ".join(names[i] for i in usable)
        raise ValueError(f"columns: expected numbers or categories among {known}; got {key!r}")
    return int(place)


def _prepared(encoder: Any, X: Any, names: list[str], chosen: list[int]) -> tuple[Any, list[bool]]:
    """Return the rows without missing values in these columns, and which of all columns are categories among these.

    Numbers are float64, however they were stored, as scikit-learn's grids take them.
    """
    table, known = encoder._read(X), np.ones(len(X), bool)
    framed = hasattr(X, "columns")
    X = X.copy() if framed else X.astype(np.float64 if X.dtype.kind in "biuf" else object)
    categories = [False] * len(names)
    for place in chosen:
        values = encoder._column(table, names[place])
        if isinstance(values, tuple):  # of a category
            categories[place] = True
            known &= values[0] >= 0
        else:
            known &= ~np.isnan(values)
            if framed:
                X[X.columns[place]] = values
            else:
                X[:, place] = values
    return X[known], categories


def _pandas(X: Any) -> Any:
    """Return a frame of polars as one of pandas, whose columns scikit-learn replaces; anything else as it is."""
    if not hasattr(X, "to_pandas"):
        return X
    return import_module("pandas").DataFrame({name: X[name].to_list() for name in X.columns})

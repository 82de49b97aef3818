"""Which columns of a table are categories, whatever they hold, and which are text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import issparse

from fanin.data.frames import is_series
from fanin.tables.text_encoder import free_texts

_WORDS = {"categorical_features": "from_dtype", "text_features": "auto"}


def columns_of(estimator: Any, given: Any, X: Any) -> dict[str, Any]:
    """Return the names of an estimator's columns of categories and text, for `fit_table`.

    `given` is X before, X after the checks of scikit-learn.

    Raises
    ------
    ValueError, TypeError
        For columns that X does not have, and for one that is both.
    """
    categories = _chosen(estimator, "categorical_features", X) or ()
    texts = _chosen(estimator, "text_features", X)
    if texts is None and are_texts(given):
        texts = ("x0",)
    elif texts is None:
        texts = () if issparse(X) else free_texts(X, categories)
    if twice := [name for name in texts if name in categories]:
        raise ValueError(
            f"text_features: expected columns that are not in categorical_features, got {twice[0]!r}"
        )
    return {"categories": categories, "texts": texts}


def are_texts(X: Any) -> bool:
    """Whether this is a list, an array or a series of texts, which is one column; some may be missing."""
    if hasattr(X, "columns") or issparse(X) or not (is_series(X) or isinstance(X, list | tuple | np.ndarray)):
        return False
    if isinstance(X, np.ndarray) and X.ndim != 1:
        return False
    return any(isinstance(cell, str) for cell in X) and not any(isinstance(cell, list | tuple) for cell in X)


def _chosen(estimator: Any, parameter: str, X: Any) -> tuple[str, ...] | None:
    """Return the names of columns given by names, by positions or as a mask; None for the default."""
    given = getattr(estimator, parameter)
    if isinstance(given, str):
        return None
    expected = f'{parameter}: expected "{_WORDS[parameter]}", names, positions or a boolean for each column'
    framed = hasattr(X, "columns")
    keys: Sequence[Any] = np.asarray(given, dtype=object).tolist()
    if issparse(X):
        if len(keys):
            raise ValueError(f'{parameter}: expected "{_WORDS[parameter]}" with sparse X, got {keys[0]!r}')
        return ()
    names = [str(name) for name in X.columns] if framed else [f"x{j}" for j in range(X.shape[1])]
    if isinstance(keys, list) and keys and all(isinstance(key, bool | np.bool_) for key in keys):
        if len(keys) != len(names):
            raise ValueError(f"{expected}, got {len(keys)} booleans for {len(names)} columns")
        return tuple(name for name, chosen in zip(names, keys, strict=True) if chosen)
    return tuple(dict.fromkeys(_name(key, names, framed, expected) for key in keys))


def _name(key: Any, names: list[str], framed: bool, expected: str) -> str:
    if isinstance(key, str):
        if not framed:
            raise ValueError(f"{expected}, got the name {key!r} for an array, whose columns have none")
        if key not in names:
            raise ValueError(f"{expected}, got {key!r}, which is no column of X")
        return key
    if isinstance(key, bool | np.bool_) or not isinstance(key, int | np.integer):
        raise TypeError(f"{expected}, got {key!r}")
    if not 0 <= key < len(names):
        raise ValueError(f"{expected}, got position {key} for {len(names)} columns")
    return names[int(key)]

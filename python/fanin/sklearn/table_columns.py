"""Which columns of a table are categories, whatever they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_EXPECTED = 'categorical_features: expected "from_dtype", names, positions or a boolean for each column'


def categories_of(given: Any, X: Any) -> tuple[str, ...]:
    """Return the names, as `fanin.TableEncoder` has them, of columns given by names, by positions or as a mask."""
    if isinstance(given, str):  # "from_dtype"
        return ()
    framed = hasattr(X, "columns")
    names = [str(name) for name in X.columns] if framed else [f"x{j}" for j in range(X.shape[1])]
    keys: Sequence[Any] = np.asarray(given, dtype=object).tolist()
    if isinstance(keys, list) and keys and all(isinstance(key, bool | np.bool_) for key in keys):
        if len(keys) != len(names):
            raise ValueError(f"{_EXPECTED}, got {len(keys)} booleans for {len(names)} columns")
        return tuple(name for name, chosen in zip(names, keys, strict=True) if chosen)
    return tuple(dict.fromkeys(_name(key, names, framed) for key in keys))


def _name(key: Any, names: list[str], framed: bool) -> str:
    if isinstance(key, str):
        if not framed:
            raise ValueError(f"{_EXPECTED}, got the name {key!r} for an array, whose columns have none")
        if key not in names:
            raise ValueError(f"{_EXPECTED}, got {key!r}, which is no column of X")
        return key
    if isinstance(key, bool | np.bool_) or not isinstance(key, int | np.integer):
        raise TypeError(f"{_EXPECTED}, got {key!r}")
    if not 0 <= key < len(names):
        raise ValueError(f"{_EXPECTED}, got position {key} for {len(names)} columns")
    return names[int(key)]

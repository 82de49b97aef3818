"""Checks of weights by name, as passed to `set_weights`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.values import check_finite

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def checked_weights(
    weights: Mapping[str, ArrayLike], shapes: Mapping[str, tuple[int, ...]], dtype: np.dtype[Any]
) -> dict[str, NDArray[Any]]:
    """Return all arrays in `dtype`; raise for the first one that is missing, unknown or invalid."""
    if not isinstance(weights, Mapping):
        raise TypeError(f"weights: expected a dict of name -> array, got {type(weights).__name__}")
    if unknown := [name for name in weights if name not in shapes]:
        raise ValueError(f"weights: unknown name {unknown[0]!r}; expected {', '.join(shapes)}")
    arrays = {}
    for name, shape in shapes.items():
        if name not in weights:
            raise ValueError(f"weights: {name!r} is missing; expected {', '.join(shapes)}")
        given = _core.numbers(name, weights[name])
        if given.shape != shape:
            raise ValueError(f"{name}: expected shape {shape}, got {given.shape}")
        with np.errstate(over="ignore"):
            arrays[name] = given.astype(dtype, copy=False)
        check_finite(name, arrays[name])
        if name.endswith(".running_variance") and (arrays[name] < 0).any():
            raise ValueError(f"{name}: expected numbers of at least 0, got {arrays[name].min()}")
    return arrays

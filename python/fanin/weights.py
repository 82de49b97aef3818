"""Weights by name, as users give them back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.layers import Dense


def names_of_layer(number: int, layer: Dense) -> list[str]:
    """Return the names of a layer's arrays: weight and bias, or what stands for the bias in batch norm."""
    batch_norm = ("beta", "gamma", "running_mean", "running_variance")
    return [f"layer{number}.{name}" for name in ("weight", *(batch_norm if layer.batch_norm else ("bias",)))]


def parameter_names(layers: Iterable[Dense]) -> list[str]:
    """Return the names of what is learned, in the order of the C++ core."""
    names = [name for i, layer in enumerate(layers) for name in names_of_layer(i + 1, layer)]
    return [name for name in names if ".running_" not in name]


def checked_weights(
    weights: Mapping[str, ArrayLike], shapes: Mapping[str, tuple[int, ...]], dtype: np.dtype[Any]
) -> dict[str, NDArray[Any]]:
    """Return all of the arrays in `dtype`, or raise for the first one that is missing, unknown or wrong."""
    if not isinstance(weights, Mapping):
        raise TypeError(f"weights: expected a dict of name -> array, got {type(weights).__name__}")
    if unknown := [name for name in weights if name not in shapes]:
        raise ValueError(f"weights: unknown name {unknown[0]!r}; expected {', '.join(shapes)}")
    arrays = {}
    for name, shape in shapes.items():
        if name not in weights:
            raise ValueError(f"weights: {name!r} is missing; expected {', '.join(shapes)}")
        given = np.asarray(weights[name])
        if given.dtype.kind not in "fiub":
            raise TypeError(f"{name}: expected real numbers, got dtype {given.dtype}")
        if given.shape != shape:
            raise ValueError(f"{name}: expected shape {shape}, got {given.shape}")
        with np.errstate(over="ignore"):
            arrays[name] = given.astype(dtype)
        if not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name}: every value must be finite in {dtype}")
        if name.endswith(".running_variance") and (arrays[name] < 0).any():
            raise ValueError(f"{name}: expected numbers of at least 0, got {arrays[name].min()}")
    return arrays

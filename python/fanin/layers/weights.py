"""Weights by name, as users give them back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.layers.batch_norm import BatchNorm
from fanin.layers.dense import Dense

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.layers.layer import Layer

BATCH_NORM = ("beta", "gamma", "running_mean", "running_variance")


def normalizes(layer: Layer) -> bool:
    """Whether a layer is a batch norm or has one."""
    return isinstance(layer, BatchNorm) or (isinstance(layer, Dense) and bool(layer.batch_norm))


def names_of_layer(layer: Layer) -> tuple[str, ...]:
    """Return the names of a layer's arrays: weight and bias, or what stands for the bias in batch norm."""
    weight = ("weight",) if isinstance(layer, Dense) else ()
    bias = ("bias",) if isinstance(layer, Dense) else ()
    return weight + (BATCH_NORM if normalizes(layer) else bias)


def parameter_names(layers: Iterable[Layer]) -> list[str]:
    """Return the names of what is learned, in the order of the C++ core."""
    names = [(i, name) for i, layer in enumerate(layers, start=1) for name in names_of_layer(layer)]
    return [f"layer{i}.{name}" for i, name in names if "running_" not in name]


def shapes_of(n_inputs: int, layers: Iterable[Layer]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all arrays by name: weights are (inputs, units), all others (units,)."""
    shapes: dict[str, tuple[int, ...]] = {}
    inputs = n_inputs
    for i, layer in enumerate(layers, start=1):
        units = layer.units if isinstance(layer, Dense) else inputs
        for name in names_of_layer(layer):
            shapes[f"layer{i}.{name}"] = (inputs, units) if name == "weight" else (units,)
        inputs = units
    return shapes


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
        given = _core.numbers(name, weights[name])
        if given.shape != shape:
            raise ValueError(f"{name}: expected shape {shape}, got {given.shape}")
        with np.errstate(over="ignore"):
            arrays[name] = given.astype(dtype, copy=False)
        if not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name}: every value must be finite in {dtype}")
        if name.endswith(".running_variance") and (arrays[name] < 0).any():
            raise ValueError(f"{name}: expected numbers of at least 0, got {arrays[name].min()}")
    return arrays

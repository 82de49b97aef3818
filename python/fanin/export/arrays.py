"""Weights as other formats hold them: with batch norm folded into them, and with gates side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.layers import BatchNorm, Dense

    Weights = Mapping[str, NDArray[Any]]

# by the name of the layer, in PyTorch's order, which headers in C share
GATES: dict[str, tuple[str, ...]] = {
    "recurrent": ("",),
    "gru": ("reset.", "update.", "candidate."),
    "lstm": ("input.", "forget.", "cell.", "output."),
}


def weight_and_bias(
    layer: Dense, weights: Weights, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weight and the bias of a `Dense`, with its batch norm folded into them."""
    weight = weights[f"{name}weight"].astype(np.float64)
    if not layer.inside:
        return weight, weights[f"{name}bias"].astype(np.float64)
    (norm,) = layer.inside
    slope, mean = slope_and_mean(norm, weights, name)  # type: ignore[arg-type]
    return weight * slope, weights[f"{name}beta"] - mean * slope


def slope_and_mean(
    norm: BatchNorm, weights: Weights, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ``gamma / sqrt(variance + epsilon)`` and the mean, with the running statistics."""
    gamma, mean, variance = (
        weights[f"{name}{array}"].astype(np.float64)
        for array in ("gamma", "running_mean", "running_variance")
    )
    return gamma / np.sqrt(variance + norm.epsilon), mean


def side_by_side(weights: Weights, name: str, array: str, gates: Sequence[str]) -> NDArray[Any]:
    """Return an array of these gates, joined along its last axis."""
    return np.concatenate([weights[f"{name}{gate}{array}"] for gate in gates], axis=-1)

"""The sizes of hidden layers, and initial weights, drawn as scikit-learn draws them."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def hidden_sizes(given: Any) -> list[int]:
    """Return hidden_layer_sizes as a list; raise ValueError unless all are above 0."""
    sizes = list(given) if hasattr(given, "__iter__") else [given]
    if np.any(np.array(sizes) <= 0):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return [operator.index(size) for size in sizes]


def initial_arrays(
    random: np.random.RandomState, sizes: Sequence[int], activation: str, dtype: np.dtype[Any]
) -> list[NDArray[Any]]:
    """Return the weights and biases of each layer, uniform in (-b, b) (Glorot and Bengio 2010).

    ``b = sqrt(6 / (n_in + n_out))``, or ``sqrt(2 / (n_in + n_out))`` for the logistic activation. The numbers are drawn
    in float64, so those in float32 are the same, rounded.
    """
    factor = 2.0 if activation == "logistic" else 6.0
    arrays = []
    for n_in, n_out in pairwise(sizes):
        bound = math.sqrt(factor / (n_in + n_out))
        for shape in ((n_in, n_out), (n_out,)):
            arrays.append(random.uniform(-bound, bound, shape).astype(dtype, copy=False))
    return arrays

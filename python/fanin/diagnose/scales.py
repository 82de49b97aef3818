"""The finding about inputs of unequal or shifted scales."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from fanin.diagnose.finding import Finding
from fanin.diagnose.remedy import Remedy
from fanin.layers import BatchNorm, Embedding, Standardize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network

    Float = NDArray[np.float64]

_RATIO = 10.0  # of deviations
_SHIFT = 3.0  # of |mean| / deviation
_SIZE = 20.0  # of deviations, or its inverse


def normalizes(net: Network) -> bool:
    """Return whether the first layer normalizes the inputs, or looks up whole numbers, which have no scale."""
    return bool(net._core.has_input_layer) or isinstance(net.layers[0], BatchNorm | Embedding)


def unequal_scales(
    net: Network,
    mean: Float,
    deviation: Float,
    numbers: NDArray[np.intp],
    column: Callable[[int], str],
    known: str = "",
) -> Finding | None:
    """Return a finding if the columns of these numbers have deviations or means that make an elongated bowl."""
    if not len(numbers):
        return None
    mean, deviation = mean[numbers], deviation[numbers]
    ratio = float(deviation.max() / deviation.min())
    shift = float((np.abs(mean) / deviation).max())
    middle = float(np.median(deviation))
    size = max(middle, 1 / middle)
    if ratio <= _RATIO and shift <= _SHIFT and size <= _SIZE:
        return None
    shifted = numbers[np.argmax(np.abs(mean) / deviation)]
    ends = column(numbers[np.argmin(deviation)]), column(numbers[np.argmax(deviation)])
    parts = [
        f"deviations from {deviation.min():.3g} (column {ends[0]}) to {deviation.max():.3g} (column {ends[1]})"
        if ratio > _RATIO
        else "",
        f"a mean {shift:.3g} deviations from 0 (column {column(shifted)})" if shift > _SHIFT else "",
    ]
    if size > _SIZE and ratio <= _RATIO:
        parts.append(f"deviations of about {middle:.3g}, where initial weights expect 1")
    limits = ((ratio, _RATIO), (shift, _SHIFT), (size, _SIZE))
    number, threshold = max(limits, key=lambda pair: pair[0] / pair[1])
    return Finding(
        "unscaled_inputs",
        f"the inputs have {' and '.join(filter(None, parts))}{known}",
        number=number,
        threshold=threshold,
        remedy=Remedy("standardize the inputs", layers=(Standardize(), *net.layers)),
    )

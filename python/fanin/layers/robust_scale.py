"""Robust scaling of the inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.layers.layer import Layer
from fanin.layers.standardize import MissingName


@dataclass(frozen=True)
class RobustScale(Layer):
    """Input layer: ``u / sqrt(1 + (u / 3)^2)`` with ``u = (x - median) / (q_75 - q_25)`` of each column of X.

    Outliers stay within (-3, 3), and values near the median are hardly changed (Holzmüller, Grinsztajn and Steinwart
    2024, Better by default). Where the quartiles are equal, half the range takes their place; a constant column gives
    0. Everything else is as in `Standardize`.

    Quantiles are those of the training set if it has at most 65,536 rows, otherwise of that many of its rows, chosen by
    pseudo-random numbers that depend only on their positions. Quantile p of sorted values ``x_i`` with weights ``w_i``
    is linear between the values at ``S_i / S_n``, ``S_i = sum_(k <= i) (w_(k-1) + w_k) / 2``; with equal weights these
    are NumPy's. Equal values are in the order of their weights; rows of weight 0 do not count.

    Parameters
    ----------
    missing, indicators
        As in `Standardize`.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> net = fanin.Network(1, [fanin.RobustScale(missing="median", indicators=False), fanin.Dense(1)])
    >>> net.adapt(np.array([[1.0], [2.0], [3.0], [4.0], [1e9], [np.nan]]))
    >>> net.learned["layer1.centre"], net.learned["layer1.scale"]
    (array([3.]), array([0.5]))
    """

    name: ClassVar[str] = "robust_scale"
    missing: MissingName = "error"
    indicators: bool = True

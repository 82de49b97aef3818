"""Normal scores of the inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.layers.layer import Layer
from fanin.layers.standardize import MissingName


@dataclass(frozen=True)
class Quantile(Layer):
    """Input layer that maps each column of X to a normal distribution: ``y = Phi^-1(share of the values below x)``.

    Phi is the standard normal distribution (normal scores, van der Waerden 1952). The map is linear between
    K = min(256, rows) quantiles ``x_k`` of the column, k = 0, ..., K - 1, at shares k / (K - 1), whose scores are
    ``Phi^-1((k + 1/2) / K)``; equal quantiles get the score of the middle one. Values beyond the smallest and the
    largest of the training set map to the first and the last score, at most 2.89. A constant column gives 0. Outliers
    and long tails lose their influence, and so do the distances between values: `Standardize` or `RobustScale` keep
    those. Everything else is as in `Standardize`; quantiles of many or weighted rows are as in `RobustScale`.

    Parameters
    ----------
    missing, indicators
        As in `Standardize`.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.exp(np.random.default_rng(0).normal(size=(1001, 1)))
    >>> net = fanin.Network(1, [fanin.Quantile(), fanin.Dense(1)])
    >>> net.adapt(X)
    >>> net.first_inputs([[np.median(X)], [1e9]]).round(2).ravel() + 0
    array([0.  , 2.89], dtype=float32)
    """

    name: ClassVar[str] = "quantile"
    missing: MissingName = "error"
    indicators: bool = True

"""Piecewise-linear codes of the inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from fanin.layers.layer import Layer

_MOST_BINS = 65535


@dataclass(frozen=True)
class PiecewiseLinear(Layer):
    """Input layer that codes each column of X: ``u_t = clamp((x - e_(t-1)) / (e_t - e_(t-1)), 0, 1)``, t = 1, ..., T.

    The knots ``e_0 < ... < e_T``, T <= `bins`, are learned from the column (Gorishniy et al. 2022, On embeddings for
    numerical features): a value that fills 1 / bins of the rows is a knot, and quantiles of the others share what is
    left. A column ``v / sqrt(1 + (v / 3)^2)``, ``v = (x - median) / (q_75 - q_25)``, comes before the code; where the
    quartiles are equal, half the range takes their place. Each column of the code minus its mean in training is what
    the next layer gets: first the columns v, then the codes of all columns, as from `fanin.TableEncoder`.

    Missing values (NaN) count as the median, and a column that has some in the training set gets an indicator of 0 and
    1 after its v. A column with two values is -1 and 1; one that is constant or missing in all rows gives nothing. The
    number of columns depends on the data: see `Standardize`, as for everything else. A `Dense` that follows reads bins
    and fractions instead of the columns, several times faster; rows are coded once for a fit, and in each call of
    `predict`. The code is learned from the training rows of weight above 0 without other regard to weights; of more
    than 65,536 rows, from that many (see `RobustScale`). `Network.learned` has "layer1.x0.knots", ... of each column.

    Parameters
    ----------
    bins : int
        The most bins of a column, from 1 to 65,535.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.array([[0.0], [1.0], [2.0], [4.0], [8.0]])
    >>> net = fanin.Network(1, [fanin.PiecewiseLinear(bins=2), fanin.Dense(1)])
    >>> net.adapt(X)
    >>> net.learned["layer1.x0.knots"]
    array([0., 2., 8.])
    >>> net.first_inputs([[0.0], [5.0]]).round(2)  # v, u_1 and u_2, minus their means: .27, .7 and .27
    array([[-0.92, -0.7 , -0.27],
           [ 0.68,  0.3 ,  0.23]], dtype=float32)
    """

    name: ClassVar[str] = "piecewise_linear"
    bins: int = 64

    def _check(self, name: str, allowed: Any) -> None:
        super()._check(name, allowed)
        if self.bins > _MOST_BINS:
            raise ValueError(f"bins: expected at most {_MOST_BINS}, got {self.bins}")

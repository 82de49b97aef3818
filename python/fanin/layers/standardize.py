"""Standardization of the inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from fanin.layers.layer import Layer

MissingName = Literal["error", "mean", "median"]


@dataclass(frozen=True)
class Standardize(Layer):
    """Input layer: ``(x - mean) / deviation`` of each column of X (LeCun et al. 1998, Efficient BackProp, 4.3).

    (The textbook's slide divides by the variance; unit variance takes the standard deviation.) Mean and deviation
    (divisor n) are those of the training set: the first `fit` learns them from its rows, without the validation rows,
    weighted by sample weights; `Network.adapt` learns them anew. They are part of the model and its file, so training,
    validation and prediction use the same ones. A column that is constant in the training set gives 0.

    An input layer comes first. It acts while rows are gathered, in double precision, before they are rounded to the
    network's type: in float32, columns with a mean of 1e6 lose nothing, and X may hold any
    float64 whose variance is finite.

    Parameters
    ----------
    missing : str
        What becomes of missing values (NaN): "error", or the "mean" or "median" of their column in the training set.
    indicators : bool
        Unless `missing` is "error", whether each column with missing values in the training set gets a column after
        those of X: 1 where the value was missing, else 0. The number of columns then depends on the data, and
        parameters are laid out when the layer learns: `Network.get_weights` raises ValueError before.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X, y = np.array([[1e6, 5.0], [1e6 + 2, 5.0]]), np.array([0.0, 1.0])
    >>> net = fanin.Network(2, [fanin.Standardize(), fanin.Dense(1)])
    >>> history = net.fit(X, y, rule=fanin.optim.SGD(0.1))
    >>> net.learned["layer1.centre"], net.learned["layer1.scale"]
    (array([1.000001e+06, 5.000000e+00]), array([1., 0.]))
    """

    name: ClassVar[str] = "standardize"
    missing: MissingName = "error"
    indicators: bool = True

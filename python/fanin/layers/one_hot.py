"""One-hot codes of the inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.layers.layer import Layer


@dataclass(frozen=True)
class OneHot(Layer):
    """Input layer that codes each column of X by its different numbers: ``u_k = 1 if x = level k else 0``.

    A level found in `min_count` rows of the training set (below 50 `min_count` rows, in one row of 50) has a column of
    its own, and all rarer ones share another. All are 0 for missing values (NaN) and for numbers that the training set
    does not have. A column of two levels gives one column of -1 and 1, the level first in the order of text being -1;
    a constant column gives nothing. Means are subtracted. This is the code of categories of `fanin.TableEncoder`, and
    everything else is as in `PiecewiseLinear`, except that all rows are counted.

    Parameters
    ----------
    min_count : int
        Rows that a level needs for a column of its own, at least 1.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.array([[3.0], [5.0], [5.0], [7.0]])
    >>> net = fanin.Network(1, [fanin.OneHot(min_count=1), fanin.Dense(1)])
    >>> net.adapt(X)
    >>> net.learned["layer1.x0.levels"], net.learned["layer1.x0.centre"]
    (array([3., 5., 7.]), array([0.25, 0.5 , 0.25]))
    >>> net.first_inputs([[5.0], [6.0]])
    array([[-0.25,  0.5 , -0.25],
           [-0.25, -0.5 , -0.25]], dtype=float32)
    """

    name: ClassVar[str] = "one_hot"
    min_count: int = 10

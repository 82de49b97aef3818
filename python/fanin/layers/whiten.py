"""Whitening of the inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from fanin.layers.layer import Layer
from fanin.layers.standardize import MissingName


@dataclass(frozen=True)
class Whiten(Layer):
    """Input layer that gives uncorrelated inputs of variance 1: ``y_k = v_k' u / sqrt(max(l_k, floor l_1))``.

    ``u = (x - mean) / deviation`` of each column of X, and l_1 >= l_2 >= ... and v_k are the eigenvalues and
    eigenvectors of the covariance of u in the training set: principal components, divided by their deviations (LeCun et
    al. 1998, Efficient BackProp, 4.3). (The textbook's error surface becomes a circular bowl only after this.) Of each
    v_k the first of the entries of largest magnitude, within a millionth, is positive. Centring and scaling are done in
    double precision while rows are gathered, the product follows in the network's type.
    Everything else is as in `Standardize`.

    Eigenvectors come from `numpy.linalg.eigh`, whose last bits may differ from machine to machine; training is
    bit-identical on any number of threads for the same eigenvectors, such as those of a loaded model.

    Parameters
    ----------
    components : int or float, optional
        How many components to keep, or below 1 the share of the variance of u that they explain at least; all by
        default. A share makes the number of columns depend on the data, as indicators do: see `Standardize`. A trained
        network cannot be adapted anew, because components of other rows have other directions; with `zca` it can.
    threshold : float
        In [0, 1): drops components with ``l_k <= threshold l_1``, but not all.
    floor : float
        In [0, 1]: components that hardly vary are not blown up to variance 1. There may be fewer rows than columns:
        components without variance give 0 in training. With 0, components without variance beyond rounding give 0
        everywhere.
    zca : bool
        Rotate back to the columns of X, ``y = sum_k v_k y_k``: as close to u as uncorrelated values can be (Bell and
        Sejnowski 1997). Neighbouring pixels stay neighbours.
    standardize : bool
        Without it u is ``x - mean``, so that columns of small variance count less; for columns of the same unit, such
        as pixels. With ``floor=0``, components are then those of scikit-learn's ``PCA(whiten=True)``, up to signs and a
        factor of sqrt(n / (n - 1)).
    missing, indicators
        As in `Standardize`; in the covariance, missing values count as means. Indicators are not whitened.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(500, 1)) + rng.normal(size=(500, 3)) * [0.1, 0.2, 0.3]  # correlated columns
    >>> net = fanin.Network(3, [fanin.Whiten(), fanin.Dense(8, "tanh"), fanin.Dense(1)])
    >>> net.adapt(X)
    >>> print(net.summary().splitlines()[-1])
    condition number of the inputs: 132.1, of what the first layer gets: 1
    """

    name: ClassVar[str] = "whiten"
    components: float | None = None
    threshold: float = 0.0
    floor: float = 1e-6
    zca: bool = False
    standardize: bool = True
    missing: MissingName = "error"
    indicators: bool = True

    @property
    def width(self) -> int | None:
        """Number of columns of the output, or None if it equals that of the input."""
        count = self.components or 0
        return int(count) if count >= 1 and not self.zca else None

    def _check(self, name: str, allowed: Any) -> None:
        if name != "components":
            return super()._check(name, allowed)
        if self.components is None:
            return
        super()._check(name, allowed)
        if self.components >= 1 and not hasattr(self.components, "__index__"):
            raise ValueError(f"components: expected an int, or a share below 1, got {self.components}")

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> Whiten:
        """Return the layer with these `values()`."""
        count = values["components"]
        return cls(**{**values, "components": int(count) if count is not None and count >= 1 else count})

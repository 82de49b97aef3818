"""The initializers that draw random weights; `fanin.initializers` exports them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.initial_values import Initializer


@dataclass(frozen=True)
class _Scaled(Initializer):
    """Random values with a standard deviation proportional to the gain."""

    gain: float = 1.0


@dataclass(frozen=True)
class Automatic(_Scaled):
    """Normal with standard deviation ``gain sqrt(c / n_in)``, with c chosen for the activation.

    c is 2 for relu and what resembles it (He et al. 2015), 4 for symmetric_logistic, which has half the slope of tanh,
    and 1 otherwise (LeCun et al. 1998); `fanin.Activation` lists it.

    Parameters
    ----------
    gain : float
        Above 0.

    Examples
    --------
    >>> import fanin
    >>> from fanin import initializers
    >>> fanin.Dense(64, "relu", initializers.Automatic(gain=0.5))
    Dense(units=64, activation='relu', initializer=Automatic(gain=0.5), bias_initializer='zeros', batch_norm=False)
    """

    name: ClassVar[str] = "auto"


@dataclass(frozen=True)
class HeNormal(_Scaled):
    """Normal with standard deviation ``gain sqrt(2 / n_in)`` (He et al. 2015).

    For relu, which halves the mean square: with sqrt(1 / n_in), activations shrink by a factor of 1000 in 20 layers.

    Parameters
    ----------
    gain : float
        Above 0.

    Examples
    --------
    >>> from fanin import initializers
    >>> initializers.HeNormal()
    HeNormal(gain=1.0)
    """

    name: ClassVar[str] = "he_normal"


@dataclass(frozen=True)
class HeUniform(_Scaled):
    """Uniform in [-limit, limit) with ``limit = gain sqrt(6 / n_in)``, the variance of `HeNormal` (He et al. 2015).

    Parameters
    ----------
    gain : float
        Above 0.

    Examples
    --------
    >>> from fanin import initializers
    >>> initializers.HeUniform(gain=0.5)
    HeUniform(gain=0.5)
    """

    name: ClassVar[str] = "he_uniform"


@dataclass(frozen=True)
class GlorotNormal(_Scaled):
    """Normal with standard deviation ``gain sqrt(2 / (n_in + n_out))`` (Glorot and Bengio 2010), also called Xavier.

    A compromise between variance 1 / n_in, which preserves that of activations, and 1 / n_out, which preserves that
    of gradients.

    Parameters
    ----------
    gain : float
        Above 0.

    Examples
    --------
    >>> from fanin import initializers
    >>> initializers.GlorotNormal()
    GlorotNormal(gain=1.0)
    """

    name: ClassVar[str] = "glorot_normal"


@dataclass(frozen=True)
class GlorotUniform(_Scaled):
    """Uniform in [-limit, limit) with ``limit = gain sqrt(6 / (n_in + n_out))`` (Glorot and Bengio 2010, equation 16).

    Parameters
    ----------
    gain : float
        Above 0.

    Examples
    --------
    >>> from fanin import initializers
    >>> initializers.GlorotUniform(gain=5 / 3)
    GlorotUniform(gain=1.6666666666666667)
    """

    name: ClassVar[str] = "glorot_uniform"


@dataclass(frozen=True)
class LecunNormal(_Scaled):
    """Normal with standard deviation ``gain / sqrt(n_in)`` (LeCun et al. 1998, Efficient BackProp, 4.6).

    For tanh and selu: z has the variance of the inputs.

    Parameters
    ----------
    gain : float
        Above 0.

    Examples
    --------
    >>> from fanin import initializers
    >>> initializers.LecunNormal()
    LecunNormal(gain=1.0)
    """

    name: ClassVar[str] = "lecun_normal"


@dataclass(frozen=True)
class LecunUniform(_Scaled):
    """Uniform in [-limit, limit) with ``limit = gain sqrt(3 / n_in)`` (LeCun et al. 1998, Efficient BackProp, 4.6).

    Parameters
    ----------
    gain : float
        Above 0. 1 / sqrt(3) gives the limit 1 / sqrt(n_in), the default of PyTorch's linear layers.

    Examples
    --------
    >>> from fanin import initializers
    >>> initializers.LecunUniform()
    LecunUniform(gain=1.0)
    """

    name: ClassVar[str] = "lecun_uniform"


@dataclass(frozen=True)
class Sparse(Initializer):
    """Each unit has ``connections`` weights drawn from ``deviation * N(0, 1)``; its other weights are 0 (Martens 2010).

    The inputs of a unit are chosen at random without replacement. The variance of z, connections * deviation^2 for
    inputs of variance 1, does not depend on n_in, and units differ more from each other than with dense weights.
    Weights that start at 0 are trained like any others. For weights only: a unit has one bias. A network rejects a
    layer with fewer inputs than connections.

    Parameters
    ----------
    connections : int
        Nonzero weights per unit; at least 1.
    deviation : float
        Standard deviation of the nonzero weights; above 0.

    Examples
    --------
    >>> import fanin
    >>> from fanin import initializers
    >>> net = fanin.Network(100, [fanin.Dense(3, "tanh", initializers.Sparse(4)), fanin.Dense(1)])
    >>> (net.get_weights()["layer1.weight"] != 0).sum(axis=0)
    array([4, 4, 4])
    """

    name: ClassVar[str] = "sparse"
    connections: int = 15
    deviation: float = 1.0


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """``W = gain Q`` with orthonormal columns or, with more units than inputs, orthonormal rows (Saxe et al. 2014).

    ``Q'Q = I``, or ``QQ' = I``: for gain 1, x W is as long as x or, with fewer units than inputs, not longer, so
    signals and gradients keep their scale through a linear net of any depth. All such matrices are equally likely: Q
    is that of the QR decomposition of normal random numbers, R having a positive diagonal. For weights only.

    Takes about 4 min(n_in, units)^2 max(n_in, units) flops in double precision, on all threads: some 0.1 s for 1,000
    inputs and units, but 64 times as long for 4,000.

    Parameters
    ----------
    gain : float
        Above 0.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> net = fanin.Network(3, [fanin.Dense(2, "tanh", "orthogonal")], dtype="float64")
    >>> W = net.get_weights()["layer1.weight"]
    >>> np.allclose(W.T @ W, np.eye(2), atol=1e-15)
    True
    """

    name: ClassVar[str] = "orthogonal"
    gain: float = 1.0

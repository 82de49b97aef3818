"""Initializers, as values: they set the weights and biases of a layer before training.

Random weights have mean zero and a standard deviation that falls with the number of inputs n_in, so that the variance
of z = x w + b does not depend on n_in; n_out is the number of units. Common mistakes: ``rand`` is not symmetric about
zero (with it, activations explode over 20 relu layers), sqrt(1 / n_in) is too small for relu, and weights proportional
to sqrt(n_in) instead of 1 / sqrt(n_in) explode. For a bias, n_in and n_out are those of its layer.

fanin generates the random numbers itself: they depend only on the seed, the layer and the position in the layer, and
are bit-identical on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.aliases import INITIALIZERS
from fanin.checks import check_choice
from fanin.data.inputs import error_context
from fanin.initial_values import Initializer, Values
from fanin.random_initializers import (
    Automatic,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    Sparse,
)

__all__ = [
    "Automatic",
    "BaseRate",
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Orthogonal",
    "Sparse",
    "Values",
    "Zeros",
]


def __dir__() -> list[str]:
    return __all__


@dataclass(frozen=True)
class Constant(Initializer):
    """``w = value`` everywhere.

    For biases, or the weights of the last layer: hidden units that start equal stay equal under any rule.

    Parameters
    ----------
    value : float
        Of all of them.

    Examples
    --------
    >>> import fanin
    >>> from fanin import initializers
    >>> net = fanin.Network(3, [fanin.Dense(2, "relu", bias_initializer=initializers.Constant(0.25))])
    >>> net.get_weights()["layer1.bias"]
    array([0.25, 0.25], dtype=float32)
    """

    name: ClassVar[str] = "constant"
    value: float = 0.0


@dataclass(frozen=True)
class Zeros(Initializer):
    """``w = 0`` everywhere, the default for biases.

    Examples
    --------
    >>> from fanin import initializers
    >>> initializers.Zeros()
    Zeros()
    """

    name: ClassVar[str] = "zeros"


@dataclass(frozen=True)
class Identity(Initializer):
    """``W = gain I``: the identity times the gain; with unequal sides, ones on the main diagonal, else 0.

    For the recurrent weights of a `fanin.Recurrent` with relu, which then starts as a sum over all steps and learns
    long lags (Le et al. 2015). For weights only.

    Parameters
    ----------
    gain : float
        Above 0.

    Examples
    --------
    >>> import fanin
    >>> net = fanin.Network(1, [fanin.Recurrent(2, "relu", recurrent_initializer="identity"), fanin.Dense(1)])
    >>> net.get_weights()["layer1.recurrent"]
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """

    name: ClassVar[str] = "identity"
    gain: float = 1.0


@dataclass(frozen=True)
class BaseRate(Initializer):
    """The best constant outputs, ``b = argmin_a sum_i w_i E(a, y_i)``, for the biases of the last layer.

    They are 0 until the first epoch of a network, which sets them from its training targets y and sample weights w. The
    loss then starts at half the variance or at the entropy of y, a plateau that training would otherwise have to reach
    first.

    squared_error gives the mean of y, absolute_error its median, huber its own minimizer, quantile the quantiles of its
    levels, poisson and gamma ``log(mean)``, logistic ``log(p / (1 - p))`` with p the frequency of ones,
    softmax_cross_entropy ``log(p_c)`` with p_c the frequency of class c, after label smoothing. Where that would be
    infinite, half a sample takes the place of none: with n samples of weight above 0, a mean or p of 0 counts as
    0.5 / n, and p = 1 as 1 - 0.5 / n. Batches, balanced or not, have no influence.

    Biases that have been changed (`Network.set_weights`) and networks that have been trained stay as they are.
    `Network.fit_chunks` takes the first chunk. The layer must be the last one, with the activation "identity", for
    which the losses are made, and without batch norm; only ``Activation("identity")`` may follow it.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> net = fanin.Network(1, [fanin.Dense(1, "identity", "zeros", "base_rate")], "logistic", dtype="float64")
    >>> y = np.repeat([0, 1], [90, 10])
    >>> history = net.fit(np.zeros((100, 1)), y, rule=fanin.optim.SGD(0.0), epochs=1)
    >>> net.predict([[0.0]]).round(12)
    array([0.1])
    """

    name: ClassVar[str] = "base_rate"


BY_NAME: dict[str, type[Initializer]] = {
    initializer.name: initializer
    for initializer in (
        Automatic,
        HeNormal,
        HeUniform,
        GlorotNormal,
        GlorotUniform,
        LecunNormal,
        LecunUniform,
        Constant,
        Zeros,
        BaseRate,
        Sparse,
        Orthogonal,
        Identity,
        Values,
    )
}


NAMES = tuple(name for name in BY_NAME if name != Values.name)  # all that need no arguments


def as_initializer(argument: str, given: object) -> Initializer:
    """Return the initializer given as a value, a name or an array; errors call it `argument`."""
    if isinstance(given, str):
        check_choice(argument, given, NAMES, INITIALIZERS)
        return BY_NAME[given]()
    if isinstance(given, Initializer) and getattr(given, "name", None) in BY_NAME:
        return given
    if isinstance(given, Initializer) or not hasattr(given, "__len__"):
        raise TypeError(
            f"{argument}: expected a name, an initializer of fanin.initializers or an array, got {given!r}"
        )
    with error_context(f"{argument}: "):
        return Values(given)

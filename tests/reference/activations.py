"""Activations a = f(z) and their derivatives f'(z), elementwise; s is the logistic function.

    identity             a = z                           f' = 1
    logistic             a = 1 / (1 + exp(-z))           f' = a (1 - a)
    tanh                 a = tanh z                      f' = 1 - a^2
    relu                 a = max(z, 0)                   f' = 1 where z > 0, else 0 (0 at the kink)
    symmetric_logistic   a = 2 s(z) - 1                  f' = 2 s(z) (1 - s(z))
    leaky_relu           a = z, or z / 100               f' = 1 where z > 0, else 1 / 100
    elu                  a = z, or exp(z) - 1            f' = 1 where z > 0, else exp(z)
    selu                 a = l z, or l alpha (exp(z) - 1)     f' = l where z > 0, else l alpha exp(z)
    softplus             a = log(1 + exp(z))             f' = s(z)
    softsign             a = z / (1 + |z|)               f' = 1 / (1 + |z|)^2
    gelu                 a = z (1 + erf(z / sqrt 2)) / 2      f' = Phi(z) + z phi(z)
    gelu_tanh            a = z (1 + tanh u) / 2          f' = (1 + tanh u) / 2 + z (1 - tanh^2 u) u' / 2
                         u = sqrt(2 / pi) (z + 0.044715 z^3)
    silu                 a = z s(z)                      f' = s + z s (1 - s)
    mish                 a = z tanh(log(1 + exp(z)))     f' = t + z (1 - t^2) s(z)
    hard_sigmoid         a = z / 6 + 1/2 in [0, 1]       f' = 1/6 where -3 < z < 3, else 0

Source: Bishop, Pattern Recognition and Machine Learning, 5.1; Glorot, Bordes, Bengio 2011 (relu); Maas et al.
2013 (leaky_relu); Clevert et al. 2016 (elu); Klambauer et al. 2017 (selu); Dugas et al. 2001 (softplus);
Hendrycks and Gimpel 2016 (gelu, silu); Misra 2019 (mish); Howard et al. 2019 (hard_sigmoid).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class Activation(NamedTuple):
    value: Callable[[Array], Array]  # where z^3 is finite
    derivative: Callable[[Array], Array]
    weight_variance: float = 1  # of initial weights, times n_in
    cancellation: float = 0  # absolute error of a derivative at large z, in eps, computed from a near 1


def logistic(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def logistic_derivative(z: Array) -> Array:
    return logistic(z) * (1 - logistic(z))


def symmetric_logistic(z: Array) -> Array:
    """2 s(z) - 1 without cancellation."""
    e = np.exp(-np.abs(z))
    return np.sign(z) * -np.expm1(-np.abs(z)) / (1 + e)


def below_zero(z: Array) -> Array:
    """The values z where they are used, 0 elsewhere: np.where computes both sides."""
    return np.minimum(z, 0)


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def selu(z: Array) -> Array:
    return SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(below_zero(z)))


def selu_derivative(z: Array) -> Array:
    return SELU_SCALE * np.where(z > 0, 1, SELU_ALPHA * np.exp(below_zero(z))).astype(z.dtype)


def erf(z: Array) -> Array:
    return np.vectorize(math.erf, otypes=[float])(z).astype(z.dtype)


def normal_cumulative(z: Array) -> Array:
    return (1 + erf(z / math.sqrt(2))) / 2


def normal_density(z: Array) -> Array:
    return np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def gelu_tanh_inner(z: Array) -> Array:
    return math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)


def gelu_tanh_derivative(z: Array) -> Array:
    t = np.tanh(gelu_tanh_inner(z))
    inner_derivative = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * z**2)
    return (1 + t) / 2 + z * (1 - t**2) * inner_derivative / 2


def softplus(z: Array) -> Array:
    return np.logaddexp(0, z)


def mish_derivative(z: Array) -> Array:
    t = np.tanh(softplus(z))
    return t + z * (1 - t**2) * logistic(z)


ACTIVATIONS = {
    "identity": Activation(lambda z: z, np.ones_like),
    "logistic": Activation(logistic, logistic_derivative),
    "tanh": Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": Activation(lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(z.dtype), weight_variance=2),
    "symmetric_logistic": Activation(
        symmetric_logistic, lambda z: 2 * logistic_derivative(z), weight_variance=4
    ),
    "leaky_relu": Activation(
        lambda z: np.where(z > 0, z, z / 100),
        lambda z: np.where(z > 0, 1, 0.01).astype(z.dtype),
        weight_variance=2,
    ),
    "elu": Activation(
        lambda z: np.where(z > 0, z, np.expm1(below_zero(z))),
        lambda z: np.where(z > 0, 1, np.exp(below_zero(z))),
        weight_variance=2,
    ),
    "selu": Activation(selu, selu_derivative),
    "softplus": Activation(softplus, logistic, weight_variance=2),
    "softsign": Activation(
        lambda z: z / (1 + np.abs(z)), lambda z: 1 / (1 + np.abs(z)) ** 2, cancellation=1e-3
    ),
    "gelu": Activation(
        lambda z: z * normal_cumulative(z),
        lambda z: normal_cumulative(z) + z * normal_density(z),
        weight_variance=2,
    ),
    "gelu_tanh": Activation(
        lambda z: z * (1 + np.tanh(gelu_tanh_inner(z))) / 2, gelu_tanh_derivative, weight_variance=2
    ),
    "silu": Activation(
        lambda z: z * logistic(z), lambda z: logistic(z) + z * logistic_derivative(z), weight_variance=2
    ),
    "mish": Activation(lambda z: z * np.tanh(softplus(z)), mish_derivative, weight_variance=2),
    "hard_sigmoid": Activation(
        lambda z: np.clip(z / 6 + 0.5, 0, 1), lambda z: (np.abs(z) < 3).astype(z.dtype) / 6
    ),
}

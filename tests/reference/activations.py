"""Activations a = f(z) and their derivatives f'(z), elementwise.

    identity   a = z                     f' = 1
    logistic   a = 1 / (1 + exp(-z))     f' = a (1 - a)
    tanh       a = tanh z                f' = 1 - a^2
    relu       a = max(z, 0)             f' = 1 where z > 0, else 0 (0 at the kink)

Source: Bishop, Pattern Recognition and Machine Learning, 5.1; Glorot, Bordes, Bengio 2011 for relu.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class Activation(NamedTuple):
    value: Callable[[Array], Array]
    derivative: Callable[[Array], Array]


def logistic(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


ACTIVATIONS = {
    "identity": Activation(lambda z: z, np.ones_like),
    "logistic": Activation(logistic, lambda z: logistic(z) * (1 - logistic(z))),
    "tanh": Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": Activation(lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(z.dtype)),
}

"""A network as a probe: the value and the derivative of an activation or a loss at given points.

A weight that starts at 0, next to one that gives z, contributes to the slope but not to z, so a step of SGD
changes it to exactly minus the derivative.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

import fanin
from fanin import losses, optim

Array = NDArray[np.floating]


class Probe(NamedTuple):
    value: float
    gradient: Array
    metric: float
    output: Array


def activation_at(name: str, z: ArrayLike, dtype: str = "float64") -> tuple[Array, Array]:
    """f(z) and f'(z): one unit for each z, trained once on the absolute error, whose gradient is 1 or -1."""
    z = np.asarray(z, dtype=dtype)
    net = fanin.Network(2, [fanin.Dense(len(z), name)], losses.AbsoluteError(), dtype=dtype)
    net.set_weights({"layer1.weight": np.stack([z, np.zeros_like(z)]), "layer1.bias": np.zeros_like(z)})
    X = np.ones((1, 2), dtype)
    a = net.predict(X)
    target = np.where(np.abs(a) > 1, a * (1 - 2.0**-20), a - 1).astype(dtype)
    net.fit(X, target, rule=optim.SGD(1.0), epochs=1)
    return a[0], -net.get_weights()["layer1.weight"][1] * np.sign(a - target)[0]


def loss_at(
    loss: str | losses.Loss, a: ArrayLike, y: ArrayLike, weights: Any = None, dtype: str = "float64"
) -> Probe:
    """The loss of outputs a, shape (n, k), its gradient, its metric and what predict shows."""
    a = np.asarray(a, dtype=dtype)
    n, k = a.shape
    net = fanin.Network(2 * n, [fanin.Dense(k)], loss, dtype=dtype)
    net.set_weights({"layer1.weight": np.concatenate([a, np.zeros_like(a)]), "layer1.bias": np.zeros(k)})
    X = np.hstack([np.eye(n), np.eye(n)])
    value, metric = net.evaluate(X, y, sample_weight=weights).values()
    output = net.predict(X)
    history = net.fit(
        X, y, rule=optim.SGD(1.0), epochs=1, batch_size=n, batches="in_order", sample_weight=weights
    )
    np.testing.assert_allclose(history.loss, [value], rtol=1e-12 if dtype == "float64" else 1e-6)
    return Probe(value, -net.get_weights()["layer1.weight"][n:], metric, output)

"""Sequences to train on, recurrent nets, and what their equations give: predictions, losses and gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import fanin
from fanin import optim
from helpers import reference_loss
from reference.layers import KINDS, predict
from reference.recurrent import STEPS, State, unrolled
from slopes import set_at_random

LAYERS: dict[str, Callable[..., Any]] = {
    "recurrent": fanin.Recurrent,
    "gru": fanin.GRU,
    "lstm": fanin.LSTM,
}
LENGTHS = (6, 1, 9, 4, 6)
FEATURES, CLASSES = 5, 3
every_kind = pytest.mark.parametrize("kind", LAYERS)
many_or_one = pytest.mark.parametrize("many", [False, True], ids=["many-to-one", "many-to-many"])


def net_of(
    kind: str,
    many: bool = False,
    *,
    units: int = 7,
    levels: int = 1,
    loss: str = "softmax_cross_entropy",
    outputs: int = CLASSES,
    **options: Any,
) -> fanin.Network:
    """A net whose recurrent layers stand on each other below a dense one, with weights that are all in use."""
    of = LAYERS[kind]
    layers = [of(units, return_sequences=many or level < levels) for level in range(1, levels + 1)]
    settings = {"dtype": "float64", "seed": 1, **options}
    net = fanin.Network(FEATURES, [*layers, fanin.Dense(outputs)], loss, **settings)
    set_at_random(net)
    return net


def sequences(lengths: Sequence[int] = LENGTHS, features: int = FEATURES) -> list[NDArray]:
    rng = np.random.default_rng(4)
    return [rng.normal(size=(length, features)) for length in lengths]


def labels(many: bool = False, lengths: Sequence[int] = LENGTHS) -> Any:
    """A label for each sequence, or for each of their steps."""
    rng = np.random.default_rng(5)
    if many:
        return [rng.integers(CLASSES, size=length) for length in lengths]
    return rng.integers(CLASSES, size=len(lengths))


def in_one(arrays: Any) -> NDArray:
    """All rows below each other, of predictions or targets of sequences of any lengths."""
    return np.concatenate([np.atleast_1d(array) for array in arrays])


def formula(
    net: fanin.Network, X: Sequence[NDArray], weights: Mapping[str, NDArray] | None = None
) -> NDArray:
    """What the last layer computes by the equations: a row for each sequence, or for each of their steps."""
    if weights is None:
        weights = {name: array.astype("float64") for name, array in net.get_weights().items()}
    return np.concatenate([np.atleast_2d(predict(net.layers, weights, x)) for x in X])


def window(
    net: fanin.Network, weights: Mapping[str, NDArray], x: NDArray, states: dict[int, State]
) -> NDArray:
    """The outputs of the next steps x of one sequence; `states`, by the numbers of layers, change to those after x."""
    for number, layer in enumerate(net.layers, start=1):
        name = f"layer{number}."
        if layer.name in STEPS:
            x, states[number] = unrolled(layer, weights, x, name, states.get(number))
        else:
            x = KINDS[layer.name](layer, weights, x, name)
    return x


def mean_loss(net: fanin.Network, outputs: NDArray, y: NDArray, w: NDArray | None = None) -> Any:
    return np.average(reference_loss(net._loss).errors(outputs, y), weights=w)


def slopes_of(
    loss: Callable[[Mapping[str, NDArray]], Any], weights: Mapping[str, NDArray], most: int = 10**9
) -> dict[str, NDArray]:
    """Derivatives of a loss by all weights, or by about `most` of each array; the others are NaN.

    By imaginary parts, which do not cancel: f(w + ih) = f(w) + ih f'(w) (Squire and Trapp 1998).
    """
    slopes = {}
    for name, array in weights.items():
        slopes[name] = np.full(array.shape, np.nan)
        for index in list(np.ndindex(array.shape))[:: max(1, array.size // most)]:
            nudged = array.astype(complex)
            nudged[index] += 1e-30j
            slopes[name][index] = loss({**weights, name: nudged}).imag / 1e-30
    return slopes


def step(
    net: fanin.Network, X: Any, y: Any, rate: float = 1.0, **options: Any
) -> tuple[float, dict[str, NDArray]]:
    """The loss before one step over all sequences, and the gradients: how far it goes at the rate 1."""
    before = net.get_weights()
    options = {"epochs": 1, "batch_size": len(X), "batches": "in_order", **options}
    history = net.fit(X, y, rule=optim.SGD(rate), **options)
    after = net.get_weights()
    return history.loss[0], {name: before[name] - after[name] for name in before}


def assert_close(found: Mapping[str, NDArray], expected: Mapping[str, NDArray], tolerance: float) -> None:
    """Compare arrays by their names, except where NaN is expected."""
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        known = ~np.isnan(array)
        assert known.any()
        np.testing.assert_allclose(
            found[name][known], array[known], rtol=tolerance, atol=tolerance, err_msg=name
        )

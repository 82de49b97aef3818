"""The predictions of a list of layers, layer by layer.

    dense        f(x W + b), or with batch norm f(gamma (x W - mean) / sqrt(variance + epsilon) + beta)
    batch norm   gamma (x - mean) / sqrt(variance + epsilon) + beta
    dropout      x
    activation   f(x)
    residual     x + g(x), where g is a list of layers (He et al. 2016)
    tied         f(x W' + b), with the weights of an earlier dense layer
    embedding    the rows of the tables that x names, side by side; of bags, x W
    recurrent, gru, lstm    see `reference.recurrent`; x is (..., time, features), and other layers act on each step
    standardize, robust scale, quantile, whiten, piecewise linear, one hot    see `reference.inputs`

mean and variance are the running statistics. Weights are named "layer2.weight", and inside another layer
"layer3.layer1.weight".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference.activations import ACTIVATIONS
from reference.batch_norm import inference
from reference.inputs import level_codes, number_codes, scores, squashed, standardized
from reference.recurrent import STEPS, outputs

Array = NDArray[np.floating]


def predict(layers: Sequence[Any], weights: Mapping[str, Array], x: Array, prefix: str = "") -> Array:
    for number, layer in enumerate(layers, start=1):
        x = KINDS[layer.name](layer, weights, x, f"{prefix}layer{number}.")
    return x


def normalized(norm: Any, weights: Mapping[str, Array], x: Array, name: str) -> Array:
    epsilon = 1e-5 if norm is True else norm.epsilon
    arrays = (weights[name + array] for array in ("running_mean", "running_variance", "gamma", "beta"))
    return inference(x, *arrays, epsilon)


def dense(layer: Any, weights: Mapping[str, Array], x: Array, name: str) -> Array:
    z = x @ weights[name + "weight"]
    z = normalized(layer.batch_norm, weights, z, name) if layer.batch_norm else z + weights[name + "bias"]
    return ACTIVATIONS[layer.activation].value(z)


def tied(layer: Any, weights: Mapping[str, Array], x: Array, name: str) -> Array:
    z = x @ weights[f"layer{layer.layer}.weight"].T + weights[name + "bias"]
    return ACTIVATIONS[layer.activation].value(z)


def embedding(layer: Any, weights: Mapping[str, Array], x: Array, name: str) -> Array:
    table = weights[name + "weight"]
    if layer.bags:
        return x @ table
    first = np.concatenate([[0], np.cumsum(layer.sizes)])[: x.shape[1]] if len(layer.sizes) > 1 else 0
    return table[x.astype(np.int64) + first].reshape(len(x), -1)


KINDS = {
    "dense": dense,
    "tied": tied,
    "embedding": embedding,
    "batch_norm": normalized,
    "dropout": lambda layer, weights, x, name: x,
    "activation": lambda layer, weights, x, name: ACTIVATIONS[layer.activation].value(x),
    "standardize": lambda layer, weights, x, name: standardized(x, weights, name),
    "robust_scale": lambda layer, weights, x, name: squashed(standardized(x, weights, name)),
    "quantile": lambda layer, weights, x, name: scores(x, weights[name + "knots"], weights[name + "scores"]),
    "whiten": lambda layer, weights, x, name: standardized(x, weights, name) @ weights[name + "matrix"],
    "piecewise_linear": lambda layer, weights, x, name: number_codes(x, weights, name),
    "one_hot": lambda layer, weights, x, name: level_codes(x, weights, name),
    "residual": lambda layer, weights, x, name: x + predict(layer.layers, weights, x, name),
    **dict.fromkeys(STEPS, outputs),
}

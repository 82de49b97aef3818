"""Standard deviations of initial weights of a layer with n_in inputs and n_out units; the mean is 0.

    he        sqrt(2 / n_in)               for relu, which halves the mean square
    glorot    sqrt(2 / (n_in + n_out))     a compromise between the forward and the backward pass
    lecun     sqrt(1 / n_in)               keeps the variance of z at that of the inputs
    auto      sqrt(c / n_in)               c = 2 for relu and what resembles it, 4 for symmetric_logistic,
                                   whose slope is half of tanh's, else 1

Uniform variants draw from [-limit, limit) with limit = sqrt(3) std, which has that deviation.
Source: He et al. 2015; Glorot and Bengio 2010; LeCun et al. 1998, Efficient BackProp, 4.6.
"""

from __future__ import annotations

from math import sqrt

LIKE_RELU = {"relu", "leaky_relu", "elu", "softplus", "gelu", "gelu_tanh", "silu", "mish"}


def standard_deviation(initializer: str, n_in: int, n_out: int) -> float:
    family = initializer.split("_")[0]
    return {
        "he": sqrt(2 / n_in),
        "glorot": sqrt(2 / (n_in + n_out)),
        "lecun": sqrt(1 / n_in),
        "zeros": 0.0,
    }[family]


def automatic_factor(activation: str) -> int:
    """C of the initializer that "auto" stands for."""
    if activation in LIKE_RELU:
        return 2
    return 4 if activation == "symmetric_logistic" else 1

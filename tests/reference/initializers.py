"""Standard deviations of initial weights of a layer with n_in inputs and n_out units; the mean is 0.

    he        gain sqrt(2 / n_in)               for relu, which halves the mean square
    glorot    gain sqrt(2 / (n_in + n_out))     a compromise between the forward and the backward pass
    lecun     gain sqrt(1 / n_in)               keeps the variance of z at that of the inputs
    auto      gain sqrt(c / n_in)               c by activation: see `reference.activations`
    sparse    deviation sqrt(connections / n_in)    of all weights together, most of which are 0
    orthogonal    gain / sqrt(max(n_in, n_out))     orthonormal columns or rows, whichever are fewer
    identity      gain sqrt(p (1 - p)), p = 1 / max(n_in, n_out), the share of ones; the mean is gain p

Uniform variants draw from [-limit, limit) with limit = sqrt(3) std, which has this standard deviation.
Source: He et al. 2015; Glorot and Bengio 2010; LeCun et al. 1998, Efficient BackProp, 4.6; Martens 2010, Deep
learning via Hessian-free optimization, 5; Saxe, McClelland and Ganguli 2014.
"""

from __future__ import annotations

from math import sqrt


def he(n_in: int, n_out: int, *, gain: float = 1.0) -> float:
    return gain * sqrt(2 / n_in)


def glorot(n_in: int, n_out: int, *, gain: float = 1.0) -> float:
    return gain * sqrt(2 / (n_in + n_out))


def lecun(n_in: int, n_out: int, *, gain: float = 1.0) -> float:
    return gain * sqrt(1 / n_in)


def constant(n_in: int, n_out: int, *, value: float = 0.0) -> float:
    return 0.0


def zeros(n_in: int, n_out: int) -> float:
    return 0.0


def base_rate(n_in: int, n_out: int) -> float:
    return 0.0


def sparse(n_in: int, n_out: int, *, connections: int = 15, deviation: float = 1.0) -> float:
    return deviation * sqrt(connections / n_in)


def orthogonal(n_in: int, n_out: int, *, gain: float = 1.0) -> float:
    return gain / sqrt(max(n_in, n_out))


def identity(n_in: int, n_out: int, *, gain: float = 1.0) -> float:
    share = 1 / max(n_in, n_out)
    return gain * sqrt(share * (1 - share))


# "auto" as for an activation whose c is 1
DEVIATIONS = {
    "auto": lecun,
    "he_normal": he,
    "he_uniform": he,
    "glorot_normal": glorot,
    "glorot_uniform": glorot,
    "lecun_normal": lecun,
    "lecun_uniform": lecun,
    "constant": constant,
    "zeros": zeros,
    "base_rate": base_rate,
    "sparse": sparse,
    "orthogonal": orthogonal,
    "identity": identity,
}


def standard_deviation(initializer: str, n_in: int, n_out: int, **hyper_parameters: float) -> float:
    return DEVIATIONS[initializer](n_in, n_out, **hyper_parameters)

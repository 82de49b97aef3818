"""Layers, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from fanin.checks import check_choice, check_integer

Activation = Literal[
    "identity",
    "logistic",
    "tanh",
    "relu",
    "symmetric_logistic",
    "leaky_relu",
    "elu",
    "selu",
    "softplus",
    "softsign",
    "gelu",
    "gelu_tanh",
    "silu",
    "mish",
]
Initializer = Literal[
    "auto",
    "he_normal",
    "he_uniform",
    "glorot_normal",
    "glorot_uniform",
    "lecun_normal",
    "lecun_uniform",
    "zeros",
]


@dataclass(frozen=True)
class Dense:
    """A fully connected layer: ``A = f(X W + b)``.

    X is (n_samples, n_in), W is (n_in, units), b is (units,); the textbook's columns are rows here.

    Parameters
    ----------
    units : int
        Number of outputs.
    activation : str
        f, element by element: "identity" z, "logistic" s(z) = 1 / (1 + e^-z), "tanh", "relu" max(0, z),
        "symmetric_logistic" 2 s(z) - 1 = tanh(z / 2) (which is not tanh z, as some notes have it), "leaky_relu" z or
        z / 100, "elu" z or e^z - 1, "selu" with the constants of Klambauer et al. 2017, "softplus" log(1 + e^z),
        "softsign" z / (1 + |z|), "gelu" z Phi(z), "gelu_tanh" its approximation with tanh, "silu" z s(z), "mish"
        z tanh(log(1 + e^z)).
    initializer : str
        Initial weights have mean zero and, with n_in inputs, this variance: "he_*" 2 / n_in (He et al. 2015, for
        relu), "glorot_*" 2 / (n_in + units) (Glorot and Bengio 2010), "lecun_*" 1 / n_in (LeCun et al. 1998), each
        normal or uniform; "zeros"; "auto" is normal with variance c / n_in: c = 2 for relu, leaky_relu, elu, softplus,
        gelu, silu and mish, 4 for symmetric_logistic (half the slope of tanh), and 1 otherwise. Biases start at zero.
        (Notes that draw with ``rand`` or scale by sqrt(n_in) are mistaken: weights must be symmetric about zero and
        scale with 1 / sqrt(n_in), or activations grow from layer to layer.)

    Examples
    --------
    >>> import fanin
    >>> fanin.Dense(64, activation="relu")
    Dense(units=64, activation='relu', initializer='auto')
    """

    units: int
    activation: Activation = "identity"
    initializer: Initializer = "auto"

    def __post_init__(self) -> None:
        check_integer("units", self.units, 1)
        check_choice("activation", self.activation, get_args(Activation))
        check_choice("initializer", self.initializer, get_args(Initializer))

"""An activation as a layer of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from fanin.layers.layer import Layer

ActivationName = Literal[
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
    "hard_sigmoid",
]


@dataclass(frozen=True)
class Activation(Layer):
    """An activation as a layer of its own: ``A = f(X)``, element by element, where X is the previous layer's output.

    ``Dense(64), Activation("tanh")`` equals ``Dense(64, "tanh")``, with the same speed and gradients. A separate
    activation can also follow a `BatchNorm` or a `Dropout`, or come first in a `Residual`.

    In the table s(z) = 1 / (1 + e^-z), and Phi is the distribution function of the standard normal distribution. The
    initializer "auto" draws weights of variance c / n_in for a layer with n_in inputs and this activation.

    ======================  =======================================================  ==
    activation              f(z)                                                      c
    ======================  =======================================================  ==
    "identity"              z                                                         1
    "logistic"              s(z)                                                      1
    "tanh"                  tanh z                                                    1
    "relu"                  max(0, z)                                                 2
    "symmetric_logistic"    2 s(z) - 1 = tanh(z / 2), not tanh z as some notes say    4
    "leaky_relu"            z for z > 0, else z / 100                                 2
    "elu"                   z for z > 0, else e^z - 1                                 2
    "selu"                  l z for z > 0, else l a (e^z - 1); l = 1.0507...,         1
                            a = 1.6733... (Klambauer et al. 2017)
    "softplus"              log(1 + e^z)                                              2
    "softsign"              ``z / (1 + |z|)``                                         1
    "gelu"                  z Phi(z)                                                  2
    "gelu_tanh"             gelu, approximated with tanh                              2
    "silu"                  z s(z), also called swish                                 2
    "mish"                  z tanh(log(1 + e^z))                                      2
    "hard_sigmoid"          z / 6 + 1/2, clipped to [0, 1]                            1
    ======================  =======================================================  ==

    Parameters
    ----------
    activation : str
        The name of f.

    Examples
    --------
    >>> import fanin
    >>> fanin.Network(8, [fanin.Dense(16), fanin.BatchNorm(), fanin.Activation("relu"), fanin.Dense(1)])
    <fanin.Network 8-16-1 (identity, batch norm, relu, identity), squared_error, float32, 193 parameters>
    """

    name: ClassVar[str] = "activation"
    activation: ActivationName

    @property
    def in_brief(self) -> str:
        """What the repr of a network shows for this layer."""
        return self.activation

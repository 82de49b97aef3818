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
]


@dataclass(frozen=True)
class Activation(Layer):
    """An activation as a layer of its own: ``A = f(X)``, element by element, where X is the previous layer's output.

    ``Dense(64), Activation("tanh")`` equals ``Dense(64, "tanh")``, with the same speed and gradients. A separate
    activation can also follow a `BatchNorm` or a `Dropout`, or come first in a `Residual`.

    Parameters
    ----------
    activation : str
        f, as in `Dense`.

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

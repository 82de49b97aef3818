"""Dropout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.layers.layer import Layer


@dataclass(frozen=True)
class Dropout(Layer):
    """Inverted dropout: in training each value becomes 0 with probability ``rate``, else ``x / (1 - rate)``.

    Prediction leaves values unchanged (Srivastava et al. 2014 scale there instead). As the first layer it drops inputs.
    The usual order is `Dense`, its batch norm, its activation, `Dropout`, the next `Dense`: batch norm directly after
    dropout sees a different variance in training than in prediction (Li et al. 2018).

    What is dropped depends only on the seed of the network, the layer, the number of epochs trained, the step in the
    epoch and the position in the batch. Weights are therefore bit-identical for every number of threads and every
    instruction set, and rules that take two gradients per step drop the same values in both.

    Parameters
    ----------
    rate : float
        In [0, 1): the fraction to drop, rounded to a multiple of 2^-16; 1 - rate uses the rounded value too.

    Examples
    --------
    >>> import fanin
    >>> layers = [fanin.Dropout(0.2), fanin.Dense(64, "relu"), fanin.Dropout(0.5), fanin.Dense(3)]
    >>> fanin.Network(20, layers)
    <fanin.Network 20-64-3 (dropout 0.2, relu, dropout 0.5, identity), squared_error, float32, 1,539 parameters>
    """

    name: ClassVar[str] = "dropout"
    rate: float = 0.5

    @property
    def in_brief(self) -> str:
        """What the repr of a network shows for this layer."""
        return f"dropout {self.rate:g}"

"""Dropout, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fanin.layers.layer import Layer


@dataclass(frozen=True)
class Dropout(Layer):
    """Inverted dropout: in training each value becomes 0 with probability ``rate``, else ``x / (1 - rate)``.

    For prediction nothing is left to do (Srivastava et al. 2014, who scale then instead). As the first layer it drops
    inputs. The usual order is `Dense`, its batch norm, its activation, `Dropout`, the next `Dense`: a batch norm right
    after a dropout sees another variance in training than in prediction (Li et al. 2018).

    What is dropped depends on the seed of the network, the layer, the number of epochs trained, the step in the epoch
    and the place in the batch alone, so weights are the same bits for every number of threads and on every
    instruction set, and rules that take two gradients a step take both of the same smaller network.

    Parameters
    ----------
    rate : float
        In [0, 1): the share that is dropped, rounded to a multiple of 2^-16; 1 - rate is rounded alike.

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
        """What the repr of a network says of the layer."""
        return f"dropout {self.rate:g}"

"""Layers with a skip connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fanin.layers.layer import Layer
from fanin.layers.list_of_layers import check_layers, described, restored


@dataclass(frozen=True)
class Residual(Layer):
    """Layers with a skip connection: ``A = X + f(X)``, where f is the layers (He et al. 2016).

    The output of the layers must have as many columns as their input. Since dA/dX = 1 + f'(X), gradients also pass
    around the layers unchanged, so deep nets learn like shallow ones.

    Parameters
    ----------
    layers : sequence of layers
        At least one; they may include another `Residual`. The weights of the first layer inside layer 3 are named
        "layer3.layer1.weight".

    Examples
    --------
    >>> import fanin
    >>> block = fanin.Residual([fanin.Dense(32, "relu"), fanin.Dense(16)])
    >>> net = fanin.Network(8, [fanin.Dense(16, "relu"), block, fanin.Activation("relu"), fanin.Dense(1)])
    >>> [name for name in net.get_weights() if name.startswith("layer2")]
    ['layer2.layer1.weight', 'layer2.layer1.bias', 'layer2.layer2.weight', 'layer2.layer2.bias']
    """

    name: ClassVar[str] = "residual"
    layers: Sequence[Layer]

    def __post_init__(self) -> None:
        check_layers(self.layers)
        object.__setattr__(self, "layers", tuple(self.layers))

    @property
    def in_brief(self) -> str:
        """What the repr of a network shows for this layer."""
        return f"residual ({', '.join(layer.in_brief for layer in self.layers)})"

    @property
    def inside(self) -> tuple[Layer, ...]:
        """The layers inside."""
        return tuple(self.layers)

    def check_on(self, n_inputs: int) -> None:
        """Raise ValueError if the layers do not fit `n_inputs` columns, or do not return that many."""
        described(n_inputs, self.layers)
        n_outputs = n_inputs
        for layer in self.layers:
            n_outputs = layer.outputs(n_outputs)
        if n_outputs != n_inputs:
            raise ValueError(
                f"layers: expected as many output columns as input columns, {n_inputs}, got {n_outputs}"
            )

    def values(self) -> dict[str, Any]:
        """Return the hyper-parameters by name, as the C++ core expects them."""
        return {"layers": [(layer.name, layer.values()) for layer in self.layers]}

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> Residual:
        """Return the layer with these `values()`."""
        return cls(restored(values["layers"]))

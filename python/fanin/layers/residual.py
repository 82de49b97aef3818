"""Layers with a connection around them, as a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fanin.layers.layer import Layer
from fanin.layers.list_of_layers import check_layers, described, restored


@dataclass(frozen=True)
class Residual(Layer):
    """Layers with a connection around them: ``A = X + f(X)``, where f is the layers (He et al. 2016).

    The layers give as many columns as they are given. Gradients pass around them unchanged, so that nets of many
    layers learn like nets of few: dA/dX = 1 + f'(X).

    Parameters
    ----------
    layers : sequence of layers
        At least one; another `Residual` may be among them. The weights of the first one inside layer 3 are called
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
        """What the repr of a network says of the layer."""
        return f"residual ({', '.join(layer.in_brief for layer in self.layers)})"

    @property
    def inside(self) -> tuple[Layer, ...]:
        """The layers inside, and what is inside those."""
        return tuple(self.layers)

    def check_on(self, n_inputs: int) -> None:
        """Raise ValueError where the layers do not fit so many columns, or give another number of them."""
        described(n_inputs, self.layers)
        n_outputs = n_inputs
        for layer in self.layers:
            n_outputs = layer.outputs(n_outputs)
        if n_outputs != n_inputs:
            raise ValueError(
                f"layers: expected layers that give {n_inputs} columns, as many as they are given, got {n_outputs}"
            )

    def values(self) -> dict[str, Any]:
        """Return the hyper-parameters by name, as the C++ core takes them."""
        return {"layers": [(layer.name, layer.values()) for layer in self.layers]}

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> Residual:
        """Return the layer whose `values()` these are."""
        return cls(restored(values["layers"]))

"""A dense layer with the transposed weights of an earlier one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from fanin.initial_values import Initializer, Values
from fanin.initializers import as_initializer
from fanin.layers.activation import ActivationName
from fanin.layers.dense import InitializerName, initializer_of
from fanin.layers.layer import Layer
from fanin.values import ranges_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Tied(Layer):
    """A dense layer with the transposed weights of an earlier one: ``A = f(X W' + b)``.

    For the decoder of an autoencoder: W (n_in, units) are the weights of an earlier `Dense`, X is (n_samples, units)
    and A (n_samples, n_in). The layer's only array is its bias, "layer2.bias" (n_in,). The gradient of W is the sum
    over both layers, and everything else about W (penalties, rates, ``optim.Around(frozen=["layer1.weight"])``) is that
    of the earlier layer.

    Second derivatives, and the solvers that use them, are not available for networks with such a layer; nor may the
    earlier layer have batch norm or follow it directly. Sparse rows are made dense, a batch at a time.

    Parameters
    ----------
    layer : int
        The number of the earlier `Dense` in the network's list of layers, 1 for the first.
    activation : str
        f: see `fanin.Activation`.
    bias_initializer : str, initializers.Initializer or array_like
        Initial biases, as those of `Dense`.

    Examples
    --------
    >>> import fanin
    >>> net = fanin.Network(20, [fanin.Dense(8, "tanh"), fanin.Dense(2), fanin.Tied(2, "tanh"), fanin.Tied(1)])
    >>> net
    <fanin.Network 20-8-2-8-20 (tanh, identity, tied tanh, tied identity), squared_error, float32, 214 parameters>
    >>> list(net.get_weights())
    ['layer1.weight', 'layer1.bias', 'layer2.weight', 'layer2.bias', 'layer3.bias', 'layer4.bias']
    """

    name: ClassVar[str] = "tied"
    layer: int
    activation: ActivationName = "identity"
    bias_initializer: InitializerName | Initializer | ArrayLike = "zeros"

    def __post_init__(self) -> None:
        ranges = ranges_of(self, self._allowed)
        for name in ("layer", "activation"):
            self._check(name, ranges[name])
        value = as_initializer("bias_initializer", self.bias_initializer)
        if isinstance(value, Values):
            object.__setattr__(self, "bias_initializer", value)

    @property
    def in_brief(self) -> str:
        """What the repr of a network shows for this layer."""
        return f"tied {self.activation}"

    def outputs_after(self, columns: Sequence[int]) -> int:
        """Return the number of inputs of the earlier layer; if there is none, the core says so."""
        return columns[min(int(self.layer), len(columns)) - 1]

    def values(self) -> dict[str, Any]:
        """Return the hyper-parameters by name, as the C++ core expects them."""
        biases = as_initializer("bias_initializer", self.bias_initializer)
        return {
            "layer": int(self.layer),
            "activation": self.activation,
            "bias_initializer": (biases.name, biases.values()),
        }

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> Tied:
        """Return the layer with these `values()`, with the name of an initializer at its defaults."""
        initializer = initializer_of((-1,), *values["bias_initializer"])
        return cls(values["layer"], values["activation"], initializer)

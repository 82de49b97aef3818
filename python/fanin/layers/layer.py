"""The base class of all layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fanin import _core
from fanin.values import Value


@dataclass(frozen=True)
class Layer(Value):
    """The base class of all layers.

    Examples
    --------
    >>> import fanin
    >>> from fanin.layers import Layer
    >>> isinstance(fanin.Dropout(0.2), Layer)
    True
    """

    _allowed: ClassVar[Mapping[str, Mapping[str, Any]]] = _core.layer_ranges()

    @property
    def in_brief(self) -> str:
        """What the repr of a network shows for this layer."""
        return self.name.replace("_", " ")

    @property
    def width(self) -> int | None:
        """Number of columns of the output, or None if it equals that of the input."""
        return None

    @property
    def inside(self) -> tuple[Layer, ...]:
        """The layers inside this one, if any."""
        return ()

    def outputs(self, n_inputs: int) -> int:
        """Return the number of columns of the output, given that of the input."""
        return n_inputs if self.width is None else self.width

    def outputs_after(self, columns: Sequence[int]) -> int:
        """Return that number, given the columns of the network's inputs and of the output of each layer before."""
        return self.outputs(columns[-1])

    def check_on(self, n_inputs: int) -> None:
        """Raise ValueError if the layer does not fit an input of `n_inputs` columns."""

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> Layer:
        """Return the layer with these `values()`."""
        return cls(**values)

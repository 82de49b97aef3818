"""What all layers have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from fanin import _core
from fanin.values import Value


@dataclass(frozen=True)
class Layer(Value):
    """A layer with its hyper-parameters: what all kinds of layers are.

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
        """What the repr of a network says of the layer."""
        return self.name.replace("_", " ")

    @property
    def width(self) -> int | None:
        """Number of columns it gives, or None: as many as it is given."""
        return None

    @property
    def inside(self) -> tuple[Layer, ...]:
        """The layers it is made of, if any."""
        return ()

    def outputs(self, n_inputs: int) -> int:
        """Return the number of columns it gives for so many columns."""
        return n_inputs if self.width is None else self.width

    def check_on(self, n_inputs: int) -> None:
        """Raise ValueError where the layer does not fit so many columns."""

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> Layer:
        """Return the layer whose `values()` these are."""
        return cls(**values)

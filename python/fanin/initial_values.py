"""The base class of all initializers, and the initializer that holds an array."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fanin import _core
from fanin.data.inputs import as_array
from fanin.values import Value


@dataclass(frozen=True)
class Initializer(Value):
    """The base class of all initializers.

    Examples
    --------
    >>> from fanin import initializers
    >>> isinstance(initializers.Zeros(), initializers.Initializer)
    True
    """

    _allowed: ClassVar[Mapping[str, Mapping[str, Any]]] = _core.initializer_ranges()


@dataclass(frozen=True, repr=False, eq=False)
class Values(Initializer):
    """``w = array``: your own weights, shape (n_in, units), or biases, shape (units,).

    The array is copied, so changing it later does not affect the network, which rounds the values to its dtype.
    `Dense` wraps an array in `Values`.

    Parameters
    ----------
    array : array_like
        Real numbers in one or two dimensions. The network checks that the shape fits and that values are finite.

    Examples
    --------
    >>> import fanin
    >>> from fanin import initializers
    >>> initializers.Values([[1, 0], [0, 1]])
    Values(<int64 array of shape (2, 2)>)
    >>> net = fanin.Network(2, [fanin.Dense(2, initializer=[[1, 0], [0, 1]])])
    >>> net.get_weights()["layer1.weight"]
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """

    name: ClassVar[str] = "values"
    array: Any

    def __post_init__(self) -> None:
        copy = np.array(_core.numbers("array", as_array("array", self.array, np.dtype("float64"), {}, {})))
        if copy.ndim not in (1, 2):
            raise ValueError(f"array: expected one or two dimensions, got shape {copy.shape}")
        copy.setflags(write=False)
        object.__setattr__(self, "array", copy)

    def values(self) -> dict[str, Any]:
        """Return the hyper-parameters by name, as the C++ core expects them."""
        with np.errstate(over="ignore"):
            return {"array": np.asarray(self.array, dtype=np.float64)}

    def __eq__(self, other: object) -> bool:
        """Compare shapes and elements."""
        return np.array_equal(self.array, other.array) if isinstance(other, Values) else NotImplemented

    def __hash__(self) -> int:
        """Hash shape and elements; 0 and -0 are equal, so they hash alike."""
        return hash((self.array.shape, (self.values()["array"] + 0.0).tobytes()))

    def __repr__(self) -> str:
        """Return shape and dtype; the elements could fill a screen."""
        return f"Values(<{self.array.dtype} array of shape {self.array.shape}>)"

"""What all initializers have in common, and the one that holds an array."""

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
    """An initializer with its hyper-parameters.

    Examples
    --------
    >>> from fanin import initializers
    >>> isinstance(initializers.Zeros(), initializers.Initializer)
    True
    """

    _allowed: ClassVar[Mapping[str, Mapping[str, Any]]] = _core.initializer_ranges()


@dataclass(frozen=True, repr=False, eq=False)
class Values(Initializer):
    """``w = array``: weights of shape (n_in, units), or biases of shape (units,), of your own.

    The array is copied: a later change of yours does not reach the network. The network rounds it to its dtype. A
    `Dense` makes one of an array that it is given.

    Parameters
    ----------
    array : array_like
        Real numbers in one or two dimensions. Shape and finite values are checked when the network is made.

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
        """Return the array by its name, as the C++ core takes it."""
        with np.errstate(over="ignore"):
            return {"array": np.asarray(self.array, dtype=np.float64)}

    def __eq__(self, other: object) -> bool:
        """Compare shapes and elements."""
        return np.array_equal(self.array, other.array) if isinstance(other, Values) else NotImplemented

    def __hash__(self) -> int:
        """Hash shape and elements; 0 and -0, which are equal, alike."""
        return hash((self.array.shape, (self.values()["array"] + 0.0).tobytes()))

    def __repr__(self) -> str:
        """Return shape and dtype; elements would fill a screen."""
        return f"Values(<{self.array.dtype} array of shape {self.array.shape}>)"

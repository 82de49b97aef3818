"""The arrays of users, of any library, that an optimizer updates in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def listed(name: str, arrays: Iterable[Any]) -> list[Any]:
    """Return a list of the arrays; reject a single array, which would be taken as a list of its rows."""
    if (
        isinstance(arrays, str | bytes | Mapping | Set)
        or hasattr(arrays, "__array__")
        or not isinstance(arrays, Iterable)
    ):
        raise TypeError(f"{name}: expected a list of arrays, got {type(arrays).__name__}")
    return list(arrays)


def shared(name: str, array: Any) -> NDArray[Any]:
    """Return a NumPy array that shares the memory of an array of any library."""
    expected = f"{name}: expected an array that can share its memory, such as a NumPy array"
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{expected}; a masked array cannot be updated in place")
    if isinstance(array, np.ndarray):
        return array
    try:
        if hasattr(array, "__dlpack__"):
            view = np.from_dlpack(array)
            return view if view.flags.writeable else _writable_twin(view, array)
        return np.asarray(memoryview(array))
    except Exception as error:
        raise TypeError(f"{expected}, got {type(array).__name__}: {error}") from None


def _writable_twin(view: NDArray[Any], array: Any) -> NDArray[Any]:
    """Older NumPy versions make every DLPack array read-only; return a writable view if the library offers one."""
    twin = np.asarray(array)
    same = (twin.ctypes.data, twin.dtype, twin.strides) == (view.ctypes.data, view.dtype, view.strides)
    return twin if same else view

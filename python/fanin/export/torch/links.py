"""Which arrays of a network are which parameters of a PyTorch module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.model import Model

    Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Link:
    """Rows of a parameter or buffer of PyTorch that are an array of a network, or a term of it."""

    array: str  # "layer1.input.weight"
    parameter: str  # "0.weight_ih_l0"
    rows: tuple[int | None, int | None] = (None, None)  # from, to
    transposed: bool = False

    @property
    def decays(self) -> bool:
        """Whether the array decays, as weights do and biases do not."""
        return self.array.endswith((".weight", ".recurrent"))

    def part(self, parameter: NDArray[Any]) -> NDArray[Any]:
        """Return a view of the rows in the array's shape."""
        rows = parameter[slice(*self.rows)]
        return rows.T if self.transposed else rows


def numpy_of(tensor: Any) -> NDArray[Any]:
    """Return the numbers of a tensor, half precision as float32; otherwise in its memory, if dense and on the CPU."""
    dense = tensor.to_dense() if tensor.is_sparse else tensor
    half = dense.is_floating_point() and dense.element_size() < 4
    array: NDArray[Any] = (dense.float() if half else dense).detach().cpu().numpy()
    return array


def tensors_of(module: Any) -> dict[str, Any]:
    """Return the parameters and buffers of a module by name; each is the module's own."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def network_arrays(links: Iterable[Link], arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Return the arrays of a network that a module's parameters are; two biases of PyTorch are added up."""
    found: Arrays = {}
    for link in links:
        part = link.part(arrays[link.parameter])
        found[link.array] = found[link.array] + part if link.array in found else part.copy()
    return found


def write(links: Iterable[Link], arrays: Mapping[str, NDArray[Any]], module: Any) -> None:
    """Set the parameters of a module to the arrays of a network; the second of two biases becomes 0.

    Raises
    ------
    ValueError
        If the module lacks an array, or has it in another shape. The module is unchanged then.
    """
    tensors = tensors_of(module)
    made: Arrays = {}
    written = set()
    for link in links:
        part = link.part(made.setdefault(link.parameter, numpy_of(tensors[link.parameter]).copy()))
        if part.shape != (shape := np.shape(arrays[link.array])):
            raise ValueError(
                f"module: {link.parameter}: expected shape {shape} for {link.array} of the network, got {part.shape}"
            )
        part[...] = 0 if link.array in written else arrays[link.array]
        written.add(link.array)
    missing = [name for name in arrays if name not in written and np.any(arrays[name] != neutral(name))]
    if missing:
        raise ValueError(f"module: expected a parameter for {missing[0]} of the network, got none")
    for name, whole in made.items():
        tensors[name].detach().copy_(tensors[name].new_tensor(whole))


def neutral(array: str) -> float:
    """Return the number that a module computes with if it does not have this array."""
    return 1.0 if array.endswith(".gamma") else 0.0


def links_to(net: Model, links: Iterable[Link]) -> list[Link]:
    """Return the links of a module with the names that its layers have in a network of the same layers.

    Raises
    ------
    ValueError
        If the network does not have these arrays.
    """
    links = list(links)
    shapes = {name: shape for name, shape, _ in net._core.arrays}
    own = list(dict.fromkeys(_layer(link.array) for link in links))
    theirs = list(dict.fromkeys(map(_layer, shapes)))
    named = dict(zip(own, theirs, strict=False))
    renamed = [replace(link, array=named.get(_layer(link.array), "") + _rest(link.array)) for link in links]
    strange = [link for link in renamed if link.array not in shapes]
    if len(own) != len(theirs) or strange:
        raise ValueError(f"net: expected the layers of the module, got {net!r}")
    return renamed


def check_shapes(net: Model, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Raise ValueError if an array of a module has another shape than that of the network."""
    for name, shape, _ in net._core.arrays:
        if name in arrays and np.shape(arrays[name]) != shape:
            raise ValueError(
                f"module: expected shape {shape} for {name}, as in the network, got {np.shape(arrays[name])}"
            )


def _layer(array: str) -> str:
    return array.partition(".")[0]


def _rest(array: str) -> str:
    return array[len(_layer(array)) :]

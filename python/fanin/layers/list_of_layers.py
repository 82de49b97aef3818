"""The kinds of layers, and functions for lists of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fanin.layers.layer import Layer

BY_NAME: dict[str, type[Layer]] = {}  # fanin.layers fills it


def check_layers(layers: object) -> None:
    """Raise TypeError or ValueError unless this is a list of layers."""
    kinds = tuple(BY_NAME.values())
    *others, last = (f"fanin.{kind.__name__}" for kind in kinds)
    expected = f"{', '.join(others)} or {last}"
    if isinstance(layers, Layer) or not isinstance(layers, Sequence):
        raise TypeError(f"layers: expected a list of {expected}, got {layers!r}")
    for i, layer in enumerate(layers):
        if not isinstance(layer, kinds):
            hint = f"; write fanin.{layer.__name__}(...)" if layer in kinds else ""
            raise TypeError(f"layers: expected {expected} at position {i}, got {layer!r}{hint}")
    if not layers:
        raise ValueError("layers: expected at least one layer, got none")


def described(n_inputs: int, layers: Sequence[Layer]) -> list[tuple[str, dict[str, Any]]]:
    """Return layers as the C++ core expects them; raise if one does not fit the output of the previous one."""
    result, columns = [], [n_inputs]
    for number, layer in enumerate(layers, start=1):
        try:
            layer.check_on(columns[-1])
        except ValueError as error:
            raise ValueError(f"layers: layer {number}: {error}") from None
        result.append((layer.name, layer.values()))
        columns.append(layer.outputs_after(columns))
    return result


def columns_through(n_inputs: int, layers: Sequence[Layer]) -> list[int]:
    """Return the columns of the network's inputs, then those of the output of each layer."""
    columns = [n_inputs]
    for layer in layers:
        columns.append(layer.outputs_after(columns))
    return columns


def restored(layers: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Layer]:
    """Return the layers that the C++ core describes; the inverse of `described`."""
    return [BY_NAME[name].restored(values) for name, values in layers]


def all_inside(layers: Iterable[Layer]) -> Iterator[Layer]:
    """Yield the layers, each preceded by the layers inside it."""
    for layer in layers:
        yield from all_inside(layer.inside)
        yield layer

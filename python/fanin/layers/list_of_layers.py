"""Which kinds of layers there are, and what a network asks of a list of them."""

from __future__ import annotations

from collections.abc import Sequence

from fanin.initial_values import Values
from fanin.initializers import as_initializer
from fanin.layers.batch_norm import BatchNorm, BatchNormSpecification
from fanin.layers.dense import Dense, DenseSpecification, Specification
from fanin.layers.dropout import Dropout, DropoutSpecification

Layer = Dense | BatchNorm | Dropout
LayerSpecification = DenseSpecification | BatchNormSpecification | DropoutSpecification


def check_layers(layers: object) -> None:
    """Raise TypeError or ValueError unless this is a list of layers in an order that makes sense."""
    expected = "fanin.Dense, fanin.BatchNorm or fanin.Dropout"
    if isinstance(layers, Layer) or not isinstance(layers, Sequence):
        raise TypeError(f"layers: expected a list of {expected}, got {layers!r}")
    for i, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise TypeError(f"layers: expected {expected} at position {i}, got {layer!r}")
    if not layers:
        raise ValueError("layers: expected at least one layer, got none")


def specifications(n_inputs: int, layers: Sequence[Layer]) -> list[LayerSpecification]:
    """Return layers as the C++ core takes them; raise where the shape of an array is not the layer's."""
    result: list[LayerSpecification] = []
    for number, layer in enumerate(layers, start=1):
        if not isinstance(layer, Dense):
            result.append(layer.specification())
            continue
        units = int(layer.units)
        weights = _specification(number, "initializer", layer.initializer, (n_inputs, units))
        biases = _specification(number, "bias_initializer", layer.bias_initializer, (units,))
        norm = BatchNorm() if layer.batch_norm is True else layer.batch_norm
        result.append((units, layer.activation, weights, biases, norm.specification() if norm else None))
        n_inputs = units
    return result


def _specification(number: int, argument: str, given: object, shape: tuple[int, ...]) -> Specification:
    initializer = as_initializer(argument, given)
    if isinstance(initializer, Values) and initializer.array.shape != shape:
        raise ValueError(
            f"layers: layer {number}: {argument}: expected shape {shape}, got {initializer.array.shape}"
        )
    return initializer.name, initializer.values()

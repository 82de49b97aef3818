"""The text of `Network.summary`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fanin.condition import condition_numbers
from fanin.layers import CODING, Dense, Embedding, Layer

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.adapting import AdaptedModel


def summary_of(net: AdaptedModel, X: ArrayLike | None) -> str:
    """Return the layers with their shapes and parameters, what the input layer has learned, and condition numbers."""
    first = net._core.first_columns
    sizes: dict[str, int] = {}
    for name, shape, trained in net._core.arrays if first is not None else ():
        layer = name.split(".")[0]
        sizes[layer] = sizes.get(layer, 0) + (int(np.prod(shape)) if trained else 0)
    rows, columns = [("layer", "", "outputs", "parameters")], [first or 0]  # 0: not known
    for number, layer in enumerate(net.layers, start=1):
        known = columns[-1] > 0 and (number > 1 or not net._core.has_input_layer)
        columns.append(layer.outputs_after(columns) if known else layer.width or columns[-1])
        parameters = sizes.get(f"layer{number}", 0)
        rows.append(
            (
                f"layer{number}",
                _named(layer),
                f"{columns[-1]:,}" if columns[-1] else "?",
                f"{parameters:,}" if parameters else "-",
            )
        )
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    lines = [
        f"{a:{widths[0]}}  {b:{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}".rstrip()
        for a, b, c, d in rows
    ]
    lines.append(f"{net.n_inputs:,} inputs, {_parameters(net)}")
    lines += _learned_lines(net)
    of_ids = isinstance(net.layers[0], Embedding)  # whose numbers are places
    if not of_ids and (numbers := net._core.condition_numbers if X is None else condition_numbers(net, X)):
        before, after = numbers
        behind = "" if after is None else f", of what the first layer gets: {after:.3g}"
        lines.append(f"condition number of the inputs: {before:.3g}{behind}")
    return "\n".join(lines)


def _parameters(net: AdaptedModel) -> str:
    if net._core.first_columns is None:
        return "parameters are laid out when the input layer learns"
    return f"{net.n_parameters:,} parameters, {_bytes(net.n_parameters * net.dtype.itemsize)} in {net.dtype}"


def _named(layer: Layer) -> str:
    if not isinstance(layer, Dense):
        return layer.in_brief
    return f"dense, {layer.activation}" + (", batch norm" if layer.batch_norm else "")


def _learned_lines(net: AdaptedModel) -> list[str]:
    """Return a line about the columns of X, if the input layer has learned."""
    if not net.learned:
        return ["the input layer has not learned yet"] if net._core.has_input_layer else []
    lines = []
    learned = {name.removeprefix("layer1."): values for name, values in net.learned.items()}
    if "scale" in learned:
        centre, scale = learned["centre"], learned["scale"]
        used = scale[scale > 0]
        constant = len(scale) - len(used)
        text = f"columns of X: centres {centre.min():.3g} to {centre.max():.3g}"
        if len(used):
            text += f", scales {1 / used.max():.3g} to {1 / used.min():.3g}"
        lines.append(text + (f", {constant:,} constant" if constant else ""))
    if "knots" in learned:
        knots = learned["knots"]
        lines.append(f"columns of X: quantiles from {knots.min():.3g} to {knots.max():.3g}")
    if isinstance(net.layers[0], CODING):
        coded = len({name.split(".")[0] for name in learned})
        dropped = net.n_inputs - coded
        lines.append(f"columns of X: {coded:,} coded" + (f", {dropped:,} constant" if dropped else ""))
    if "indicators" in learned:
        lines.append(f"columns with missing values: {len(learned['indicators']):,}")
    return lines


def _bytes(count: int) -> str:
    """Return a number of bytes in a readable unit."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"

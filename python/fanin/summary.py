"""The table of `Network.summary`, as text and for notebooks."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from fanin.condition import condition_numbers
from fanin.layers import CODING, Dense, Embedding, Layer
from fanin.notebook import framed, note, table
from fanin.terminal import width
from fanin.written import aligned, figure, memory

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.adapting import AdaptedModel

_HEAD = ("layer", "kind", "shape", "parameters", "memory")
_LEFT = 2  # columns of text


class Summary(str):
    """A text whose repr is itself, so that an interpreter prints its lines, and a notebook shows a table.

    Examples
    --------
    >>> import fanin
    >>> fanin.Network(2, [fanin.Dense(1)]).summary()
    layer   kind                     shape  parameters    memory
    layer1  dense, identity         2 -> 1           3  12 bytes
    total   squared error, float32  2 -> 1           3  12 bytes
    """

    _html: str

    def __repr__(self) -> str:
        """Return the text itself."""
        return str(self)

    def _repr_html_(self) -> str:
        return self._html


def summary_of(net: AdaptedModel, X: ArrayLike | None) -> Summary:
    """Return the layers with their shapes and parameters, what the input layer has learned, and condition numbers."""
    rows, notes, most = _rows(net), _notes(net, X), width(40, 80)
    lines = aligned([_HEAD, *rows], left=_LEFT, most={1: max(most - _others(rows), 12)})
    lines += [line for text in notes for line in wrap(text, most, subsequent_indent="  ")]
    summary = Summary("\n".join(lines))
    summary._html = framed(table(_HEAD, rows, left=_LEFT), *map(note, notes))
    return summary


def _others(rows: list[tuple[str, ...]]) -> int:
    """Return the width of all columns but that of the kinds, with the gaps."""
    columns = list(zip(_HEAD, *rows, strict=True))
    return sum(max(map(len, column)) + 2 for k, column in enumerate(columns) if k != 1)


def _rows(net: AdaptedModel) -> list[tuple[str, ...]]:
    """Return a row for each layer, and one for the network."""
    first = net._core.first_columns
    trained: dict[str, int] = {}
    stored: dict[str, int] = {}
    for name, shape, is_trained in net._core.arrays if first is not None else ():
        layer, size = name.split(".")[0], int(np.prod(shape))
        trained[layer] = trained.get(layer, 0) + (size if is_trained else 0)
        stored[layer] = stored.get(layer, 0) + size * net.dtype.itemsize
    for name, values in net.learned.items():
        layer = name.split(".")[0]
        stored[layer] = stored.get(layer, 0) + values.nbytes
    rows, columns = [], [first or 0]  # 0: not known
    for number, layer in enumerate(net.layers, start=1):
        name, before = f"layer{number}", net.n_inputs if number == 1 else columns[-1]
        known = columns[-1] > 0 and (number > 1 or not net._core.has_input_layer)
        columns.append(layer.outputs_after(columns) if known else layer.width or columns[-1])
        rows.append(
            (name, _named(layer), _shape(before, columns[-1]), *_sizes(trained.get(name), stored.get(name)))
        )
    totals = _sizes(sum(trained.values()), sum(stored.values()))
    loss = f"{net.loss.replace('_', ' ')}, {net.dtype}"
    return [*rows, ("total", loss, _shape(net.n_inputs, columns[-1]), *totals)]


def _shape(before: int, after: int) -> str:
    return " -> ".join(f"{columns:,}" if columns else "?" for columns in (before, after))


def _sizes(trained: int | None, stored: int | None) -> tuple[str, str]:
    return f"{trained:,}" if trained else "-", memory(stored) if stored else "-"


def _named(layer: Layer) -> str:
    if not isinstance(layer, Dense):
        return layer.in_brief
    return f"dense, {layer.activation}" + (", batch norm" if layer.batch_norm else "")


def _notes(net: AdaptedModel, X: ArrayLike | None) -> list[str]:
    lines = (
        [] if net._core.first_columns is not None else ["parameters are laid out when the input layer learns"]
    )
    lines += _learned_lines(net)
    of_ids = isinstance(net.layers[0], Embedding)  # whose numbers are places
    if not of_ids and (numbers := net._core.condition_numbers if X is None else condition_numbers(net, X)):
        before, after = numbers
        behind = "" if after is None else f", of what the first layer gets: {figure(after)}"
        lines.append(f"condition number of the inputs: {figure(before)}{behind}")
    return lines


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

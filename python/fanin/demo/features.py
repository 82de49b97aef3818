"""Encoding columns of numbers and text as standardized inputs, based only on the training rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fanin.csv.column import Column, is_missing
from fanin.csv.errors import UserError, shown
from fanin.csv.typed import NUMBER, TEXT, typed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Values = NDArray[np.float64]
    Inputs = NDArray[np.float32]

MAXIMUM_CATEGORIES = 64
MANY_CATEGORIES = 20
_NO_TEXT = "(missing)"


class Scale(NamedTuple):
    """The mean and standard deviation of a column."""

    name: str
    mean: float
    deviation: float

    @classmethod
    def of(cls, name: str, train: Values) -> Scale:
        """Return the scale of the training rows' values, which must vary."""
        with np.errstate(over="ignore", invalid="ignore"):
            mean = train.mean()
            extent = np.abs(train - mean).max()
            deviation = extent * np.sqrt(np.mean(((train - mean) / extent) ** 2))
        if not 0 < deviation < np.inf:
            between = f"between {train.min():.3g} and {train.max():.3g}"
            raise UserError(
                f"column {shown(name)}: numbers {between} overflow or vanish when standardized in double precision"
            )
        return cls(name, float(mean), float(deviation))

    def apply(self, values: Values) -> Inputs:
        """Return (values - mean) / deviation."""
        with np.errstate(over="ignore"):
            scaled = ((values - self.mean) / self.deviation).astype(np.float32)
        if not np.isfinite(scaled).all():
            farthest = values[np.argmax(np.abs(values - self.mean))]
            raise UserError(f"column {shown(self.name)}: {farthest:g} is too far from the training rows")
        return scaled


class Encoded(NamedTuple):
    """One column of the file as inputs (n_rows, n_inputs), notes for the user, and the style of its numbers."""

    inputs: Inputs
    notes: tuple[str, ...] = ()
    style: str = ""


def encode(column: Column, train: Rows) -> Encoded:
    """Return the inputs for a column: as numbers or dates if nearly all cells are, else as text."""
    if all(map(is_missing, column.cells)):
        name = shown(column.name)
        raise UserError(f"column {name} has no values; ignore it with --drop {name}")
    read = typed(column)
    if read.kind == TEXT:
        encoded = encode_text(column.name, column.cells, train)
        return encoded._replace(notes=(*read.notes, *encoded.notes))
    inputs, notes, _ = encode_numbers(column.name, read.values, train)
    return Encoded(inputs, (*read.notes, *notes), read.style if read.kind == NUMBER else "")


def encode_numbers(name: str, values: Values, train: Rows) -> Encoded:
    """
    Return the standardized numbers, and an indicator input that is 1 for missing numbers.

    Missing numbers (nan) are replaced by the median of the training rows. A column or an indicator that is constant
    over the training rows gives no input.
    """
    missing = np.isnan(values)
    known = values[train][~missing[train]]
    inputs = []
    if len(known) and known.min() < known.max():
        with np.errstate(over="ignore"):
            filled = np.where(missing, np.median(known), values)
        inputs.append(Scale.of(name, filled[train]).apply(filled))
    if 0 < len(known) < len(train):
        inputs.append(missing.astype(np.float32))
    if not inputs:
        return Encoded(np.empty((len(values), 0), np.float32), (_left_out_constant(name),))
    count = f"{missing.sum():,} missing values" if missing.sum() > 1 else "1 missing value"
    notes = (f"column {shown(name)}: {count} replaced by the median",) if missing.any() else ()
    return Encoded(np.stack(inputs, axis=1), notes)


def encode_text(name: str, cells: Sequence[str], train: Rows) -> Encoded:
    """
    Return one input per text of the training rows (one-hot), for the 64 most common texts at most.

    Any other text is all zeros. Missing counts as a text. A column in which most training rows have different texts
    (names, identifiers) gives no input.
    """
    texts = [_NO_TEXT if is_missing(cell) else cell for cell in cells]
    counts = Counter(texts[row] for row in train)
    kept = sorted(text for text, _ in counts.most_common(MAXIMUM_CATEGORIES))
    notes: tuple[str, ...] = ()
    if len(counts) == 1:
        return Encoded(np.empty((len(texts), 0), np.float32), (_left_out_constant(name),))
    if len(counts) > MANY_CATEGORIES:
        many = f"{len(counts):,} different texts"
        if len(counts) > MAXIMUM_CATEGORIES:
            if len(counts) > len(train) // 2:
                note = f"column {shown(name)} is ignored: {many} in {len(train):,} training rows"
                return Encoded(np.empty((len(texts), 0), np.float32), (note,))
            many = f"the {MAXIMUM_CATEGORIES} most common of {many}"
        such = next(text for text in kept if text != _NO_TEXT)
        notes = (f"column {shown(name)}: one input for each of {many}, such as {shown(such)}",)
    place = {text: position for position, text in enumerate(kept)}
    positions = np.array([place.get(text, -1) for text in texts])
    return Encoded((positions[:, np.newaxis] == np.arange(len(kept))).astype(np.float32), notes)


def _left_out_constant(name: str) -> str:
    return f"column {shown(name)} is ignored: it is constant in the training rows"

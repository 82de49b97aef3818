"""Columns of numbers and text as standardized inputs, learned from the training rows alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fanin.demo.csv_column import Column, is_missing
from fanin.demo.csv_dates import dates
from fanin.demo.csv_numbers import is_number, numbers
from fanin.demo.errors import DemoError, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Values = NDArray[np.float64]
    Inputs = NDArray[np.float32]

MAXIMUM_CATEGORIES = 64
MANY_CATEGORIES = 20
_NO_TEXT = "(missing)"


class Scale(NamedTuple):
    """The mean and deviation that standardize a column of this name."""

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
            raise DemoError(
                f"column {shown(name)}: numbers {between} have no mean and deviation in double precision"
            )
        return cls(name, float(mean), float(deviation))

    def apply(self, values: Values) -> Inputs:
        """Return (values - mean) / deviation."""
        with np.errstate(over="ignore"):
            scaled = ((values - self.mean) / self.deviation).astype(np.float32)
        if not np.isfinite(scaled).all():
            farthest = values[np.argmax(np.abs(values - self.mean))]
            raise DemoError(
                f"column {shown(self.name)}: {farthest:g} is too far from the training rows to compute with"
            )
        return scaled


class Encoded(NamedTuple):
    """One column of the file as (n_rows, n_inputs), what the user should know, and how its numbers were taken."""

    inputs: Inputs
    notes: tuple[str, ...] = ()
    style: str = ""


def encode(column: Column, train: Rows) -> Encoded:
    """Return the inputs of a column: of numbers or dates where nearly all cells are such, else of text."""
    if all(map(is_missing, column.cells)):
        name = shown(column.name)
        raise DemoError(f"column {name} has no values at all; leave it out with --drop {name}")
    read = numbers(column)
    if read is not None:
        inputs, notes, _ = encode_numbers(column.name, read.values, train)
        return Encoded(inputs, (*_said(read.note(column, "finite number")), *notes), read.style)
    days = dates(column)
    if days is not None:
        read, note = days
        inputs, notes, _ = encode_numbers(column.name, read.values, train)
        return Encoded(inputs, (note, *_said(read.note(column, "date")), *notes))
    encoded = encode_text(column.name, column.cells, train)
    known = [cell for cell in column.cells if not is_missing(cell)]
    are_numbers = sum(map(is_number, known))
    if 2 * are_numbers < len(known) or not encoded.inputs.size:
        return encoded
    few = f"{are_numbers:,} of {len(known):,} cells are numbers, fewer than nine in ten"
    return encoded._replace(notes=(f"column {shown(column.name)} is taken as text: {few}", *encoded.notes))


def encode_numbers(name: str, values: Values, train: Rows) -> Encoded:
    """
    Return the standardized numbers, and an input that is 1 where the number is missing.

    Missing numbers (nan) get the median of the training rows. A column, or an indicator, that is the same in
    every training row has nothing to teach and gives no input.
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
    count = f"{missing.sum():,} missing values get" if missing.sum() > 1 else "1 missing value gets"
    notes = (f"column {shown(name)}: {count} the median",) if missing.any() else ()
    return Encoded(np.stack(inputs, axis=1), notes)


def encode_text(name: str, cells: Sequence[str], train: Rows) -> Encoded:
    """
    Return one input per text of the training rows (one-hot), at most for the 64 commonest.

    Any other text has zeros everywhere. "Missing" is a text of its own. A column of which most training rows
    have a text of their own (names, identifiers) gives no input.
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
                note = f"column {shown(name)} is left out: {many} in {len(train):,} training rows"
                return Encoded(np.empty((len(texts), 0), np.float32), (note,))
            many = f"the {MAXIMUM_CATEGORIES} commonest of {many}"
        such = next(text for text in kept if text != _NO_TEXT)
        notes = (f"column {shown(name)}: an input each for {many}, such as {shown(such)}",)
    place = {text: position for position, text in enumerate(kept)}
    positions = np.array([place.get(text, -1) for text in texts])
    return Encoded((positions[:, np.newaxis] == np.arange(len(kept))).astype(np.float32), notes)


def _said(note: str) -> tuple[str, ...]:
    return (note,) if note else ()


def _left_out_constant(name: str) -> str:
    return f"column {shown(name)} is left out: the same in every training row"

"""Columns of numbers and text as standardized inputs, learned from the training rows alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fanin.demo.csv_table import is_missing, numbers
from fanin.demo.errors import DemoError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Values = NDArray[np.float64]
    Inputs = NDArray[np.float32]

MAXIMUM_CATEGORIES = 64


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
                f"column {name!r}: numbers {between} have no mean and deviation in double precision"
            )
        return cls(name, float(mean), float(deviation))

    def apply(self, values: Values) -> Inputs:
        """Return (values - mean) / deviation."""
        with np.errstate(over="ignore"):
            scaled = ((values - self.mean) / self.deviation).astype(np.float32)
        if not np.isfinite(scaled).all():
            farthest = values[np.argmax(np.abs(values - self.mean))]
            raise DemoError(
                f"column {self.name!r}: {farthest:g} is too far from the training rows to compute with"
            )
        return scaled


class Encoded(NamedTuple):
    """One column of the file as (n_rows, n_inputs), and what the user should know about it, or ""."""

    inputs: Inputs
    note: str


def encode(name: str, cells: Sequence[str], train: Rows) -> Encoded:
    """Return the inputs of a column: of numbers if every cell is a number or missing, else of text."""
    if all(is_missing(cell) for cell in cells):
        raise DemoError(f"column {name!r} has no values at all; leave it out with --drop {name!r}")
    values = numbers(name, cells)
    return encode_text(name, cells, train) if values is None else encode_numbers(name, values, train)


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
        return Encoded(np.empty((len(values), 0), np.float32), _left_out_constant(name))
    note = f"column {name!r}: {missing.sum():,} missing values get the median" if missing.any() else ""
    return Encoded(np.stack(inputs, axis=1), note)


def encode_text(name: str, cells: Sequence[str], train: Rows) -> Encoded:
    """
    Return one input per text of the training rows (one-hot), at most for the 64 commonest.

    Any other text has zeros everywhere. "Missing" is a text of its own. A column of which most training rows
    have a text of their own (names, identifiers) gives no input.
    """
    texts = ["(missing)" if is_missing(cell) else cell for cell in cells]
    counts = Counter(texts[row] for row in train)
    note = ""
    if len(counts) == 1:
        return Encoded(np.empty((len(texts), 0), np.float32), _left_out_constant(name))
    if len(counts) > MAXIMUM_CATEGORIES:
        note = f"column {name!r}: the {MAXIMUM_CATEGORIES} commonest of {len(counts):,} texts are used"
        if len(counts) > len(train) // 2:
            unique = f"{len(counts):,} different texts in {len(train):,} training rows"
            return Encoded(np.empty((len(texts), 0), np.float32), f"column {name!r} is left out: {unique}")
    kept = sorted(text for text, _ in counts.most_common(MAXIMUM_CATEGORIES))
    place = {text: position for position, text in enumerate(kept)}
    positions = np.array([place.get(text, -1) for text in texts])
    return Encoded((positions[:, np.newaxis] == np.arange(len(kept))).astype(np.float32), note)


def _left_out_constant(name: str) -> str:
    return f"column {name!r} is left out: the same in every training row"

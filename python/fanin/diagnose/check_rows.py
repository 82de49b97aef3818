"""Checks of rows: those that occur more than once, in training and in validation data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin.checks import counted
from fanin.data.sparse import is_sparse
from fanin.diagnose.finding import Finding
from fanin.diagnose.remedy import Remedy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.diagnose.samples import Samples

_SHARE = 0.01
_FEWEST = 2  # validation rows: one may be a coincidence
_BLOCK = 1_000_000  # values converted at a time


class Repeats(NamedTuple):
    """Rows that occur more than once.

    Attributes
    ----------
    within : float
        Share of the training rows that equal an earlier one.
    shared : float or None
        Share of the validation rows that are also trained on.
    disagreeing : int
        Validation rows that are trained on with other targets alone.
    trained : tuple of int
        Training rows that are also in the validation data.
    """

    within: float
    shared: float | None
    disagreeing: int
    trained: tuple[int, ...]


def repeats_of(samples: Samples) -> Repeats:
    """Compare rows by 128 bits of a hash (BLAKE2b) of their values in float64."""
    rows = defaultdict(list)
    for place, key in enumerate(_keys(samples.X)):
        rows[key].append(place)
    within = 1 - len(rows) / samples.rows
    if samples.validation is None:
        return Repeats(within, None, 0, ())
    X, y, _ = samples.validation
    shared, disagreeing = 0, 0
    trained: set[int] = set()
    for place, key in enumerate(_keys(X)):
        equal = rows.get(key, ())
        trained.update(equal)
        shared += bool(equal)
        disagreeing += bool(equal) and not any(np.array_equal(samples.y[row], y[place]) for row in equal)
    places = tuple(int(samples.places[row]) for row in sorted(trained))
    return Repeats(within, shared / max(len(y), 1), disagreeing, places)


def duplicates(samples: Samples, found: Repeats) -> Iterator[Finding]:
    """Find validation rows that are trained on; a warning where training rows repeat each other as often."""
    if found.shared is None or samples.validation is None:
        return
    total = len(samples.validation[1])
    count = round(found.shared * total)
    if found.shared < _SHARE or count < _FEWEST:
        return
    message = f"{count:,} of {counted(total, 'validation row')} ({found.shared:.1%}) are also trained on"
    if found.disagreeing:
        message += f", {found.disagreeing:,} of them with another target"
    remedy = None
    if len(found.trained) < samples.rows:
        remedy = Remedy("drop the rows that are validated", drop_rows=found.trained)
    natural = found.within >= found.shared / 2
    yield Finding(
        "duplicates",
        message + (f"; {found.within:.1%} of the training rows repeat others, too" if natural else ""),
        number=found.shared,
        threshold=_SHARE,
        severity="warning" if natural else "fault",
        remedy=remedy,
    )


def _keys(X: Any) -> Iterator[bytes]:
    """Yield a hash of each row: of the columns and values that are not 0, so that sparse and dense rows agree."""
    size = max(1, _BLOCK // X.shape[1])
    for begin in range(0, X.shape[0], size):
        places, values, ends = _entries(X[begin : begin + size])
        start = 0
        for end in ends.tolist():
            yield blake2b(places[start:end].tobytes() + values[start:end].tobytes(), digest_size=16).digest()
            start = end


def _entries(block: Any) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.intp]]:
    """Return the columns and values that are not 0, row by row, and where each row ends."""
    if is_sparse(block):
        block = block.copy()
        block.sum_duplicates()
        block.eliminate_zeros()
        columns, values, ends = block.indices, block.data, block.indptr[1:]
    else:
        rows, columns = np.nonzero(block)
        values, ends = block[rows, columns], np.cumsum(np.bincount(rows, minlength=len(block)))
    values = values.astype(float)
    values[np.isnan(values)] = np.nan  # NaN of one pattern of bits
    return columns.astype(np.int64), values, ends

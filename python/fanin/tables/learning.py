"""What an encoder learns from chunks of a table: a sample of numbers and dates, and exact counts of texts."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.tables.cells import Cells, Days, Numbers, Texts
from fanin.tables.conversion import as_days, as_numbers, as_texts, resolve, strays
from fanin.tables.reading import in_order, read_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_ROWS = 65536
_SAMPLE_SEED = 0x7461626C6573
# Of fewer rows, unique values and row numbers mean nothing.
_FEW_ROWS = 20
# Of so many rows, different whole numbers are not different by chance.
_MANY_ROWS = 100
# Free text has more characters on average.
_LONG = 20


class Sample:
    """The rows of least priority, random numbers that depend only on their positions; all rows without a limit."""

    def __init__(self, limit: int | None) -> None:
        self._limit, self._random = limit, np.random.Generator(np.random.Philox(_SAMPLE_SEED))
        self._priorities: NDArray[np.float64] = np.empty(0)
        self.positions: NDArray[np.int64] = np.empty(0, np.int64)
        self.rows = 0

    def add(self, rows: int) -> NDArray[np.int64]:
        """Return which of the rows of the sample so far, followed by these, are the new sample."""
        positions = np.append(self.positions, np.arange(self.rows, self.rows + rows))
        self.rows += rows
        keep: NDArray[np.int64] = np.arange(len(positions))
        if self._limit is not None:
            priorities = np.append(self._priorities, self._random.random(rows))
            if len(priorities) > self._limit:
                keep = np.sort(np.argpartition(priorities, self._limit)[: self._limit])
            self._priorities = priorities[keep]
        self.positions = positions[keep]
        return keep


def _has_dates(cells: Cells) -> bool:
    levels = cells.levels if isinstance(cells, Texts) else ()
    return isinstance(cells, Days) or any(isinstance(level, datetime.date) for level in levels)


class LearnedColumn:
    """What was found in one column so far. The first chunk decides what it holds, unless it is given as a category."""

    def __init__(self, name: str, first: Cells, category: bool = False) -> None:
        self.name, self._kind = name, Texts if category else type(resolve(first))
        if category and _has_dates(first):
            raise ValueError(f'X: column "{name}": expected numbers or text of a category, got dates')
        self._values: NDArray[np.float64] = np.empty(0)
        self._counts: dict[str, int] = {}
        self._strays = 0
        self._first_stray: object = None

    def add(self, cells: Cells, keep: NDArray[np.int64]) -> None:
        """Add the cells of a chunk."""
        if self._kind is Texts:
            places, levels = as_texts(self.name, cells)
            for level, count in zip(
                levels, np.bincount(places + 1, minlength=len(levels) + 1)[1:], strict=True
            ):
                if count:
                    self._counts[level] = self._counts.get(level, 0) + int(count)
            return
        values = as_numbers(self.name, cells) if self._kind is Numbers else as_days(self.name, cells)
        count, first = strays(cells, Numbers(values))
        self._first_stray = first if self._strays == 0 else self._first_stray
        self._strays += count
        self._values = np.append(self._values, values)[keep]

    def learn(
        self, sample: Sample, numbered: bool, bins: int, min_count: int, spikes: bool
    ) -> dict[str, Any]:
        """Return the column for the core."""
        if reason := self._useless(sample, numbered):
            return {"kind": "dropped", "column": self.name, "note": f"dropped: {reason}"}
        if self._kind is Texts:
            return _core.learn_category(self.name, list(self._counts.items()), sample.rows, min_count)
        if self._kind is Days:
            column = _core.learn_dates(self.name, self._values, bins)
        else:
            column = _core.learn_numbers(self.name, self._values, bins, spikes)
        if self._strays and column["kind"] != "dropped":
            kind = "numbers" if self._kind is Numbers else "dates"
            cells = "1 cell" if self._strays == 1 else f"{self._strays:,} cells"
            column["note"] = f"{cells} of text, not {kind}: missing; the first is {self._first_stray!r}"
        return column

    @property
    def _varies(self) -> bool:
        """Whether most texts are found only once."""
        levels = len(self._counts)
        return self._kind is Texts and levels >= _FEW_ROWS and 2 * levels > sum(self._counts.values())

    @property
    def is_free_text(self) -> bool:
        """Whether these are texts, most of them different, that are too long for names and ids."""
        return self._varies and sum(map(len, self._counts)) > _LONG * len(self._counts)

    def _numbers_rows(self, sample: Sample) -> bool:
        """Whether these are the numbers of the rows, or of some rows of a table at most twice as long, in any order."""
        values = self._values
        if any(np.array_equal(values, sample.positions + first) for first in (0, 1)):
            return True
        if sample.rows < _MANY_ROWS or np.isnan(values).any() or (values != np.floor(values)).any():
            return False
        return bool(np.ptp(values) < 2 * sample.rows) and len(np.unique(values)) == len(values)

    def _useless(self, sample: Sample, numbered: bool) -> str:
        """Return why the column cannot help to predict other rows, or an empty text."""
        if sample.rows < _FEW_ROWS:
            return ""
        if self._kind is Numbers and numbered:
            return "a row number" if self._numbers_rows(sample) else ""
        levels, known = len(self._counts), sum(self._counts.values())
        if not self._varies:
            return ""
        if self.is_free_text:
            return f"free text, {levels:,} different ones in {known:,} rows"
        return f"an id, different in each of {known:,} rows" if levels == known else ""


def most_bins(columns: int) -> int:
    """Return the most bins of a number in a table with so many columns."""
    return max(4, min(64, 8192 // max(columns, 1)))


def learners(names: Sequence[str], cells: Sequence[Cells], categories: Sequence[str]) -> list[LearnedColumn]:
    """Return what learns each column, of which these are the first cells; some are given as categories."""
    if unknown := [name for name in categories if name not in names]:
        raise ValueError(f"categories: expected names of columns, got {unknown[0]!r}")
    return [LearnedColumn(name, of, name in categories) for name, of in zip(names, cells, strict=True)]


def learn_table(
    chunks: Iterator[Any],
    limit: int | None,
    bins: int | None,
    min_count: int,
    spikes: bool,
    categories: Sequence[str],
    beside: int = 0,
) -> tuple[list[dict[str, Any]], bool]:
    """Return the columns of a table for the core, and whether they have names; other arguments as in `TableEncoder`.

    `limit` is the most rows that numbers are learned from, `beside` the number of columns besides these.
    """
    sample, named = Sample(limit), False
    names: list[str] = []
    columns: list[LearnedColumn] = []
    for chunk in chunks:
        table = read_table(chunk)
        if not columns:
            names, named = list(table.columns), table.named
        table = in_order(table, names, names, named)
        cells = [table.cells(name) for name in names]
        columns = columns or learners(names, cells, categories)
        keep = sample.add(table.rows)
        for column, of in zip(columns, cells, strict=True):
            column.add(of, keep)
    if sample.rows == 0 or not names:
        raise ValueError("X: expected at least 1 row and 1 column")
    numbered = named and len(names) + beside > 1  # whether a column may number the rows
    bins = bins or most_bins(len(names))
    return [column.learn(sample, numbered, bins, min_count, spikes) for column in columns], named

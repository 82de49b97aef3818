"""How each column of a table was read and coded: the values in `TableEncoder.columns`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fanin.checks import counted
from fanin.notebook import framed, headline, table

_WIDEST = 30  # name that the texts of the other columns make room for


def _shown(value: float) -> str:
    return repr(float(f"{value:.6g}"))


@dataclass(frozen=True)
class Number:
    """A number: median and scale of its dense column, share of missing values, knots of its bins, and spikes.

    ``v = (x - median) / scale`` becomes ``v / sqrt(1 + (v / 3)^2)``; spikes are values with a column of their own.
    """

    name: str
    median: float
    scale: float
    missing: float
    knots: tuple[float, ...]
    spikes: tuple[float, ...]
    note: str = ""

    @classmethod
    def of_code(cls, name: str, code: dict[str, Any], note: str = "") -> Number:
        """Return the value for a code of the core."""
        return cls(name, code["median"], code["scale"], code["missing"], code["knots"], code["spikes"], note)

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Number:
        """Return the value for a column of the core."""
        return cls.of_code(fields["column"], fields["code"], fields["note"])

    def dense_names(self) -> list[str]:
        """Return the names of the dense columns of the samples."""
        return [self.name, *([f"{self.name} missing"] if self.missing > 0 else [])]

    def coded_names(self) -> list[str]:
        """Return the names of the columns of the code."""
        ends = [_shown(knot) for knot in self.knots]
        bins = [f"{self.name}[{low}, {high}]" for low, high in itertools.pairwise(ends)]
        return bins + [f"{self.name}={_shown(value)}" for value in self.spikes]

    def text(self) -> str:
        """Return a description of the column."""
        knots = f"{len(self.knots)} knots from {_shown(self.knots[0])} to {_shown(self.knots[-1])}"
        spikes = f", {len(self.spikes)} values of their own" if self.spikes else ""
        missing = f", {100 * self.missing:.3g} % missing" if self.missing else ""
        return f"number, median {_shown(self.median)}, {knots}{spikes}{missing}"


@dataclass(frozen=True)
class TwoNumbers:
    """A boolean, or a number with two values: -1 for the low one, 1 for the high one, 0 if it is missing."""

    name: str
    low: float
    high: float
    note: str = ""

    @classmethod
    def of(cls, fields: dict[str, Any]) -> TwoNumbers:
        """Return the value for a column of the core."""
        return cls(fields["column"], fields["low"], fields["high"], fields["note"])

    def dense_names(self) -> list[str]:
        """Return the names of the dense columns of the samples."""
        return [self.name]

    def coded_names(self) -> list[str]:
        """Return the names of the columns of the code."""
        return []

    def text(self) -> str:
        """Return a description of the column."""
        return f"number, -1 for {_shown(self.low)}, 1 for {_shown(self.high)}"


@dataclass(frozen=True)
class Category:
    """A category: levels with a column of their own, and rare ones that share one; two levels are -1 and 1."""

    name: str
    levels: tuple[str, ...]
    rare: tuple[str, ...] = ()
    signed: bool = False
    note: str = ""

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Category:
        """Return the value for a column of the core."""
        if "levels" in fields:
            return cls(fields["column"], fields["levels"], fields["rare"], False, fields["note"])
        return cls(fields["column"], (fields["low"], fields["high"]), (), True, fields["note"])

    def dense_names(self) -> list[str]:
        """Return the names of the dense columns of the samples."""
        return [f"{self.name}={self.levels[1]}"] if self.signed else []

    def coded_names(self) -> list[str]:
        """Return the names of the columns of the code."""
        levels = [] if self.signed else [*self.levels, *(["other"] if self.rare else [])]
        return [f"{self.name}={level}" for level in levels]

    def text(self) -> str:
        """Return a description of the column."""
        if self.signed:
            return f'category, -1 for "{self.levels[0]}", 1 for "{self.levels[1]}"'
        rare = f", and one for {counted(len(self.rare), 'rare level')}" if self.rare else ""
        return f"category, a column for each of {counted(len(self.levels), 'level')}{rare}"


@dataclass(frozen=True)
class Date:
    """A date: the parts of it that vary, each coded like a number, and the trend, which is the day itself."""

    name: str
    parts: tuple[Number, ...]
    note: str = ""

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Date:
        """Return the value for a column of the core."""
        name, note = fields["column"], fields["note"]
        parts = tuple(Number.of_code(f"{name} {part['part']}", part["code"]) for part in fields["parts"])
        return cls(name, parts, note)

    def dense_names(self) -> list[str]:
        """Return the names of the dense columns of the samples."""
        return [name for part in self.parts for name in part.dense_names()]

    def coded_names(self) -> list[str]:
        """Return the names of the columns of the code."""
        return [name for part in self.parts for name in part.coded_names()]

    def text(self) -> str:
        """Return a description of the column."""
        return "date, " + ", ".join(part.name.removeprefix(f"{self.name} ") for part in self.parts)


@dataclass(frozen=True)
class Pair:
    """An additional number that depends on the cells of two columns."""

    name: str
    first: str
    second: str
    number: Number

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Pair:
        """Return the value for a column of the core."""
        number = Number.of_code(fields["column"], fields["code"])
        return cls(fields["column"], fields["first"]["column"], fields["second"]["column"], number)

    def dense_names(self) -> list[str]:
        """Return the names of the dense columns of the samples."""
        return self.number.dense_names()

    def coded_names(self) -> list[str]:
        """Return the names of the columns of the code."""
        return self.number.coded_names()

    def text(self) -> str:
        """Return a description of the column."""
        return f'pair of "{self.first}" and "{self.second}", {len(self.number.knots)} knots'


class _Unnamed:
    """A column whose samples have no names."""

    def dense_names(self) -> list[str]:
        """Return the names of the dense columns of the samples: none."""
        return []

    def coded_names(self) -> list[str]:
        """Return the names of the columns of the code: none."""
        return []


@dataclass(frozen=True)
class Dropped(_Unnamed):
    """A column that is not used, and why; of a sparse matrix, several of them."""

    name: str
    reason: str
    count: int = field(default=1, repr=False)

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Dropped:
        """Return the value for a column of the core."""
        return cls(fields["column"], fields["note"])

    def text(self) -> str:
        """Return a description of the column."""
        return self.reason


@dataclass(frozen=True)
class Text(_Unnamed):
    """A text, whose words and pairs of words have hashed columns; how many of these have values in training."""

    name: str
    words: int

    def text(self) -> str:
        """Return a description of the column."""
        return f"text, {self.words:,} hashed words and pairs of words"


@dataclass(frozen=True)
class Sparse(_Unnamed):
    """The columns of a sparse matrix that have values in training."""

    name: str
    count: int

    def text(self) -> str:
        """Return a description of the columns."""
        return "numbers of a sparse matrix, as they are"


Column = Number | TwoNumbers | Category | Date | Pair | Dropped | Text | Sparse


def described(columns: Sequence[Column]) -> list[str]:
    """Return a line for each column: how it was read, or why it was dropped."""
    width = min(max(len(column.name) for column in columns), _WIDEST)
    return [f"{column.name:{width}}  {_read_as(column)}" for column in columns]


def html_of(title: str, columns: Sequence[Column]) -> str:
    """Return what a notebook shows: the title, and a row for each column with the number of columns of its code."""
    rows = [(c.name, _read_as(c), f"{len(c.dense_names()) + len(c.coded_names()):,}") for c in columns]
    listed = [table(("column", "read as", "columns of its code"), rows, left=2)] if rows else []
    return framed(headline(title), *listed)


def _read_as(column: Column) -> str:
    note = getattr(column, "note", "")
    return f"{column.text()}; {note}" if note else column.text()


# by the names of the core's columns
KINDS: dict[str, Any] = {
    "number": Number,
    "two_numbers": TwoNumbers,
    "two_levels": Category,
    "category": Category,
    "date": Date,
    "pair": Pair,
    "dropped": Dropped,
}

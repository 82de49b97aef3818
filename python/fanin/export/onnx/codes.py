"""Codes of columns as operators of ONNX: those of tables, and of input layers that learn the same.

Columns are as the core describes them, see `cpp/include/fanin/table_columns.hpp`. Numbers are in float64, and their
codes are rounded to float32, as the core does it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.export.onnx.cells import day_parts, pair_value, places
from fanin.export.onnx.inputs import squashed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.export.onnx.graph import Graph

    Column = Mapping[str, Any]
    Source = Callable[[str], str]  # the cells of a column, (..., 1), by its name

_LISTS = ("knots", "spikes", "centre", "levels", "rare")


def input_codes(g: Graph, layer: Any, learned: Mapping[str, Any], x: str, name: str) -> str:
    """Return the codes of `PiecewiseLinear` or `OneHot`."""
    fields: dict[str, dict[str, Any]] = {}
    for key in (key for key in learned if key.startswith(f"{name}x")):
        column, field = key.removeprefix(name).split(".")
        values = learned[key]
        fields.setdefault(column, {})[field] = values if field in _LISTS else values.item()
    kinds = ("category", "two_levels") if layer.name == "one_hot" else ("number", "two_numbers")
    columns = [
        {"kind": kinds["high" in of], "column": column, "code": of, **of} for column, of in fields.items()
    ]
    return coded(g, columns, lambda column: g.add("Gather", x, np.array([int(column[1:])]), axis=-1))


def coded(g: Graph, columns: Sequence[Column], source: Source) -> str:
    """Return the code of columns in the type of the network: dense columns, then the others."""
    code = _Code(g, source)
    for column in columns:
        getattr(code, f"_{column['kind']}")(column)
    return code.joined()


class _Code:
    """Codes of columns under construction. Columns of a kind are coded together, since there may be many."""

    def __init__(self, g: Graph, source: Source) -> None:
        self._g, self._source = g, source
        self._numbers: list[tuple[str, Any]] = []  # values and their codes
        self._two: list[tuple[str, Column]] = []  # numbers with two values
        self._sides: list[tuple[str, float]] = []  # places of two levels, and means
        self._levels: list[tuple[str, Any]] = []  # places of levels, and centres
        # Columns of the result: a group, whose columns are made together, and the place in it
        self._dense: list[tuple[str, int]] = []
        self._coded: list[tuple[str, int]] = []
        self._sizes = dict.fromkeys(("values", "missing", "between", "sides", "bins", "spikes", "levels"), 0)

    def _place(self, group: str, count: int = 1) -> list[tuple[str, int]]:
        start = self._sizes[group]
        self._sizes[group] += count
        return [(group, place) for place in range(start, start + count)]

    def _add(self, value: str, code: Any) -> None:
        self._numbers.append((value, code))
        self._dense += self._place("values") + self._place("missing", int(code["missing"] > 0))
        self._coded += self._place("bins", len(code["knots"]) - 1)
        self._coded += self._place("spikes", len(code["spikes"]))

    def _number(self, column: Column) -> None:
        self._add(self._source(column["column"]), column["code"])

    def _date(self, column: Column) -> None:
        parts = day_parts(self._g, self._source(column["column"]), [part["part"] for part in column["parts"]])
        for value, part in zip(parts, column["parts"], strict=True):
            self._add(value, part["code"])

    def _pair(self, column: Column) -> None:
        cells = [self._source(column[side]["column"]) for side in ("first", "second")]
        self._add(pair_value(self._g, column, *cells), column["code"])

    def _two_numbers(self, column: Column) -> None:
        self._two.append((self._source(column["column"]), column))
        self._dense += self._place("between")

    def _two_levels(self, column: Column) -> None:
        levels = [column["low"], column["high"]]
        self._sides.append((places(self._g, self._source(column["column"]), levels), column["mean"]))
        self._dense += self._place("sides")

    def _category(self, column: Column) -> None:
        place = places(self._g, self._source(column["column"]), column["levels"], column["rare"])
        self._levels.append((place, column["centre"]))
        self._coded += self._place("levels", len(column["centre"]))

    def _dropped(self, column: Column) -> None:
        """Do nothing."""

    def joined(self) -> str:
        """Return all columns in their order."""
        groups = {name: getattr(self, f"_{name}_group")() for name, size in self._sizes.items() if size > 0}
        starts = dict(zip(groups, np.cumsum([0, *(self._sizes[name] for name in groups)]), strict=False))
        order = np.array([starts[group] + place for group, place in (*self._dense, *self._coded)])
        joined = self._concat(list(groups.values()))
        return joined if (np.diff(order) == 1).all() else self._g.add("Gather", joined, order, axis=-1)

    def _concat(self, values: Sequence[str]) -> str:
        return values[0] if len(values) == 1 else self._g.add("Concat", *values, axis=-1)

    def _rounded(self, value: str) -> str:
        rounded = self._g.cast(value, np.float32)
        return rounded if self._g.dtype == np.float32 else self._g.cast(rounded, self._g.dtype)

    def _field(self, name: str) -> NDArray[np.float64]:
        return np.array([code[name] for _, code in self._numbers], np.float64)

    @cached_property
    def _values(self) -> str:
        return self._concat([value for value, _ in self._numbers])

    @cached_property
    def _known(self) -> str:
        return self._g.map_nan(self._values, self._values, self._field("median"))

    def _values_group(self) -> str:
        """``v / sqrt(1 + (v / 3)^2) - mean``."""
        g = self._g
        v = g.add("Div", g.add("Sub", self._known, self._field("median")), self._field("scale"))
        return self._rounded(g.add("Sub", squashed(g, v, np.float64), self._field("mean")))

    def _missing_group(self) -> str:
        shares = self._field("missing")
        of = np.flatnonzero(shares)
        missing = self._g.add("IsNaN", self._g.add("Gather", self._values, of, axis=-1))
        return self._rounded(self._g.add("Sub", self._g.cast(missing, np.float64), shares[of]))

    def _between_group(self) -> str:
        """From -1 for the low value to 1 for the high one, 0 if missing, minus the mean."""
        g, values = self._g, self._concat([value for value, _ in self._two])
        low, high, mean = (np.array([of[name] for _, of in self._two]) for name in ("low", "high", "mean"))
        share = g.add("Div", g.add("Sub", values, low), high - low)
        share = g.add("Clip", share, np.float64(0), np.float64(1))
        side = g.add("Sub", g.add("Mul", share, np.float64(2)), np.float64(1))
        return self._rounded(g.add("Sub", g.map_nan(values, side, np.float64(0)), mean))

    def _sides_group(self) -> str:
        places, means = zip(*self._sides, strict=True)
        side = self._g.add("Gather", np.array([0.0, -1.0, 1.0]), self._concat(places))
        return self._rounded(self._g.add("Sub", side, np.array(means)))

    def _bins_group(self) -> str:
        """``clamp((x - e_(t-1)) / (e_t - e_(t-1)), 0, 1)`` minus the centre."""
        g, knots = self._g, [np.array(code["knots"]) for _, code in self._numbers]
        x = self._of_each(self._known, [len(of) - 1 for of in knots])
        above = g.add("Sub", x, np.concatenate([of[:-1] for of in knots]))
        share = g.add("Div", above, np.concatenate([np.diff(of) for of in knots]))
        share = g.add("Clip", share, np.float64(0), np.float64(1))
        return self._centred(share, [code["centre"][: len(code["knots"]) - 1] for _, code in self._numbers])

    def _spikes_group(self) -> str:
        spikes = [np.array(code["spikes"], np.float64) for _, code in self._numbers]
        same = self._g.add("Equal", self._of_each(self._values, map(len, spikes)), np.concatenate(spikes))
        return self._centred(same, [code["centre"][len(code["knots"]) - 1 :] for _, code in self._numbers])

    def _levels_group(self) -> str:
        places, centres = zip(*self._levels, strict=True)
        of_each = self._of_each(self._concat(places), map(len, centres))
        numbers = np.concatenate([np.arange(1, len(centre) + 1) for centre in centres])
        return self._centred(self._g.add("Equal", of_each, numbers), centres)

    def _of_each(self, values: str, counts: Iterable[int]) -> str:
        """Return each column of values as often as there are columns in its code."""
        counts = list(counts)
        return self._g.add("Gather", values, np.repeat(np.arange(len(counts)), counts), axis=-1)

    def _centred(self, code: str, centres: Sequence[Any]) -> str:
        centre = np.concatenate(centres).astype(np.float32).astype(self._g.dtype)
        return self._g.add("Sub", self._rounded(code), centre)

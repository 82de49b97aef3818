"""Cells of tables as operators of ONNX: places of levels, parts of dates, and pairs of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fanin.export.onnx.graph import Graph

MISSING_TEXTS = ("", "?")


def places(g: Graph, cells: str, levels: Sequence[Any], rare: Sequence[Any] = ()) -> str:
    """Return the place of each cell among the levels from 1 on, the next one for rare ones, and 0 for all others."""
    found = [*range(1, len(levels) + 1), *[len(levels) + 1] * len(rare)]
    given = [*levels, *rare]
    if isinstance(given[0], str):
        return encoded(g, cells, dict(zip(given, found, strict=True)), 0)
    same = g.cast(g.add("Equal", cells, np.array(given, np.float64)), np.float64)
    return g.cast(g.add("MatMul", same, np.array(found, np.float64)[:, None]), np.int64)


def encoded(g: Graph, texts: str, numbers: Mapping[str, int], otherwise: int) -> str:
    """Return the number of each text."""
    return g.add(
        "LabelEncoder",
        texts,
        domain="ai.onnx.ml",
        keys_strings=list(numbers),
        values_int64s=list(numbers.values()),
        default_int64=otherwise,
    )


def pair_value(g: Graph, pair: Mapping[str, Any], first: str, second: str) -> str:
    """Return the values of a pair of columns; see `PairColumn` in `table_columns.hpp`."""
    (of_first, _), (of_second, count) = (
        _cell(g, pair[side], cells) for side, cells in (("first", first), ("second", second))
    )
    place = g.add("Add", g.add("Mul", of_first, np.int64(count)), of_second)
    return g.add("Gather", np.array(pair["values"], np.float64), place)


def _cell(g: Graph, cells: Mapping[str, Any], values: str) -> tuple[str, int]:
    """Return the cell of each value, and how many there are; the last one is for missing values."""
    if cells["text"]:
        last = len(cells["levels"]) + 1
        numbers = {level: place for place, level in enumerate(cells["levels"])}
        return encoded(g, values, numbers | dict.fromkeys(MISSING_TEXTS, last), last - 1), last + 1
    last = len(cells["edges"]) + 1
    edges = np.array(cells["edges"] or [np.inf], np.float64)  # runtimes differ in sums over nothing
    reached = g.cast(g.add("GreaterOrEqual", values, edges), np.int64)
    cell = g.add("ReduceSum", reached, np.array([-1]), keepdims=1)
    return g.map_nan(values, cell, np.int64(last)), last + 1


def day_parts(g: Graph, days: str, parts: Sequence[str]) -> list[str]:
    """Return parts of dates given as days since 1970, as `cpp/src/tables/dates.cpp` finds them; NaN of NaN."""
    whole = g.add("Floor", g.map_nan(days, days, np.float64(0)))
    fraction = g.map_nan(days, g.add("Sub", days, whole), np.float64(0))
    seconds = g.cast(g.add("Add", g.add("Mul", fraction, np.float64(86400)), np.float64(0.5)), np.int64)
    day = g.add("Add", g.cast(whole, np.int64), _over(g, seconds, 86400))
    found = {"trend": days}
    if "month" in parts or "day" in parts:
        found |= dict(zip(("month", "day"), _month_and_day(g, day), strict=True))
    if "weekday" in parts:
        found["weekday"] = _rest(g, _plus(g, day, 3), 7)
    if "hour" in parts:
        found["hour"] = _over(g, _rest(g, seconds, 86400), 3600)
    return [
        days if part == "trend" else g.map_nan(days, g.cast(found[part], np.float64), np.float64(np.nan))
        for part in parts
    ]


def _month_and_day(g: Graph, day: str) -> tuple[str, str]:
    """Years begin in March, so that the leap day is the last of a year, and 400 of them have 146,097 days."""
    of_era = _rest(g, _plus(g, day, 719468), 146097)
    leaps = [
        g.add("Neg", _over(g, of_era, 1460)),
        _over(g, of_era, 36524),
        g.add("Neg", _over(g, of_era, 146096)),
    ]
    year = of_era
    for leap in leaps:
        year = g.add("Add", year, leap)
    year = _over(g, year, 365)
    before = g.add("Sub", g.add("Add", _times(g, year, 365), _over(g, year, 4)), _over(g, year, 100))
    of_year = g.add("Sub", of_era, before)
    month = _over(g, _plus(g, _times(g, of_year, 5), 2), 153)
    start = _over(g, _plus(g, _times(g, month, 153), 2), 5)
    from_january = _plus(g, _rest(g, _plus(g, month, 2), 12), 1)
    return from_january, _plus(g, g.add("Sub", of_year, start), 1)


def _plus(g: Graph, value: str, number: int) -> str:
    return g.add("Add", value, np.int64(number))


def _times(g: Graph, value: str, number: int) -> str:
    return g.add("Mul", value, np.int64(number))


def _over(g: Graph, value: str, number: int) -> str:
    return g.add("Div", value, np.int64(number))


def _rest(g: Graph, value: str, number: int) -> str:
    return g.add("Mod", value, np.int64(number))

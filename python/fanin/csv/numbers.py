"""Reading columns of numbers, with decimal points or commas, thousands separators, currency and percent signs."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np

from fanin.csv.column import Column, Reading
from fanin.csv.errors import UserError, shown

DECIMAL_COMMA = "a decimal comma"
_PERCENT = "a percent sign (12 % is 12)"
_CURRENCIES = "$\u20ac\u00a3\u00a5\u20b9"
_WITH_UNIT = re.compile(
    rf"(?P<sign>[+-]?) ?(?:(?P<before>[{_CURRENCIES}]) ?(?P<first>.+)|"
    rf"(?P<last>[^%{_CURRENCIES}]+?) ?(?P<after>[%{_CURRENCIES}]))"
)
_BLANKS_AND_APOSTROPHES = " '\u2019\u00a0\u202f"
_WITH_POINT, _WITH_COMMA = (
    re.compile(
        rf"[+-]?(?:[1-9]\d{{0,2}}(?:(?P<mark>[{thousands}{_BLANKS_AND_APOSTROPHES}])\d{{3}})(?:(?P=mark)\d{{3}})*"
        rf"|\d+|(?={decimal}\d))(?:{decimal}\d*)?(?:[eE][+-]?\d+)?",
        re.ASCII,
    )
    for thousands, decimal in ((",", r"\."), (r"\.", ","))
)


def numbers(column: Column) -> Reading | None:
    """
    Return the numbers of a column, or None unless nearly all of its cells are numbers; infinity is a stray.

    Of three formats (as in Python, with thousands separators as in 1,234.5, or with a decimal comma as in 1,5 or
    1.234,5) the one with the fewest strays is chosen. If 1,234 or 1.234 is ambiguous, the choice depends on whether
    commas separate the columns and whether other columns have decimal commas. A currency sign, or a percent sign, is
    left out: $5 is 5 and 12 % is 12; cells with other signs than most are strays.
    """
    best = _best(column)
    if best.holds():
        return best
    if infinite := {cell for cell in set(column.cells) if _is_infinite(cell)}:
        row = next(row for row, cell in enumerate(column.cells) if cell in infinite)
        place = f"column {shown(column.name)}, {column.where(row)}"
        raise UserError(f"{place}: {shown(column.cells[row])} is not a finite number")
    return None


def numbers_like(column: Column, style: str) -> Reading:
    """Return the numbers of a column that held numbers in this style before, however few there are."""
    comma = DECIMAL_COMMA in style and not column.comma_separated
    return _best(column._replace(decimal_comma=column.decimal_comma or comma))


def _best(column: Column) -> Reading:
    best = _of_formats(column)
    if best.strays:
        found = (_WITH_UNIT.fullmatch(column.cells[row]) for row in best.strays)
        units = Counter(unit["before"] or unit["after"] for unit in found if unit)
        if units:
            unit = units.most_common(1)[0][0]
            bare = {cell: _without(unit, cell) for cell in set(column.cells)}
            other = _of_formats(column._replace(cells=[bare[cell] for cell in column.cells]))
            if len(other.strays) < len(best.strays):
                sign = _PERCENT if unit == "%" else f"a currency sign ({unit})"
                best = other._replace(style=f"{other.style} and {sign}" if other.style else sign)
    return best


def _without(unit: str, cell: str) -> str:
    found = _WITH_UNIT.fullmatch(cell)
    if found is None or unit != (found["before"] or found["after"]):
        return cell
    return found["sign"] + (found["first"] or found["last"])


def _of_formats(column: Column) -> Reading:
    best = plain = Reading.of(column, _plain)
    others = [(_thousands, "thousands separators"), (_decimal_comma, DECIMAL_COMMA)]
    for value, style in others if column.comma_separated else reversed(others):
        expected = column.decimal_comma and style == DECIMAL_COMMA
        if best.strays or expected:
            other = Reading.of(column, value, style)
            best = other if len(other.strays) < len(best.strays) + expected else best
    return plain if np.array_equal(best.values, plain.values, equal_nan=True) else best


def is_number(cell: str) -> bool:
    """Return whether a cell is a finite number in Python's format."""
    return not math.isnan(_plain(cell))


def _plain(cell: str) -> float:
    try:
        # float() would accept 1_000, which no other CSV reader does.
        value = math.nan if "_" in cell else float(cell)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _thousands(cell: str) -> float:
    found = _WITH_POINT.fullmatch(cell)
    return _plain(cell.replace(found["mark"] or " ", "")) if found else math.nan


def _decimal_comma(cell: str) -> float:
    found = _WITH_COMMA.fullmatch(cell)
    return _plain(cell.replace(found["mark"] or " ", "").replace(",", ".")) if found else math.nan


def _is_infinite(cell: str) -> bool:
    try:
        return math.isinf(float(cell))
    except ValueError:
        return False

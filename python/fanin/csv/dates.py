"""Reading columns of dates and times as numbers: days since 1970, or hours since midnight."""

from __future__ import annotations

import calendar
import datetime
import itertools
import math
import re
from functools import cache, partial

import numpy as np

from fanin.csv.column import Column, Reading, is_missing
from fanin.csv.errors import UserError, shown

_EPOCH = datetime.date(1970, 1, 1).toordinal()
_CLOCK = r"(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d(?:\.\d+)?))?(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
_TIME = re.compile(_CLOCK, re.ASCII)
_DATE = re.compile(
    rf"(?P<date>.+?)(?:(?:T|,? +){_CLOCK}(?: ?(?P<zone>Z|UTC|GMT|(?P<sign>[+-])(?P<ahead>\d\d):?(?P<behind>\d\d)?))?)?",
    re.ASCII,
)
_MONTHS = [name.lower() for name in calendar.month_name]
_WEEKDAYS = [name.lower() for name in calendar.day_name]
_ORDERS = ("ymd", "dmy", "mdy")
TIME = "time"  # the style of times of day; that of dates is their order
_SAMPLE = 100


def dates(column: Column) -> tuple[Reading, str] | None:
    """
    Return the days (or hours, for times of day) of a column and a note on them; None unless nearly all are dates.

    Year, month and day may be in ISO 8601, European or American order; the column as a whole decides which. Raise
    UserError if it is ambiguous.
    """
    sample = list(itertools.islice((cell for cell in column.cells if not is_missing(cell)), _SAMPLE))
    if (
        2 * sum(any(not math.isnan(_days(cell, order)) for order in _ORDERS) for cell in sample)
        >= len(sample)
        > 0
    ):
        readings = [_in_order(column, order) for order in _ORDERS]
        best = min(readings, key=lambda reading: len(reading.strays))
        if best.holds():
            _check_order(column, best, readings)
            first, last = (_date(extreme(best.values)) for extreme in (np.nanmin, np.nanmax))
            return best, f"column {shown(column.name)}: dates from {first} to {last}"
    elif any(_TIME.fullmatch(cell) for cell in sample):
        times = Reading.of(column, _hours, TIME)
        if times.holds():
            return times, f"column {shown(column.name)}: times of day, converted to hours"
    return None


def dates_like(column: Column, style: str) -> Reading:
    """Return the days, or hours, of a column that held dates, or times of day, in this style before; or ISO dates."""
    if style == TIME:
        return Reading.of(column, _hours, TIME)

    def days(cell: str) -> float:
        found = _days(cell, style)
        return _days(cell, "ymd") if math.isnan(found) else found

    return Reading.of(column, days, style)


def _in_order(column: Column, order: str) -> Reading:
    return Reading.of(column, cache(partial(_days, order=order)), order)


def _check_order(column: Column, best: Reading, readings: list[Reading]) -> None:
    for other in readings:
        apart = np.flatnonzero(np.abs(other.values - best.values) > 0)
        if len(other.strays) > len(best.strays) or not len(apart):
            continue
        row = int(apart[0])
        first, second = (_date(reading.values[row]) for reading in (best, other))
        raise UserError(
            f"column {shown(column.name)}, {column.where(row)}: {shown(column.cells[row])} may be {first} or "
            f"{second}; write dates as {first}, or ignore the column with --drop {shown(column.name)}"
        )


def _days(cell: str, order: str) -> float:
    found = _DATE.fullmatch(cell)
    parts = re.split(r"[-/., ]+", found["date"]) if found else []
    if len(parts) == 4 and parts[0].lower() in (*_WEEKDAYS, *(day[:3] for day in _WEEKDAYS)):
        del parts[0]
    if len(parts) == 2 and order != "mdy":  # year and month
        parts = [*parts, "1"] if order == "ymd" and len(parts[0]) == 4 else ["1", *parts]
        if len(parts[order.index("y")]) != 4:
            return math.nan
    if found is None or len(parts) != 3:
        return math.nan
    year, month, day = (parts[order.index(part)] for part in "ymd")
    if order == "ymd" and len(year) == 2 and not ("-" in cell and month.isdecimal()):
        return math.nan
    try:
        whole = datetime.date(_year(year), _month(month), _number(day, 1, 2)).toordinal() - _EPOCH
    except ValueError:
        return math.nan
    return whole + (_hours_of(found) / 24 if found["hour"] else 0)


def _hours(cell: str) -> float:
    found = _TIME.fullmatch(cell)
    return _hours_of(found) if found else math.nan


def _hours_of(found: re.Match[str]) -> float:
    named = found.groupdict()
    hour, minute, second = int(found["hour"]), int(found["minute"]), float(found["second"] or 0)
    if not (hour < 24 and minute < 60 and second < 61) or (found["half"] and not 1 <= hour <= 12):
        return math.nan
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    ahead = int(named.get("ahead") or 0) + int(named.get("behind") or 0) / 60
    return hour + minute / 60 + second / 3600 - (-ahead if named.get("sign") == "-" else ahead)


def _number(text: str, fewest: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and fewest <= len(text) <= most):
        raise ValueError(text)
    return int(text)


def _year(text: str) -> int:
    if len(text) == 4:
        return _number(text, 4, 4)
    short = _number(text, 2, 2)
    return short + (1900 if short >= 69 else 2000)  # as in POSIX


def _month(text: str) -> int:
    name = text.lower()
    for number, month in enumerate(_MONTHS):
        if number and name in (month, month[:3]):
            return number
    return _number(text, 1, 2)


def _date(days: float) -> datetime.date:
    return datetime.date.fromordinal(math.floor(days) + _EPOCH)

"""Columns as what an encoder codes: numbers, days since 1970, or texts."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.tables.cells import Cells, Days, Numbers, Texts, check_unicode, day_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The share of cells that must be numbers or dates for text to be read as such
_MOST = 0.9


def resolve(cells: Cells) -> Cells:
    """Return objects and texts of which nine in ten are numbers, or dates, as such; the others are missing."""
    if not isinstance(cells, Texts) or cells.categorical or not cells.levels:
        return cells
    for kind, value in ((Numbers, _number), (Days, day_of)):
        values = _valued(cells, value)
        if np.count_nonzero(~np.isnan(values)) >= _MOST * np.count_nonzero(cells.places >= 0):
            boolean = kind is Numbers and all(isinstance(level, bool | np.bool_) for level in cells.levels)
            return Numbers(values, boolean) if kind is Numbers else Days(values)
    return cells


def strays(cells: Cells, resolved: Cells) -> tuple[int, object]:
    """Return the number of cells that became missing when they were resolved, and the first of them."""
    if not isinstance(cells, Texts) or isinstance(resolved, Texts):
        return 0, None
    lost = np.isnan(resolved.values) & (cells.places >= 0)
    return int(np.count_nonzero(lost)), cells.levels[cells.places[np.argmax(lost)]] if lost.any() else None


def as_numbers(name: str, cells: Cells) -> NDArray[np.float64]:
    """Return numbers; cells of text that are none are missing, unless all are."""
    return _as(name, cells, Numbers, "numbers", _number)


def as_days(name: str, cells: Cells) -> NDArray[np.float64]:
    """Return days since 1970; cells of text that are no dates are missing, unless all are."""
    return _as(name, cells, Days, "dates", day_of)


def _as(
    name: str, cells: Cells, kind: type, expected: str, value: Callable[[Any], float]
) -> NDArray[np.float64]:
    if isinstance(cells, kind) or (not isinstance(cells, Texts) and np.isnan(cells.values).all()):
        return cells.values  # type: ignore[union-attr]
    got = "dates" if isinstance(cells, Days) else "numbers"
    if isinstance(cells, Texts):
        values = _valued(cells, value)
        if not cells.levels or not np.isnan(values).all():
            return values
        got = f"text such as {cells.levels[0]!r}"
    raise ValueError(f'X: column "{name}": expected {expected}, as in training, got {got}')


def as_texts(name: str, cells: Cells) -> tuple[NDArray[np.int32], list[str]]:
    """Return the place of each cell in a list of different texts, -1 where missing, and this list."""
    if isinstance(cells, Numbers):
        known = ~np.isnan(cells.values)
        different, inverse = np.unique(cells.values[known], return_inverse=True)
        places = np.full(len(known), -1, np.int32)
        places[known] = inverse
        cells = Texts(places, [bool(x) for x in different] if cells.boolean else different.tolist())
    if isinstance(cells, Days):
        if not np.isnan(cells.values).all():
            raise ValueError(f'X: column "{name}": expected text, as in training, got dates')
        return np.full(len(cells.values), -1, np.int32), []
    texts = [_text(level) for level in cells.levels]
    found = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    for text in found:
        check_unicode(f'X: column "{name}"', text)
    new = np.array([*(found[text] for text in texts), -1], np.int32)  # the last is that of -1
    return new[cells.places], list(found)


def _valued(cells: Texts, value: Callable[[Any], float]) -> NDArray[np.float64]:
    return np.array([*map(value, cells.levels), np.nan])[cells.places]


def _number(cell: object) -> float:
    if isinstance(cell, str):
        if "_" in cell:  # Python's way to group digits
            return math.nan
    elif not isinstance(cell, Real | np.bool_) and type(cell).__name__ != "Decimal":
        return math.nan
    try:
        return float(cell)  # type: ignore[arg-type]
    except ValueError:
        return math.nan
    except OverflowError:
        return math.inf


def _text(level: object) -> str:
    """Return the text of a level; 2 and 2.0 are the same."""
    if isinstance(level, str):
        return level.strip()
    if isinstance(level, float | np.floating) and float(level).is_integer():
        return str(int(level))
    return str(level)

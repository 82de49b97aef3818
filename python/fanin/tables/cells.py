"""The cells of one column of a table, as they came: numbers, dates, or anything else as a list of different cells."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence, Set
from numbers import Number
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin.data.frames import array_of_series, is_series

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MISSING_TEXTS = ("", "?")
_MICROSECONDS_A_DAY = 86_400_000_000


class Numbers(NamedTuple):
    """Numbers, NaN where missing; booleans are 0 and 1."""

    values: NDArray[np.float64]
    boolean: bool = False


class Days(NamedTuple):
    """Dates as days since 1970-01-01, NaN where missing."""

    values: NDArray[np.float64]


class Texts(NamedTuple):
    """Cells as places in a list of different cells, -1 where missing.

    The cells are objects of any type, or levels of a categorical type, which are never read as numbers.
    """

    places: NDArray[np.int32]
    levels: list[Any]
    categorical: bool = False


Cells = Numbers | Days | Texts


def read_cells(name: str, column: Any) -> Cells:
    """Return the cells of an array, a list, or a pandas or polars series."""
    if is_series(column):
        return _of_pandas(name, column) if hasattr(column, "iloc") else _of_polars(name, column)
    if isinstance(column, np.ma.MaskedArray):
        masked: Any = column.astype(object)
        column = masked.filled(None)
    if not isinstance(column, np.ndarray):
        column = _objects(column)
    return _of_array(name, column)


def _objects(cells: Any) -> NDArray[Any]:
    """Return the cells of a list one by one, whatever they are."""
    listed = list(cells)
    array = np.empty(len(listed), object)
    array[:] = listed
    return array


def _of_array(name: str, array: NDArray[Any]) -> Cells:
    kind = array.dtype.kind
    if array.ndim != 1:
        raise ValueError(f'X: column "{name}": expected one value a row, got an array of shape {array.shape}')
    if kind in "biuf":
        return Numbers(array.astype(np.float64), kind == "b")
    if kind == "m":
        return Numbers(_days(array))
    if kind == "M":
        return Days(_days(array))
    if kind in "OUST":
        return _different(name, (array.astype(str) if kind == "S" else array).tolist())
    raise TypeError(f'X: column "{name}": expected numbers, text, booleans or dates, got dtype {array.dtype}')


def _days(array: NDArray[Any]) -> NDArray[np.float64]:
    micro = array.astype(f"{array.dtype.kind}8[us]")
    return np.where(np.isnat(micro), np.nan, micro.astype(np.int64) / _MICROSECONDS_A_DAY)


def _of_pandas(name: str, series: Any) -> Cells:
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        return _of_array(name, series.to_numpy())
    if hasattr(series, "cat"):
        return _known(
            name, series.cat.codes.to_numpy(np.int32), list(series.cat.categories), categorical=True
        )
    if getattr(dtype, "tz", None) is not None:
        return _of_array(name, series.dt.tz_localize(None).to_numpy())
    if getattr(dtype, "kind", "O") in "fiub":
        return _real(series, dtype.kind == "b")
    if hasattr(dtype, "freq"):  # periods
        return _of_array(name, series.dt.to_timestamp().to_numpy())
    if getattr(dtype, "kind", "O") in "mM":
        return _of_array(name, series.to_numpy(f"{dtype.kind}8[us]"))
    return _different(name, series.to_numpy(dtype=object).tolist())


def _of_polars(name: str, series: Any) -> Cells:
    dtype = series.dtype
    if dtype.is_numeric() or str(dtype) == "Boolean":
        return _real(series, str(dtype) == "Boolean")
    if str(dtype).startswith(("Date", "Duration")):
        zoned = getattr(dtype, "time_zone", None) is not None
        return _of_array(name, (series.dt.replace_time_zone(None) if zoned else series).to_numpy())
    categorical = str(dtype).startswith(("Categorical", "Enum"))
    return _different(name, series.to_list())._replace(categorical=categorical)


def _real(series: Any, boolean: bool) -> Numbers:
    return Numbers(array_of_series("X", series).astype(np.float64), boolean)


def _different(name: str, cells: list[Any]) -> Texts:
    """Return the different cells, in the order in which they were found."""
    try:
        found = {cell: place for place, cell in enumerate(dict.fromkeys(cells))}
        places = np.fromiter(map(found.__getitem__, cells), np.int32, len(cells))
    except TypeError:
        row = next(row for row, cell in enumerate(cells) if not _is_hashable(cell))
        _refuse(name, row, cells[row])
    return _known(name, places, list(found))


def _known(name: str, places: NDArray[np.int32], levels: list[Any], categorical: bool = False) -> Texts:
    """Leave out the levels that stand for missing values."""
    known = np.array([not _is_missing(level) for level in levels], bool)
    new = np.append(np.where(known, np.cumsum(known) - 1, -1), -1).astype(np.int32)  # the last is that of -1
    kept = [level for level, keep in zip(levels, known, strict=True) if keep]
    for level in kept:
        if not _is_cell(level):
            _refuse(name, int(np.argmax(places == levels.index(level))), level)
    return Texts(new[places], kept, categorical)


def _is_hashable(cell: object) -> bool:
    try:
        hash(cell)
    except TypeError:
        return False
    return True


def _is_cell(cell: object) -> bool:
    """Whether this may be a cell: no list, no complex number."""
    return not isinstance(cell, complex | bytes | np.ndarray | Mapping | Set) and (
        isinstance(cell, str) or not isinstance(cell, Sequence)
    )


def _refuse(name: str, row: int, cell: object) -> None:
    expected = "expected a number, text, a boolean or a date"
    raise TypeError(f'X: row {row}, column "{name}": {expected}, got {type(cell).__name__}')


def _is_missing(cell: object) -> bool:
    if isinstance(cell, str):
        return cell.strip() in _MISSING_TEXTS
    if isinstance(cell, np.datetime64 | np.timedelta64):
        return bool(np.isnat(cell))
    return (
        cell is None
        or type(cell).__name__ in ("NAType", "NaTType")
        or (isinstance(cell, Number) and cell != cell)
    )


def check_unicode(where: str, text: str) -> None:
    """Raise unless this is text in UTF-8, as the core holds it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{where}: expected text of valid characters, got {text!r}") from None


def day_of(cell: object) -> float:
    """Return a date, or a text in ISO 8601, as days since 1970-01-01; NaN for anything else."""
    try:
        if isinstance(cell, datetime.datetime):
            cell = cell.replace(tzinfo=None)
        elif isinstance(cell, str):
            cell = datetime.datetime.fromisoformat(cell.strip()).replace(tzinfo=None)
        elif not isinstance(cell, datetime.date | np.datetime64):
            return np.nan
        return float(_days(np.array([cell], "M8[us]"))[0])
    except ValueError:
        return np.nan

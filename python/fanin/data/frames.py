"""Converting frames and series of pandas and polars to arrays, without importing either."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin import _core

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Rows written at a time, so that a block of the result stays in cache until all its columns are written.
_BLOCK_ROWS = 2048
# Number of column names that a message lists.
_FEW = 10
_OF_DASK = (
    "a Dask DataFrame; load it by {0}.compute(), or predict its parts by {0}.map_partitions(model.predict)"
)
# Frames that are not in memory, by the library and the name of their class, and what to do with them.
_LAZY = {
    ("dask", "DataFrame"): _OF_DASK,
    ("dask_expr", "DataFrame"): _OF_DASK,
    ("polars", "LazyFrame"): "a polars LazyFrame; load it by {0}.collect()",
}


class Frame(NamedTuple):
    """The columns of a frame and their names."""

    names: list[object]
    columns: list[Any]

    @property
    def has_texts(self) -> bool:
        """Whether all names are strings; otherwise columns are matched by position."""
        return all(isinstance(name, str) for name in self.names)

    def check_unique(self, argument: str) -> None:
        """Raise if several columns have the same name."""
        if twice := [name for name in dict.fromkeys(self.names) if self.names.count(name) > 1]:
            raise ValueError(f"{argument}: repeated {_listed(twice)}; column names must be unique")

    def in_order(self, argument: str, expected: list[str]) -> Frame:
        """Return the frame with its columns in the expected order; raise unless it has exactly these columns."""
        places = {name: place for place, name in enumerate(self.names)}
        trained = f"the network was trained on {_listed(expected)}"
        if missing := [name for name in expected if name not in places]:
            raise ValueError(f"{argument}: missing {_listed(missing)}; {trained}")
        if unknown := [name for name in self.names if name not in set(expected)]:
            raise ValueError(f"{argument}: unknown {_listed(unknown)}; {trained}")
        self.check_unique(argument)
        return Frame(list(expected), [self.columns[places[name]] for name in expected])


def is_series(value: object) -> bool:
    """Whether this is a pandas or polars series."""
    return _is_a("pandas", "Series", value) or _is_a("polars", "Series", value)


def check_in_memory(name: str, value: object) -> None:
    """Raise TypeError for a lazy frame, which NumPy would convert without the names of its columns."""
    for kind in type(value).__mro__:
        if lazy := _LAZY.get((kind.__module__.partition(".")[0], kind.__name__)):
            raise TypeError(f"{name}: expected a frame or an array in memory, got {lazy.format(name)}")


def frame_of(name: str, value: Any) -> Frame | None:
    """Return the columns of a pandas or polars frame, or None for anything else; TypeError for a lazy frame."""
    if _is_a("pandas", "DataFrame", value):
        return Frame(list(value.columns), [column for _, column in value.items()])
    if _is_a("polars", "DataFrame", value):
        return Frame(list(value.columns), value.get_columns())
    check_in_memory(name, value)
    return None


def array_of_series(name: str, series: Any) -> NDArray[Any]:
    """Return a series as an array of its own number type."""
    return _array(series, name, "")


def array_of_frame(name: str, frame: Frame, rows: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return one array of shape (rows, columns): float64 if any column is, else `dtype`.

    (With float64, an error about a number beyond the range of float32 shows that number, not infinity.)
    """
    columns = []
    for j, (label, column) in enumerate(zip(frame.names, frame.columns, strict=True)):
        columns.append(_array(column, name, f"column {j} ({quoted(label)})"))
    if any(column.dtype.kind == "f" and column.dtype.itemsize > 4 for column in columns):
        dtype = np.dtype(np.float64)
    array = np.empty((rows, len(columns)), dtype)
    for first in range(0, rows, _BLOCK_ROWS):
        block = slice(first, first + _BLOCK_ROWS)
        for j, column in enumerate(columns):
            array[block, j] = column[block]
    return array


def _listed(names: list[Any]) -> str:
    """Return the names of the first few columns for a message."""
    few = ", ".join(quoted(name) for name in names[:_FEW])
    return ("column " if len(names) == 1 else "columns ") + few + (", ..." if len(names) > _FEW else "")


def quoted(label: object) -> str:
    """Return the name of a column for a message."""
    return f'"{label}"' if isinstance(label, str) else repr(label)


def _is_a(library: str, name: str, value: object) -> bool:
    """Whether this is an instance of a library's class; never if the library has not been imported."""
    return type(value) is not np.ndarray and isinstance(value, getattr(sys.modules.get(library), name, ()))


def _array(series: Any, name: str, column: str) -> NDArray[Any]:
    """Return a series as an array; TypeError unless it holds real numbers.

    Missing values become NaN in X, which some input layers accept; a ValueError elsewhere.
    """
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        kind: _Kind = (dtype.kind in "fiub", None, lambda missing: series.to_numpy())
    elif hasattr(series, "isna"):
        kind = _extension_of_pandas(series)
    else:
        kind = _of_polars(series)
    real, missing, convert = kind
    if not real:
        where = f"{column}: " if column else ""
        labels = _core.LABELS_OF_TEXTS if name == "y" and not column else ""
        raise TypeError(f"{name}: {where}expected real numbers, got dtype {dtype}{labels}")
    gone = missing().to_numpy() if missing is not None else np.zeros(0, bool)
    if gone.any() and name != "X":
        where = f", {column}" if column else ""
        raise ValueError(
            f"{name}: row {int(np.argmax(gone))}{where} is missing; missing values are not supported"
        )
    array: NDArray[Any] = convert(bool(gone.any()))
    return array


# whether a series holds real numbers, a function that marks missing values (or None), a function that converts it, to
# floats with NaN if values are missing
_Kind = tuple[bool, Callable[[], Any] | None, Callable[[bool], Any]]


def _extension_of_pandas(series: Any) -> _Kind:
    dtype = series.dtype
    target = getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", None))  # nullable and Arrow; sparse

    def convert(missing: bool) -> Any:
        return series.to_numpy(dtype=float, na_value=np.nan) if missing else series.to_numpy(dtype=target)

    return getattr(dtype, "kind", "O") in "fiub", series.isna, convert


def _of_polars(series: Any) -> _Kind:
    dtype = series.dtype
    real = dtype.is_numeric() or str(dtype) == "Boolean"

    def convert(missing: bool) -> Any:
        wide = dtype.is_decimal() or str(dtype) in ("Int128", "UInt128")
        return (series.cast(float) if missing or wide else series).to_numpy()

    return real, series.is_null, convert

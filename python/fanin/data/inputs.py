"""X and y as users have them: what the core does not know is converted, and its sentences get column names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin.data.frames import array_of_frame, array_of_series, frame_of, is_series, quoted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

ColumnNames = dict[str, list[object]]  # by the name of the argument, where it was a frame


class Data(NamedTuple):
    """X and y as the core takes them."""

    X: Any
    y: Any
    columns: ColumnNames


def as_data(X: ArrayLike, y: ArrayLike, dtype: np.dtype[Any]) -> Data:
    """Convert X and y, for a network of this dtype."""
    columns: ColumnNames = {}
    return Data(as_array("X", X, dtype, columns), as_array("y", y, dtype, columns), columns)


def as_array(name: str, value: Any, dtype: np.dtype[Any], columns: ColumnNames) -> Any:
    """Convert a frame or series, noting names of columns; leave what NumPy knows to the core."""
    if type(value) is np.ndarray:
        return value
    if is_series(value):
        return array_of_series(name, value)
    if (frame := frame_of(value)) is not None:
        columns[name] = frame.names
        return array_of_frame(name, frame, len(value), dtype)
    return value


def check_parts(data: object) -> None:
    """Raise TypeError unless this has X, y and perhaps weights."""
    expected = "expected a tuple (X, y) or (X, y, sample_weight)"
    if not isinstance(data, tuple | list):
        raise TypeError(f"{expected}, got {type(data).__name__}")
    if len(data) not in (2, 3):
        raise TypeError(f"{expected}, got {len(data)} parts")


@contextmanager
def sentences(prefix: str = "", columns: Mapping[str, list[object]] | None = None) -> Iterator[None]:
    """Put `prefix` before the sentence of an error, and the name of a frame's column behind its number."""
    try:
        yield
    except (TypeError, ValueError) as error:
        named = _with_column_name(error, columns or {})
        if named is None and not prefix:
            raise
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(prefix + (named or str(error))) from None


def _with_column_name(error: Any, columns: Mapping[str, list[object]]) -> str | None:
    """Return the message for a bad value in a frame, whose place the exception carries."""
    names = columns.get(getattr(error, "argument", ""))
    if names is None:
        return None
    place = f"row {error.row}, column {error.column} ({quoted(names[error.column])})"
    return f"{error.argument}: {place} {error.problem}"

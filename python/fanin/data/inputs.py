"""Converting X and y to types that the core knows, and adding column names to its messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin import _core
from fanin.checks import check_text
from fanin.data.frames import Frame, array_of_frame, array_of_series, frame_of, is_series, quoted
from fanin.data.sequences import Sequences, as_samples
from fanin.data.sparse import as_csr, is_sparse

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.model import Model

Labels = dict[str, list[object] | Sequences]  # column labels of the arguments that are frames, and sequences
ColumnNames = dict[str, list[str]]  # column names that the network knows, by argument


class Data(NamedTuple):
    """X, y and sample weights as the core expects them."""

    X: Any
    y: Any
    sample_weight: Any
    labels: Labels


def as_data(net: Model, X: ArrayLike, y: ArrayLike, sample_weight: Any, names: ColumnNames) -> Data:
    """Convert the data for a network, given its column names."""
    labels: Labels = {}
    X, y, sample_weight = as_samples(net, X, y, sample_weight)
    X, y = (as_array(name, value, net._data_dtype, labels, names) for name, value in (("X", X), ("y", y)))
    if isinstance(sample_weight, Sequences):
        labels["sample_weight"], sample_weight = sample_weight, sample_weight.steps
    return Data(X, y, sample_weight, labels)


def as_array(name: str, value: Any, dtype: np.dtype[Any], labels: Labels, names: ColumnNames) -> Any:
    """Convert a frame or series and record its column labels, and sparse X to CSR; leave the rest to the core.

    Columns of a frame are reordered as in `names`; if `names` has none for this argument yet, they are added. Of
    targets in `Sequences`, all steps are returned.
    """
    if type(value) is np.ndarray:
        return value
    if isinstance(value, Sequences):
        labels[name] = value
        return value if name == "X" else value.steps
    if is_series(value):
        return array_of_series(name, value)
    if (frame := frame_of(name, value)) is not None:
        frame = _in_order(name, frame, names)
        labels[name] = frame.names
        return array_of_frame(name, frame, len(value), dtype)
    return as_csr(value) if name == "X" else value


def row_count(name: str, value: Any) -> int:
    """Return the number of rows of X, y or sample weights."""
    if is_sparse(value):
        shape = value.shape
    else:
        shape = _core.numbers(name, value).shape if not hasattr(value, "__len__") else (len(value),)
    return shape[0] if shape else 1


def note_names(X: ArrayLike, y: ArrayLike, names: ColumnNames) -> None:
    """Add the column names of X and y to `names`, unless it already has them."""
    for name, value in (("X", X), ("y", y)):
        if name not in names and (frame := frame_of(name, value)) is not None:
            _in_order(name, frame, names)


def _in_order(argument: str, frame: Frame, names: ColumnNames) -> Frame:
    if not frame.has_texts:
        return frame
    if argument in names:
        return frame.in_order(argument, names[argument])
    frame.check_unique(argument)
    if len(frame.names) > (argument == "y"):  # the name of a single target does not matter
        for place, label in enumerate(frame.names):
            check_text(f"{argument}: name of column {place}", label)
        names[argument] = [str(label) for label in frame.names]
    return frame


def classes_of(net: Model, y: ArrayLike, names: ColumnNames, argument: str) -> NDArray[np.int32]:
    """Return the class of each row; raise if y has no classes, which `argument` needs."""
    labels: Labels = {}
    y = as_array("y", y, net.dtype, labels, dict(names))
    with error_context(labels=labels):
        classes: NDArray[np.int32] = net._core.classes(y, argument)
    return classes


def check_parts(data: object) -> None:
    """Raise TypeError unless this is (X, y) or (X, y, sample_weight)."""
    expected = "expected a tuple (X, y) or (X, y, sample_weight)"
    if not isinstance(data, tuple | list):
        raise TypeError(f"{expected}, got {type(data).__name__}")
    if len(data) not in (2, 3):
        raise TypeError(f"{expected}, got {len(data)} parts")


class error_context:  # noqa: N801 - a context manager
    """Put `prefix` before the message of an error; name a frame's column after its number, and places in sequences."""

    def __init__(
        self, prefix: str = "", labels: Mapping[str, list[object] | Sequences] = MappingProxyType({})
    ) -> None:
        self.prefix, self._labels = prefix, labels

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Raise the error with its new message."""
        if not isinstance(error, TypeError | ValueError):
            return
        named = _with_names(error, self._labels)
        if named is not None or self.prefix:
            raised = ValueError if isinstance(error, ValueError) else TypeError
            raise raised(self.prefix + (named or str(error))) from None


def _with_names(error: Any, labels: Mapping[str, list[object] | Sequences]) -> str | None:
    """Return the message for an invalid value in a frame, with the place given by the exception, or in sequences."""
    names = labels.get(getattr(error, "argument", ""))
    if isinstance(names, list):
        place = f"row {error.row}, column {error.column} ({quoted(names[error.column])})"
        return f"{error.argument}: {place} {error.problem}"
    found = re.match(r"(\w+): row (\d+)", str(error))
    sequences = labels.get(found[1]) if found else None
    if not found or not isinstance(sequences, Sequences):
        return None
    return f"{found[1]}: {sequences.place(int(found[2]))}{str(error)[found.end() :]}"

"""Labels of the rows of a table: one for each row, or an indicator matrix of several."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from fanin.sklearn.table_data import check_finite, check_missing
from fanin.tables.cells import check_unicode

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXPECTED = "expected text, numbers, booleans or dates as labels"


def checked_labels(y: Any) -> NDArray[Any]:
    """Return labels, (n,), or an indicator matrix of several of a row, (n, labels), of the integers 0 and 1.

    Raises an error for missing labels, and for numbers that are no classes.
    """
    try:
        given: NDArray[Any] = y.toarray() if issparse(y) else np.asarray(y)
    except ValueError:
        raise ValueError(
            "y: expected one label a row, or an indicator matrix, got rows of different lengths: for lists of "
            "labels, sklearn.preprocessing.MultiLabelBinarizer().fit_transform(y) is such a matrix"
        ) from None
    check_missing(given)
    if given.ndim == 2 and given.shape[1] > 1:
        return _indicators(given)
    if given.dtype.kind in "mcV":
        raise TypeError(f"y: {_EXPECTED}, got dtype {given.dtype}")
    labels: NDArray[Any] = column_or_1d(given, warn=True)
    if labels.dtype.kind == "f":
        check_finite(labels, "labels")
    if labels.dtype == object:
        labels = _of_objects(labels)
    if labels.dtype != object or all(isinstance(label, str) for label in labels):
        check_classification_targets(labels)
    for label in labels if labels.dtype.kind in "OUT" else ():
        check_unicode("y: labels", str(label))
    return labels


def _indicators(y: NDArray[Any]) -> NDArray[np.int64]:
    """Return a matrix of 0 and 1; raise ValueError with advice for any other."""
    one = (y == 0) | (y == 1) if y.dtype.kind in "biufO" else np.zeros(y.shape, bool)
    if not (known := np.asarray(one, dtype=bool)).all():
        row, column = np.argwhere(~known)[0]
        raise ValueError(
            f"y: row {row}, column {column} is {y[row, column]}; several columns must be an indicator matrix of 0 "
            "and 1; for several targets with classes, wrap the estimator in sklearn.multioutput.MultiOutputClassifier"
        )
    indicators: NDArray[np.int64] = y.astype(np.int64)
    return indicators


def _of_objects(labels: NDArray[Any]) -> NDArray[Any]:
    """Return objects of one type; dates as those of NumPy, text and numbers as they are."""
    kinds = {str if isinstance(label, str) else type(label) for label in labels}
    if len(kinds) > 1:
        names = sorted(kind.__name__ for kind in kinds)
        raise TypeError(f"y: expected labels of one type, got {' and '.join(names)}")
    for kind in kinds:
        if issubclass(kind, datetime.date):
            if any(getattr(label, "tzinfo", None) is not None for label in labels):
                raise TypeError("y: expected dates without a time zone as labels")
            return labels.astype("M8[us]" if issubclass(kind, datetime.datetime) else "M8[D]")
        if not issubclass(kind, str | bool | int | np.bool_ | np.integer):
            raise TypeError(f"y: {_EXPECTED}, got {kind.__name__}")
    return labels

"""The data of a fit, as the core expects them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn import config_context
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array
from sklearn.utils.class_weight import compute_sample_weight

from fanin.sklearn.notices import warn

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Data(NamedTuple):
    """Samples, targets and weights: X is an array or a CSR matrix, y holds labels 0, 1, ... or columns of targets."""

    X: Any
    y: NDArray[Any]
    weights: NDArray[Any] | None
    outputs: int  # of the network

    @property
    def rows(self) -> int:
        """Number of samples."""
        return int(self.X.shape[0])

    @property
    def total_weight(self) -> float:
        """Sum of the weights."""
        return float(self.rows if self.weights is None else self.weights.sum(dtype=np.float64))

    def at(self, rows: NDArray[np.intp]) -> Data:
        """Return the samples in these rows."""
        return Data(
            self.X[rows], self.y[rows], None if self.weights is None else self.weights[rows], self.outputs
        )


def readable(X: Any) -> Any:
    """Return X as the core reads it: sparse matrices in CSR format."""
    return X.tocsr() if issparse(X) else X


def checked_weights(sample_weight: Any, rows: int, name: str = "sample_weight") -> NDArray[Any] | None:
    """Return sample weights as an array; raise scikit-learn's errors unless there is one for each row."""
    if sample_weight is None:
        return None
    if np.isscalar(sample_weight):
        sample_weight = np.full(rows, sample_weight)
    weights: NDArray[Any] = check_array(
        sample_weight, ensure_2d=False, dtype=[np.float64, np.float32], order="C", input_name=name
    )
    if weights.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weights.ndim}D array. Expected either a scalar "
            f"value or a 1D array of length {rows}."
        )
    if weights.shape != (rows,):
        raise ValueError(f"{name}.shape == {weights.shape}, expected {(rows,)}!")
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    if (negative := weights < 0).any():
        row = int(negative.argmax())
        raise ValueError(f"{name}: row {row} is {weights[row]:g}; weights must be finite and at least 0")
    return weights


def weights_of_classes(class_weight: Any, y: Any) -> NDArray[Any]:
    """Return the weight of each sample's class, by a dict or "balanced"."""
    if isinstance(class_weight, dict):
        if y.ndim == 2:
            raise ValueError(
                "class_weight: expected 'balanced' or None for several labels per sample, got a dict"
            )
        for label, weight in class_weight.items():
            if not 0 <= weight < np.inf:
                raise ValueError(
                    f"class_weight: weights must be finite and at least 0, got {weight} for {label!r}"
                )
    weights: NDArray[Any] = compute_sample_weight(class_weight, y)
    return weights


def raveled(y: Any) -> Any:
    """Return a column as a vector, with scikit-learn's warning, and other targets as they are."""
    if y.ndim != 2 or y.shape[1] != 1 or issparse(y):
        return y
    warn(
        "A column-vector y was passed when a 1d array was expected. Please change the shape of y to "
        "(n_samples, ), for example using ravel().",
        DataConversionWarning,
    )
    return y.ravel()


def checked_numbers(y: Any, loss: str) -> NDArray[Any]:
    """Return the targets of a regression; raise an error unless they are numbers, in the range of the loss."""
    if issparse(y) or y.dtype.kind not in "biuf":
        kind = type(y).__name__ if issparse(y) else f"dtype {y.dtype}"
        raise TypeError(f"y: expected an array of real numbers, got {kind}")
    low, needed = {"poisson": (y < 0, "of at least 0"), "gamma": (y <= 0, "above 0")}.get(loss, (None, ""))
    if low is not None and low.any():
        row = int(low.reshape(len(y), -1).any(axis=1).argmax())
        raise ValueError(f"y: row {row} is {y[row]}; loss={loss!r} needs values {needed}")
    numbers: NDArray[Any] = y
    return numbers


def split(
    data: Data, fraction: float, random: np.random.RandomState, stratified: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows to train on and those held out for early stopping, drawn as scikit-learn draws them."""
    labels = data.y.astype(bool).reshape(-1, 1) if stratified else None
    with config_context(skip_parameter_validation=True):  # its own message about the fraction is clearer
        train, held = train_test_split(
            np.arange(data.rows), test_size=fraction, random_state=random, stratify=labels
        )
    if len(held) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
        )
    return train, held

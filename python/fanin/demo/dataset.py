"""What every demo trains on: three parts, and the scale in which to report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Part:
    """Some samples: x is (n, n_features) float32, y (n,) labels (int64) or standardized targets (float32)."""

    x: NDArray[np.float32]
    y: NDArray[Any]


@dataclass(frozen=True)
class Dataset:
    """
    Training, validation and test samples of one task.

    ``n_classes`` is None for regression; then ``target_mean + target_deviation * y`` has the user's units.
    """

    title: str
    train: Part
    validation: Part
    test: Part
    n_classes: int | None
    target_mean: float = 0.0
    target_deviation: float = 1.0
    notes: tuple[str, ...] = ()

    @property
    def classification(self) -> bool:
        """Whether the targets are labels."""
        return self.n_classes is not None

    def error(self, part: Part, predicted: NDArray[Any]) -> float:
        """Return the share of wrong labels, or the root mean squared error in the user's units."""
        if self.classification:
            return float(np.mean(predicted != part.y))
        residual = predicted.astype(np.float64) - part.y
        return self.target_deviation * float(np.sqrt(np.mean(residual**2)))

    def r_squared(self, part: Part, predicted: NDArray[Any]) -> float:
        """Return 1 - (squared error of the predictions) / (squared error of the part's own mean)."""
        y = part.y.astype(np.float64)
        spread = float(np.sum((y - y.mean()) ** 2))
        return 1.0 - float(np.sum((predicted - y) ** 2)) / spread if spread > 0 else float("nan")

    def baseline(self) -> NDArray[Any]:
        """Return what a model without inputs predicts for the test part: the commonest class or the mean."""
        if self.n_classes is not None:
            commonest = np.bincount(self.train.y, minlength=self.n_classes).argmax()
            return np.full(len(self.test.y), commonest)
        return np.zeros(len(self.test.y))

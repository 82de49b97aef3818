"""The data of a demo: training, validation and test sets, and the units for reporting."""

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

    ``n_classes`` is None for regression; ``target_mean + target_deviation * y`` is then in the user's units.
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
        """Return the fraction of wrong labels, or the root mean squared error in the user's units."""
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
        """Return the predictions of a model without inputs for the test set: the most common class or the mean."""
        if self.n_classes is not None:
            most_common = np.bincount(self.train.y, minlength=self.n_classes).argmax()
            return np.full(len(self.test.y), most_common)
        return np.zeros(len(self.test.y))

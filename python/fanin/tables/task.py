"""What the networks of a table learn of its targets, and what their outputs mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.losses import (
    AbsoluteError,
    Huber,
    Logistic,
    Loss,
    Quantile,
    SoftmaxCrossEntropy,
    SquaredError,
)
from fanin.tables.scores import evidence, row_losses, weighted_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Task:
    """Targets y of a loss: labels, or numbers that networks learn as ``(y - mean) / scale``.

    Several quantiles that a network predicts are sorted, so that none crosses another (Chernozhukov et al. 2010).

    Attributes
    ----------
    loss : Loss
        In the units of y.
    learned : Loss
        In the units of a network's targets.
    outputs : int
        Of a network.
    mean, scale, low, high : array, shape (outputs of y,)
        0 and 1 for labels and for losses with a logarithmic link; predictions are clipped to low..high, the range of
        the training targets.
    """

    loss: Loss
    learned: Loss
    outputs: int
    mean: Float
    scale: Float
    low: Float
    high: Float

    @property
    def classifies(self) -> bool:
        """Whether y are labels."""
        return isinstance(self.loss, Logistic | SoftmaxCrossEntropy)

    def targets(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return what a network learns instead of y."""
        return y if self.classifies else (y - self.mean) / self.scale

    def predicted(self, outputs: NDArray[Any]) -> Float:
        """Return predictions in the units of y, (n, outputs), of what a network predicts."""
        raw = np.asarray(outputs, dtype=np.float64)
        raw = raw if raw.ndim == 2 else raw[:, None]
        raw = np.sort(raw, axis=1) if isinstance(self.loss, Quantile) else raw
        return raw if self.classifies else np.clip(raw * self.scale + self.mean, self.low, self.high)

    def evidence(self, y: NDArray[Any], predicted: Float) -> Float:
        """Return what a score needs of predictions; see `scores.evidence`."""
        return evidence(self.loss, y, predicted)

    def newton(self, target: Float, predicted: Float) -> tuple[Float, Float]:
        """Return minus the gradient of each row's loss in the first output, and its second derivative.

        `target` is what a network learns, `predicted` in the units of y; of losses of numbers, those of squared error.
        """
        if self.classifies:
            return target - predicted, predicted * (1 - predicted)
        return target - (predicted - self.mean[0]) / self.scale[0], np.ones(len(target))

    def row_losses(self, y: NDArray[Any], found: Float) -> Float:
        """Return the loss of each row with this evidence."""
        return row_losses(self.loss, y, found)

    def score(self, y: NDArray[Any], found: Float, weight: Float | None) -> float:
        """Return the mean loss of rows with this evidence; lower is better."""
        return weighted_mean(row_losses(self.loss, y, found), weight)


def task_of(loss: Loss, y: NDArray[Any], n_classes: int | None, weight: Float | None) -> Task:
    """Return the task of learning these targets: labels (n,), several of a row (n, labels), or numbers (n, outputs)."""
    if isinstance(loss, Logistic | SoftmaxCrossEntropy):
        none, one = np.zeros(1), np.ones(1)
        outputs = max(int(n_classes or 0), 2)
        if isinstance(loss, Logistic):
            outputs = 1 if y.ndim == 1 else y.shape[1]
        return Task(loss, loss, outputs, none, one, none, one)
    low, high = y.min(axis=0), y.max(axis=0)
    outputs = len(loss.levels) if isinstance(loss, Quantile) else y.shape[1]  # type: ignore[arg-type]
    mean, scale = np.zeros_like(low), np.ones_like(low)
    if isinstance(loss, SquaredError | AbsoluteError | Huber | Quantile):
        mean = np.average(y, axis=0, weights=weight)
        scale = np.sqrt(np.average((y - mean) ** 2, axis=0, weights=weight))
        if isinstance(loss, Huber):  # one scale, because delta is one number
            scale = np.full_like(scale, np.sqrt(np.mean(scale * scale)))
        scale = np.where(scale > 0, scale, 1.0)
    learned = replace(loss, delta=loss.delta / scale[0]) if isinstance(loss, Huber) else loss
    return Task(loss, learned, outputs, mean, scale, low, high)

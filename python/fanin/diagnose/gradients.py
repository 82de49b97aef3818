"""What gradients of mini-batches show: noise, and how consistent the gradient of each weight is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.diagnose.smooth import SmoothLoss

    Float = NDArray[np.float64]

_BATCH = 32
_FEWEST = 8  # batches, of fewer rows if these are few
MOST_ROWS = 6400


@dataclass(frozen=True, eq=False)
class GradientsOfBatches:
    """Mean and deviation of the gradient over mini-batches of equal size.

    Attributes
    ----------
    mean, deviation : ndarray, shape (weights,)
    rows : int
        Rows of a batch.
    batches : int
    """

    mean: Float
    deviation: Float
    rows: int
    batches: int

    @property
    def consistency(self) -> Float:
        """``|mean| / deviation`` of each weight's gradient; 0 where both are 0, infinite where all agree."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.mean == 0, 0.0, np.abs(self.mean) / self.deviation)

    @property
    def noise_scale(self) -> float:
        """``tr(S) / |G|^2``, the simple noise scale (McCandlish et al. 2018, appendix A.1); infinite without signal.

        S is the covariance of the gradient of a sample, estimated without bias by that of the batches, and |G|^2 is the
        square of the mean gradient less what noise adds to it.
        """
        spread = float(np.sum(self.deviation**2))  # of a batch: tr(S) / rows
        signal = float(np.sum(self.mean**2)) - spread / self.batches
        if spread == 0:
            return 0.0
        return spread * self.rows / signal if signal > 0 else np.inf


def gradients_of_batches(loss: SmoothLoss) -> GradientsOfBatches:
    """Measure the gradients of batches of 32 rows, or of an eighth of the rows if that is less."""
    size = max(1, min(_BATCH, loss.rows // _FEWEST))
    count = 0
    mean: Float = np.zeros(0)
    squares: Float = np.zeros(0)
    for gradient in _each(loss, size):
        if count == 0:
            mean, squares = np.zeros_like(gradient), np.zeros_like(gradient)
        count += 1
        change = gradient - mean
        mean = mean + change / count
        squares += change * (gradient - mean)
    return GradientsOfBatches(mean, np.sqrt(squares / (count - 1)), size, count)


def _each(loss: SmoothLoss, size: int) -> Iterator[Float]:
    whole = loss.rows - loss.rows % size
    for begin in range(0, min(whole, MOST_ROWS), size):
        objective = loss.of(slice(begin, begin + size))
        yield objective.loss_and_gradient(objective.weights())[1]


def by_array(loss: SmoothLoss, values: Float) -> Mapping[str, Any]:
    """Return values of the weights, (weights,), as arrays by the names of `Network.get_weights`."""
    named = loss.of(slice(1)).named(values)
    return {name: array for name, array in named.items() if ".running_" not in name}

"""From the losses of the core to those that scikit-learn reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import xlogy

from fanin.sklearn.data import Data

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ReportedLoss:
    """Squared errors are half the mean over outputs, not the sum; the deviance of Poisson includes ``y log y - y``."""

    def __init__(self, output: str, data: Data, batch_size: int) -> None:
        self._factor = 1.0 / data.outputs if output == "identity" else 1.0
        self._constant, self._weighted = 0.0, None
        if output == "exp":
            constants = (xlogy(data.y, data.y) - data.y).reshape(data.rows, -1).sum(axis=1, dtype=np.float64)
            self._constant = float(np.average(constants, weights=data.weights))
            if data.weights is not None and batch_size < data.rows:
                self._weighted = data.weights * constants, data.weights
                self._starts = np.arange(0, data.rows, batch_size)
                self._rows = np.diff(self._starts, append=data.rows)

    def of(self, loss: float) -> float:
        """Return the loss of all samples in one batch."""
        return loss * self._factor + self._constant

    def of_epoch(self, epoch: Any, order: NDArray[np.uint32] | None) -> float:
        """Return the mean over the batches of an epoch, weighted by their rows, with the penalty."""
        constant = self._constant if self._weighted is None else self._over_batches(order)
        return float(epoch.loss_of_updates * self._factor + constant + epoch.penalty)

    def _over_batches(self, order: NDArray[np.uint32] | None) -> float:
        assert self._weighted is not None
        rows = slice(None) if order is None else order
        sums, totals = (np.add.reduceat(column[rows], self._starts) for column in self._weighted)
        trained = totals > 0
        return float(np.average(sums[trained] / totals[trained], weights=self._rows[trained]))

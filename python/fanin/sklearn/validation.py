"""Loss and score on validation data, after each epoch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.metrics import r2_score

from fanin.sklearn.data import Data
from fanin.sklearn.notices import CHECKING
from fanin.sklearn.reported import ReportedLoss


class Validation:
    """The mean loss, without the penalty, and the accuracy or R^2 that scikit-learn's `score` gives.

    The score is NaN if predictions are not finite.
    """

    def __init__(self, data: Data, output: str) -> None:
        self._data, self._output = data, output
        self._reported = ReportedLoss(output, data, data.rows)
        self.loss = math.nan  # the last one, as the core computes it
        self.metric = "accuracy" if output in ("softmax", "logistic") else "r2"
        if self.metric == "r2" and data.outputs == 1:
            y = data.y.astype(np.float64)
            self._variance = float(
                np.average((y - np.average(y, weights=data.weights)) ** 2, weights=data.weights)
            )

    def of(self, core: Any) -> tuple[float, float]:
        """Return loss and score of a network."""
        X, y, weights, outputs = self._data
        self.loss, metric = core.evaluate(X, y, weights, True)
        if outputs > 1 and self._output != "softmax":
            score = self._score(core.predict(X, None))
        elif self.metric == "accuracy":
            score = metric
        elif self._output == "exp":
            score = self._score(core.predict(X, None))
        else:
            score = self._r2(metric)
        return self._reported.of(self.loss), score

    def _score(self, predicted: Any) -> float:
        y, weights = self._data.y, self._data.weights
        if self.metric == "accuracy":
            return float(np.average(((predicted > 0.5) == y).all(axis=1), weights=weights))
        if not np.isfinite(predicted).all():
            return math.nan
        with CHECKING:
            return float(r2_score(y, predicted, sample_weight=weights))

    def _r2(self, rmse: float) -> float:
        if not math.isfinite(rmse):
            return math.nan
        if self._variance == 0:
            return float(rmse == 0)
        return 1.0 - rmse * rmse / self._variance

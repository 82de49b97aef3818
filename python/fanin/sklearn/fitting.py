"""The training in one call of fit or partial_fit, after the checks of parameters and data."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fanin.sklearn.data import Data
from fanin.sklearn.observers import Observers
from fanin.sklearn.optimizer import Optimizer
from fanin.sklearn.pause import Call, Pause
from fanin.sklearn.stochastic import Epochs, batch_size_of
from fanin.sklearn.tasks import Tasks
from fanin.sklearn.watching import Watching
from fanin.sklearn.weights import are_finite
from fanin.sklearn.whole_batch import minimize_loss


def train(
    estimator: Any, data: Data, held: Data | None, tasks: Tasks, call: Call, pause: Pause, *, first: bool
) -> None:
    """Train an estimator whose weights are set; `first`: they are the initial ones.

    Raises ValueError if weights became infinite or NaN.
    """
    weights, form = estimator._weights, estimator._form
    if held is not None and getattr(estimator, "validation_scores_", None) is None:
        estimator.validation_scores_ = []
        estimator.validation_loss_curve_ = []
    restored = held is not None and estimator.early_stopping and estimator.solver != "lbfgs"
    metric = "r2" if estimator._numeric_targets else "accuracy"
    observers = Observers(estimator, metric, held is not None, tasks, call)
    if estimator.solver == "lbfgs":
        core = weights.restarted(form, np.dtype(np.float64))
        watching = Watching(estimator, core, data, None, first) if call.diagnoses(estimator) else None
        minimize_loss(estimator, core, data, held, observers, watching)
    else:
        continues = call.incremental or call.resumes
        core = weights.network(form) if first or continues else weights.restarted(form)
        if estimator._optimizer is None or not continues:
            estimator._optimizer = Optimizer(estimator)
        size = batch_size_of(estimator.batch_size, data.rows)
        watching = Watching(estimator, core, data, size, first) if call.diagnoses(estimator) else None
        Epochs(estimator, core, data, held, pause, size, watching).run(observers, call, first=first)
        estimator.learning_rate_ = estimator._optimizer.learning_rate
    weights.trained()
    if watching is not None:
        watching.fit_ended()
    finite = are_finite(core.get_arrays())  # weights that are not finite remain so
    if not call.pauses:
        observers.end()
        finite &= restored or math.isfinite(
            estimator.loss_
        )  # after an infinite gradient, Adam's step is finite
    if not finite:
        raise ValueError(
            "Solver produced non-finite parameter weights. The input data may contain large values and "
            "need to be preprocessed."
        )

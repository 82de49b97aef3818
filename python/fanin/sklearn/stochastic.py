"""The epochs of the solvers sgd and adam."""

from __future__ import annotations

import math
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from fanin import _core
from fanin.sklearn.data import Data
from fanin.sklearn.notices import warn
from fanin.sklearn.observers import Observers
from fanin.sklearn.optimizer import values_of
from fanin.sklearn.reported import ReportedLoss
from fanin.sklearn.validation import Validation
from fanin.sklearn.weights import are_finite

if TYPE_CHECKING:
    from numpy.typing import NDArray


def batch_size_of(given: Any, rows: int) -> int:
    """Return the number of samples in a batch; warn if there are fewer than asked for."""
    if isinstance(given, str):
        return min(200, rows)
    if given > rows:
        warn("Got `batch_size` less than 1 or larger than sample size. It is going to be clipped")
    return min(int(given), rows)


class Epochs:
    """The epochs of one call of fit or partial_fit; all figures that scikit-learn reports go to the estimator."""

    def __init__(
        self, estimator: Any, core: Any, data: Data, validation: Data | None, random: np.random.RandomState
    ) -> None:
        self._estimator, self._core, self._random = estimator, core, random
        self._early_stopping = estimator.early_stopping  # which callbacks may set for later fits
        self._rows = data.rows
        self._batch_size = batch_size_of(estimator.batch_size, data.rows)
        self._places = np.arange(data.rows) if estimator.shuffle else None
        self._reported = ReportedLoss(estimator.out_activation_, data, self._batch_size)
        self._validation = None if validation is None else Validation(validation, estimator.out_activation_)
        self._data = data
        self._best: list[NDArray[Any]] | None = None  # weights of the epoch with the best score

    def run(self, observers: Observers, *, first: bool, incremental: bool) -> None:
        """Train until patience runs out, or one epoch if incremental; `first`: the weights are the initial ones."""
        estimator = self._estimator
        if self._early_stopping and first:
            self._best = self._core.get_arrays()
        figure = "best_validation_score_" if self._early_stopping else "best_loss_"
        if getattr(estimator, figure) is None:  # the last fit had the other one
            setattr(estimator, figure, first_progress(self._early_stopping)[figure])
        kind = (
            _core.TrainingFloat32 if isinstance(self._core, _core.NetworkFloat32) else _core.TrainingFloat64
        )
        self._budget = _core.Budget(None, [], estimator.max_time)
        training = kind(
            self._core,
            self._data.X,
            self._data.y,
            self._data.weights,
            self._batch_size,
            "in_order",
            None,
            0,
            None,
            self._budget,
            None,
            restore=False,
        )
        estimator.n_iter_, completed = 0, False
        try:
            completed = self._train(training, 1 if incremental else estimator.max_iter, observers)
        except KeyboardInterrupt:
            warn("Training interrupted by user.")
        finally:
            training.close()
        if completed and not incremental:
            warn(
                f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the optimization "
                "hasn't converged yet.",
                ConvergenceWarning,
            )
        if self._best is not None and are_finite(self._best):
            with estimator._weights.turns.writing():
                self._core.set_arrays(self._best)

    def _train(self, training: Any, most: int, observers: Observers) -> bool:
        """Train and return whether all epochs were needed."""
        estimator, optimizer, places = self._estimator, self._estimator._optimizer, self._places
        turns = estimator._weights.turns
        shuffle, curve, verbose = self._random.shuffle, estimator.loss_curve_, estimator.verbose
        rule = optimizer.rule(estimator.alpha)
        values = values_of(rule, self._core.trained_names)
        name, rate = rule.name, optimizer.learning_rate
        observers.begin(rule)
        order = None
        for _ in range(most):
            observers.epoch_begins()
            if places is not None:
                shuffle(places)  # integers of this size take NumPy half the time
                order = places.astype(np.uint32)
            began = perf_counter()
            turns.begin_writing()
            try:
                epoch = training.epoch(name, values, order)
            finally:
                turns.end_writing()
            seconds = perf_counter() - began
            if epoch.share == 0:
                return False  # no time was left
            estimator.n_iter_ += 1
            estimator.loss_ = loss = self._reported.of_epoch(epoch, order)
            estimator.t_ += self._rows if epoch.share == 1 else round(epoch.share * self._rows)
            curve.append(loss)
            if verbose:
                print(f"Iteration {estimator.n_iter_}, loss = {loss:.8f}")
            validated = self._validated()
            self._count()
            optimizer.epoch_ended(estimator.t_)
            stops = observers.stop_after(loss, validated, epoch.learning_rate, seconds)
            if estimator._no_improvement_count > estimator.n_iter_no_change:
                if optimizer.stops(self._reason(), verbose):
                    return False
                estimator._no_improvement_count = 0
            if stops or epoch.share < 1 or self._budget.spent:
                return False
            factor = observers.rate_factor
            if optimizer.learning_rate * factor != rate:
                rate = values["learning_rate"] = optimizer.learning_rate * factor
        return True

    def _validated(self) -> tuple[float, float] | None:
        """Record loss and score on the validation data, if there are any."""
        if self._validation is None:
            return None
        estimator = self._estimator
        loss, score = validated = self._validation.of(self._core)
        estimator.validation_loss_curve_.append(loss)
        estimator.validation_scores_.append(score)
        if estimator.verbose:
            print(f"Validation score: {score:f}")
        return validated

    def _count(self) -> None:
        """Count the epochs without improvement of the score, or of the training loss; keep the best weights."""
        estimator = self._estimator
        if self._early_stopping:
            score = estimator.validation_scores_[-1]
            worse = score < estimator.best_validation_score_ + estimator.tol
            if score > estimator.best_validation_score_:
                estimator.best_validation_score_ = score
                self._best = self._core.get_arrays()
        else:
            loss = estimator.loss_
            worse = loss > estimator.best_loss_ - estimator.tol
            if loss < estimator.best_loss_:
                estimator.best_loss_ = loss
        estimator._no_improvement_count = estimator._no_improvement_count + 1 if worse else 0

    def _reason(self) -> str:
        estimator = self._estimator
        figure = "Validation score" if self._early_stopping else "Training loss"
        return (
            f"{figure} did not improve more than tol={estimator.tol:f} for "
            f"{estimator.n_iter_no_change:d} consecutive epochs."
        )


def first_progress(early_stopping: bool) -> dict[str, Any]:
    """Return the attributes of an estimator that count progress, as they are before the first epoch."""
    return {
        "loss_curve_": [],
        "_no_improvement_count": 0,
        "best_loss_": None if early_stopping else math.inf,
        "best_validation_score_": -math.inf if early_stopping else None,
        "validation_scores_": None,
        "validation_loss_curve_": None,
    }

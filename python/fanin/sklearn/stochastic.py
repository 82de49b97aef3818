"""The epochs of the solvers sgd and adam."""

from __future__ import annotations

import math
from contextlib import closing
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from fanin import _core
from fanin.optim import Polynomial
from fanin.sklearn.data import Data
from fanin.sklearn.notices import warn
from fanin.sklearn.observers import Observers
from fanin.sklearn.optimizer import values_of
from fanin.sklearn.pause import Call, Pause
from fanin.sklearn.reported import ReportedLoss
from fanin.sklearn.validation import Validation
from fanin.sklearn.watching import Watching
from fanin.sklearn.weights import are_finite
from fanin.training.tail import tail_epochs

if TYPE_CHECKING:
    from numpy.typing import NDArray


_ROWS_AT_ONCE = 20_000


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
        self,
        estimator: Any,
        core: Any,
        data: Data,
        validation: Data | None,
        pause: Pause,
        batch_size: int,
        watching: Watching | None,
    ) -> None:
        self._estimator, self._core, self._pause = estimator, core, pause
        self._early_stopping = estimator.early_stopping  # which callbacks may set for later fits
        self._rows = data.rows
        self._batch_size, self._watching = batch_size, watching
        self._places: NDArray[np.intp] | None = np.arange(data.rows) if estimator.shuffle else None
        if pause.order is not None:
            self._places = pause.order.astype(np.intp)
        self._reported = ReportedLoss(estimator.out_activation_, data, self._batch_size)
        self._validation = None if validation is None else Validation(validation, estimator.out_activation_)
        self._data = data
        self._deadline = perf_counter() + (math.inf if estimator.max_time is None else estimator.max_time)

    def run(self, observers: Observers, call: Call, *, first: bool) -> None:
        """Train until patience runs out or the epochs of the call are done; `first`: the weights are the initial ones.

        At the end of a fit, train its linear tail and restore the best weights.
        """
        estimator, pause = self._estimator, self._pause
        if self._early_stopping and first:
            pause.best = self._core.get_arrays()
        figure = "best_validation_score_" if self._early_stopping else "best_loss_"
        if getattr(estimator, figure) is None:  # the last fit had the other one
            setattr(estimator, figure, first_progress(self._early_stopping)[figure])
        if not call.resumes:
            estimator.n_iter_ = 0
        until = self._epochs_before_tail() if call.epochs is None else call.epochs
        observers.begin(estimator._optimizer.rule(estimator.alpha))
        try:
            self._train(observers, until)
            if call.epochs is None:
                self._train_tail(observers)
        except KeyboardInterrupt:
            if call.stop is not None:
                raise
            warn("Training interrupted by user.")
            pause.ended = "done"
        if call.epochs is None:
            self._finish()

    def _epochs_before_tail(self) -> int:
        """Return the epochs of a fit before its tail; ValueError if more are done."""
        most, done = self._estimator.max_iter, self._estimator.n_iter_
        before: int = most - tail_epochs(self._estimator.linear_tail, most)
        if done > before and self._pause.ended != "done":
            raise ValueError(
                f"max_iter: expected at least {done} epochs before the linear tail, because so many are done, got "
                f"{before} (max_iter={most})"
            )
        return before

    def _train_tail(self, observers: Observers) -> None:
        """Train the epochs in which the rate falls, unless there are none or the fit has ended."""
        estimator, pause = self._estimator, self._pause
        if estimator.linear_tail == 0 or pause.ended == "done":
            return
        epochs = estimator.max_iter if pause.ended is None else estimator.n_iter_
        pause.ended = None
        until = estimator.n_iter_ + tail_epochs(estimator.linear_tail, epochs)
        self._train(observers, until, tail=True)
        pause.ended = "done"

    def _finish(self) -> None:
        """Warn if the fit has not ended by itself or with a tail, and restore the best weights."""
        estimator, pause = self._estimator, self._pause
        if pause.ended is None:
            warn(
                f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the optimization "
                "hasn't converged yet.",
                ConvergenceWarning,
            )
        pause.ended = "done"
        if pause.best is not None and are_finite(pause.best):
            with estimator._weights.turns.writing():
                self._core.set_arrays(pause.best)

    def _train(self, observers: Observers, until: int, *, tail: bool = False) -> None:
        """Train until so many epochs are done, or the fit ends by itself.

        In the tail the rate falls step by step from the current one, and patience has no limit.
        """
        estimator, optimizer, pause = self._estimator, self._estimator._optimizer, self._pause
        rule = optimizer.rule(estimator.alpha)
        values = values_of(rule, self._core.trained_names)
        start, rate = optimizer.learning_rate, None
        budget = self._budget(until - estimator.n_iter_ if tail else None)
        with closing(self._training(budget)) as training:
            while estimator.n_iter_ < until and pause.ended is None:
                observers.epoch_begins()
                current = (start if tail else optimizer.learning_rate) * observers.rate_factor
                if current != rate:
                    rate = current
                    values["learning_rate"] = Polynomial(rate, 0.0).described() if tail else rate
                count = self._at_once(observers, until, tail)
                stops = self._epochs(training, rule.name, values, observers, count)
                if not tail and estimator._no_improvement_count > estimator.n_iter_no_change:
                    if optimizer.stops(self._reason(), estimator.verbose):
                        pause.ended = "patience"
                    else:
                        estimator._no_improvement_count = 0
                if stops or budget.spent:
                    pause.ended = "done"

    def _at_once(self, observers: Observers, until: int, tail: bool) -> int:
        """Return how many epochs to train in one call: several, if nothing can end or change the fit before the last.

        Then threads that train other estimators rarely wait for Python.
        """
        estimator = self._estimator
        schedule = estimator.learning_rate if estimator.solver == "sgd" else "constant"
        watched = estimator.verbose or self._validation is not None or estimator.max_time is not None
        if watched or schedule == "invscaling" or not observers.may_come_late:
            return 1
        most = max(_ROWS_AT_ONCE // self._rows, 1)
        if not tail:  # patience ends after one epoch more than these
            most = min(most, 1 + max(estimator.n_iter_no_change - estimator._no_improvement_count, 0))
        return int(min(most, until - estimator.n_iter_))

    def _epochs(
        self, training: Any, rule: str, values: dict[str, Any], observers: Observers, count: int
    ) -> bool:
        """Train so many epochs and record them; return whether time or a callback ends the fit."""
        places, orders = self._places, None
        if places is not None:
            orders = np.empty((count, self._rows), np.uint32)
            for order in orders:
                self._pause.random.shuffle(places)  # integers of this size take NumPy half the time
                order[:] = places
            self._pause.order = orders[-1].copy()
        began = perf_counter()
        turns = self._estimator._weights.turns
        turns.begin_writing()
        try:
            epochs = training.epochs(rule, values, count, orders)
        finally:
            turns.end_writing()
        seconds = (perf_counter() - began) / count
        stops = [
            self._recorded(epoch, None if orders is None else orders[place], observers, seconds)
            for place, epoch in enumerate(epochs)
        ]
        return any(stops)

    def _recorded(
        self, epoch: Any, order: NDArray[np.uint32] | None, observers: Observers, seconds: float
    ) -> bool:
        """Record an epoch; return whether time or a callback ends the fit."""
        estimator = self._estimator
        if epoch.share == 0:
            return True  # no time was left
        estimator.n_iter_ += 1
        estimator.loss_ = loss = self._reported.of_epoch(epoch, order)
        estimator.t_ += self._rows if epoch.share == 1 else round(epoch.share * self._rows)
        estimator.loss_curve_.append(loss)
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {loss:.8f}")
        validated = self._validated()
        if self._watching is not None:
            self._watching.epoch_ended(epoch.loss, self._validation)
        self._count()
        estimator._optimizer.epoch_ended(estimator.t_)
        return observers.stop_after(loss, validated, epoch.learning_rate, seconds) or epoch.share < 1

    def _budget(self, epochs: int | None) -> Any:
        """Return the budget of so many epochs, over which a schedule spans, or of any number, in the time left."""
        updates = None if epochs is None else epochs * -(-self._rows // self._batch_size)
        seconds = max(self._deadline - perf_counter(), 1e-9)
        return _core.Budget(updates, [], None if seconds == math.inf else seconds)

    def _training(self, budget: Any) -> Any:
        single = isinstance(self._core, _core.NetworkFloat32)
        kind = _core.TrainingFloat32 if single else _core.TrainingFloat64
        X, y, weights, _ = self._data
        if self._watching is not None:
            self._watching.training_begins(budget)
        return kind(
            self._core,
            X,
            y,
            weights,
            self._batch_size,
            "in_order",
            None,
            self._estimator.n_iter_,
            None,
            budget,
            None,
            None if self._watching is None else self._watching.watch,
            restore=False,
        )

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
                self._pause.best = self._core.get_arrays()
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

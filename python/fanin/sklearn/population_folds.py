"""Training an estimator on one fold, up to one rung: the tasks of a search, which may run on other machines."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from fanin.sklearn.notices import CHECKING
from fanin.sklearn.parameters import check_parameters
from fanin.sklearn.pause import AbandonedError, Pause
from fanin.training.tail import tail_epochs


class Stop:
    """Whether to abandon trainings: at a time limit, which is pickled as the seconds left, or when asked to."""

    def __init__(self, left: float) -> None:
        self.asked, self._end = False, perf_counter() + left

    def __call__(self) -> bool:
        """Return whether to stop."""
        return self.asked or perf_counter() >= self._end

    def __getstate__(self) -> float:
        """Pickle the seconds left."""
        return self._end - perf_counter()

    def __setstate__(self, left: float) -> None:
        """Continue with the seconds left."""
        Stop.__init__(self, left)


class Climber(NamedTuple):
    """An estimator on its way up the rungs of one fold."""

    estimator: Any
    pause: Pause | None = None


@dataclass(frozen=True)
class Task:
    """How to train and score: to so many epochs, tail included, of which nothing is kept after the last rung."""

    trial: int
    fold: int
    epochs: int
    last: bool
    scorer: Callable[..., float]
    train_scores: bool
    raises: bool  # rather than reports what failed


@dataclass(frozen=True)
class Trained:
    """What one task gave; `climber` is None if the training failed."""

    trial: int
    fold: int
    climber: Climber | None
    score: float = math.nan
    train_score: float = math.nan
    fit_seconds: float = 0.0
    score_seconds: float = 0.0
    error: str | None = None


def accuracy(estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
    """Return the share of labels that are predicted: the default score of classes, in a fraction of the time."""
    return float(np.average(estimator.predict(X) == y, weights=sample_weight))


def train_fold(
    task: Task,
    climber: Climber,
    stop: Stop,
    X: Any,
    y: Any,
    weights: Any,
    X_test: Any,
    y_test: Any,
    weights_test: Any,
) -> Trained | None:
    """Train an estimator on these rows, turn it down on a copy, and score that on the others; None if abandoned."""
    began = perf_counter()
    try:
        climber, trained = _climb(task, climber, stop, (X, y, weights))
        fitted = perf_counter()
        more = {} if weights_test is None else {"sample_weight": weights_test}
        with CHECKING:
            if stop():
                return None
            score = float(task.scorer(trained, X_test, y_test, **more))
            train_score = float(task.scorer(trained, X, y)) if task.train_scores else math.nan
    except AbandonedError:
        return None
    except Exception as error:
        if task.raises:
            raise
        return failed(task, error, perf_counter() - began)
    seconds = fitted - began, perf_counter() - fitted
    return Trained(task.trial, task.fold, climber, score, train_score, *seconds)


def failed(task: Task, error: Exception, seconds: float = 0.0) -> Trained:
    """Return what a task gave whose training failed."""
    text = f"{type(error).__name__}: {error}"
    return Trained(task.trial, task.fold, None, fit_seconds=seconds, error=text)


def _climb(task: Task, climber: Climber, stop: Stop, data: tuple[Any, ...]) -> tuple[Climber, Any]:
    """Return the estimator where its tail begins, and a copy of it after the tail."""
    estimator, pause = climber
    estimator.max_iter = task.epochs
    if estimator.solver == "lbfgs":  # it starts over at every rung
        return climber, estimator.fit(*data)
    if not task.last:
        check_parameters(estimator, estimator._allowed)
        before = task.epochs - tail_epochs(estimator.linear_tail, task.epochs)
        pause = estimator._fit_until(*data, epochs=before, pause=pause, stop=stop)
        climber = Climber(estimator, pause)
        estimator, pause = deepcopy(climber)
    estimator._fit_until(*data, epochs=None, pause=pause, stop=stop)
    return climber, estimator

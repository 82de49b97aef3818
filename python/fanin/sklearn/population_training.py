"""Trials that are estimators, trained side by side on the folds of a cross-validation."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.pipeline import Pipeline

from fanin.config import get_num_threads
from fanin.data.inputs import row_count
from fanin.data.validation import rows_of
from fanin.distributed.workers import cluster
from fanin.search.trials import Outcome
from fanin.sklearn.notices import CHECKING
from fanin.sklearn.population_folds import Climber, Stop, Task, Trained, failed, train_fold

if TYPE_CHECKING:
    from fanin.search.clock import Clock
    from fanin.search.trials import Params, Trial


Key = tuple[Any, ...]


class Fold(NamedTuple):
    """Rows to train on and rows to score with: X, y and weights of each."""

    train: tuple[Any, Any, Any]
    test: tuple[Any, Any, Any]


@dataclass(frozen=True)
class Judge:
    """How trials are scored, and what becomes of those that fail."""

    scorer: Callable[..., float]
    train_scores: bool
    error_score: float | str


class Estimators:
    """The estimators of the trials, on their way up the rungs, one for each fold."""

    def __init__(
        self,
        estimator: Any,
        folds: Sequence[Fold],
        judge: Judge,
        fixed: Params,
        last_rung: int,
        n_jobs: int | None,
        ratio: float,
    ) -> None:
        self._estimator, self._folds, self._judge = estimator, folds, judge
        self._fixed, self._last_rung, self.ratio = fixed, last_rung, ratio
        self.jobs, self._workers = _jobs(n_jobs), cluster()
        self._climbers: dict[tuple[int, int], Climber] = {}
        self._inputs: dict[
            tuple[int, Key], tuple[Any, Any]
        ] = {}  # of the last step, by fold and transformers
        self._names: dict[int, Key] = {}  # of the transformers of each trial
        self.fits = self.failures = 0
        self._error, self._clipped = "", False
        self._own = last_step(estimator).get_params(deep=False)

    def train(self, trials: Sequence[Trial], epochs: int, clock: Clock) -> Generator[Outcome]:
        """Train each trial to so many epochs and yield what that gave; see `engine.Trainer`."""
        stop = Stop(clock.left)
        found: dict[int, list[Trained | None]] = {trial.number: [None] * len(self._folds) for trial in trials}
        self._send(trials)
        parallel = Parallel(n_jobs=self.jobs, prefer="threads", return_as="generator_unordered")
        results = parallel(self._tasks(trials, epochs, clock, stop))
        try:
            for trained in results:
                if trained is None:
                    continue
                of_trial = found[trained.trial]
                of_trial[trained.fold] = trained
                if trained.climber is not None:
                    self._climbers[trained.trial, trained.fold] = trained.climber
                else:
                    self._climbers.pop((trained.trial, trained.fold), None)
                if all(each is not None for each in of_trial):
                    yield self._outcome(
                        trained.trial, epochs, [each for each in of_trial if each is not None]
                    )
        finally:
            stop.asked = True
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # joblib's advice on tasks that were cut short
                results.close()

    def warn(self) -> None:
        """Warn of trainings that failed, and of batches larger than a fold."""
        if self.failures:
            warnings.warn(
                f"{self.failures} of {self.fits} trainings failed and score {self._judge.error_score}; "
                f"search_.trials have the errors, such as {self._error}",
                FitFailedWarning,
                stacklevel=3,
            )
        if self._clipped:
            rows = min(row_count("y", fold.train[1]) for fold in self._folds)
            warnings.warn(
                f"batch_size: some trials draw more than {rows}, the training rows of a fold, and take them all",
                stacklevel=3,
            )

    def keep(self, numbers: Collection[int]) -> None:
        """Forget all trials but these."""
        self._climbers = {key: one for key, one in self._climbers.items() if key[0] in numbers}
        self._names = {number: name for number, name in self._names.items() if number in numbers}
        kept = set(self._names.values())
        self._inputs = {key: pair for key, pair in self._inputs.items() if key[1] in kept}
        of_folds = (value for fold in self._folds for part in fold for value in part)
        self._workers.keep([*of_folds, *(value for pair in self._inputs.values() for value in pair)])

    def configured(self, params: Params) -> Any:
        """Return a new estimator with these parameters, and those that all trials share."""
        return clone(self._estimator).set_params(**clone({**self._fixed, **params}, safe=False))

    def _tasks(self, trials: Sequence[Trial], epochs: int, clock: Clock, stop: Stop) -> Iterator[Any]:
        judge = self._judge
        for trial in trials:
            for number, fold in enumerate(self._folds):
                if clock.spent or stop():
                    return
                task = Task(
                    trial.number,
                    number,
                    epochs,
                    epochs == self._last_rung,
                    judge.scorer,
                    judge.train_scores,
                    judge.error_score == "raise",
                )
                try:
                    X, X_test = self._input(trial, number)
                    climber = self._climbers.get((trial.number, number)) or self._climber(trial, fold)
                except Exception as error:
                    if task.raises:
                        raise
                    yield delayed(failed)(task, error)
                else:
                    data = map(self._workers.sent, (X, *fold.train[1:], X_test, *fold.test[1:]))
                    yield delayed(train_fold)(task, climber, stop, *data)

    def _send(self, trials: Sequence[Trial]) -> None:
        """Send the data of these trials to the workers of a cluster, if there is one."""
        for trial in trials if self._workers.client is not None else ():
            for number, fold in enumerate(self._folds):
                with suppress(Exception):  # the task of this fold will report it
                    self._workers.send((*self._input(trial, number), *fold.train[1:], *fold.test[1:]))

    def _climber(self, trial: Trial, fold: Fold) -> Climber:
        """Return the estimator of a trial, to be trained on a fold."""
        step, prefix = last_step(self._estimator), prefix_of(self._estimator)
        given = {**self._fixed, **trial.params}
        own = {name.removeprefix(prefix): value for name, value in given.items() if name.startswith(prefix)}
        if prefix.removesuffix("__") in given:  # the step itself is drawn
            estimator = last_step(self.configured(trial.params))
        else:  # as clone and set_params do, in a tenth of the time
            estimator = type(step)(**deepcopy({**self._own, **own}))
        estimator.n_jobs = 1
        rows = row_count("y", fold.train[1])
        if isinstance(estimator.batch_size, int | np.integer) and estimator.batch_size > rows:
            self._clipped = True
            estimator.batch_size = rows
        return Climber(estimator)

    def _input(self, trial: Trial, number: int) -> tuple[Any, Any]:
        """Return what the last step gets of a fold, to train on and to score with."""
        fold = self._folds[number]
        if not isinstance(self._estimator, Pipeline) or len(self._estimator.steps) == 1:
            return fold.train[0], fold.test[0]
        prefix = prefix_of(self._estimator)
        drawn = {name: value for name, value in trial.params.items() if not name.startswith(prefix)}
        name = self._names.setdefault(
            trial.number, tuple((name, *_key(value)) for name, value in drawn.items())
        )
        if (number, name) not in self._inputs:
            head = self.configured(trial.params)[:-1]
            with CHECKING:
                X = head.fit_transform(fold.train[0], fold.train[1])
                self._inputs[number, name] = X, head.transform(fold.test[0])
        return self._inputs[number, name]

    def _outcome(self, trial: int, epochs: int, folds: Sequence[Trained]) -> Outcome:
        errors = [fold.error for fold in folds if fold.error is not None]
        self.fits, self.failures = self.fits + len(folds), self.failures + len(errors)
        instead = math.nan if isinstance(self._judge.error_score, str) else float(self._judge.error_score)
        scores = tuple(instead if fold.error is not None else fold.score for fold in folds)
        details = {
            "fit_time": [fold.fit_seconds for fold in folds],
            "score_time": [fold.score_seconds for fold in folds],
        }
        if self._judge.train_scores:
            details["train_score"] = [instead if fold.error else fold.train_score for fold in folds]
        seconds = math.fsum(fold.fit_seconds + fold.score_seconds for fold in folds)
        error = errors[0] if errors else None
        self._error = self._error or error or ""
        return Outcome(trial, epochs, scores, seconds, len(errors), error, details)


def last_step(estimator: Any) -> Any:
    """Return the last step of a pipeline; any other estimator as it is."""
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def prefix_of(estimator: Any) -> str:
    """Return what precedes the names of the parameters of the last step: "mlpclassifier__" in a pipeline."""
    return f"{estimator.steps[-1][0]}__" if isinstance(estimator, Pipeline) else ""


def fold_of(X: Any, y: Any, weights: Any, train: Any, test: Any) -> Fold:
    """Return the rows of a split."""
    named = (("X", X), ("y", y), ("sample_weight", weights))
    parts = []
    for places in (np.asarray(train), np.asarray(test)):
        rows = np.flatnonzero(places) if places.dtype == bool else places
        parts.append(tuple(_rows(name, value, rows) for name, value in named))
    return Fold((parts[0][0], parts[0][1], parts[0][2]), (parts[1][0], parts[1][1], None))


def _rows(name: str, value: Any, rows: Any) -> Any:
    """Return some rows of what scikit-learn takes: also of labels that are categorical, or have only `__array__`."""
    try:
        return rows_of(name, value, rows)
    except TypeError:
        return (value if hasattr(value, "__getitem__") else np.asarray(value))[rows]


def _key(value: Any) -> Key:
    """Return what only this value has, among those drawn; the texts of large estimators are abridged."""
    try:
        return repr(value), hash(value)
    except TypeError:
        return repr(value), id(value)


def _jobs(n_jobs: int | None) -> int:
    """Return the number of trainings at a time: by default one for each thread, or what joblib's backend offers."""
    offered: int = effective_n_jobs(n_jobs)
    return get_num_threads() if n_jobs is None and offered == 1 else offered

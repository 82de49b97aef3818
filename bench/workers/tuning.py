"""What is tuned, and how it is judged: the estimator, its space, the rows, and the error of a fit to all of them."""

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from bench import data
from bench.search import ROUNDS, Tuning
from bench.workers.advice import numbers
from bench.workers.serve import Task
from fanin.sklearn import MLPClassifier, MLPRegressor

FOLDS, EPOCHS, TAIL = 3, 100, 0.2

# ends of the ranges: of the rate, the penalty and 1 - beta_1 on a log scale
RATES, PENALTIES, LACKS = (1e-4, 1e-1), (1e-6, 1e-1), (0.01, 0.5)
LAYERS, UNITS, BATCHES = (1, 3), (16, 256), (32, 64, 128, 256)


class Rows(NamedTuple):
    """Of training and of test."""

    X: Any
    X_test: Any
    y: Any
    y_test: Any


class Choice(NamedTuple):
    """What a search found: parameters of the estimator, with its epochs, and how many trials it scored."""

    params: dict[str, Any]
    trials: int


Tune = Callable[[Any, Any, Rows, int, float], Choice]  # estimator, folds, rows, seed, seconds


def rows_of(case: Tuning, seed: int) -> Rows:
    """A quarter of the rows are for the test; all of its own test set of Fashion-MNIST."""
    if case.load or case.table:
        X, y = numbers(case)
        y = y if case.classes else (y - y.mean()) / y.std()
        stratify = y if case.classes else None
        return Rows(*train_test_split(X.astype(np.float32), y, random_state=seed, stratify=stratify))
    (X, y), (X_test, y_test) = map(data.pictures, ("train", "t10k"))
    chosen = np.random.default_rng(seed).choice(len(X), case.rows, replace=False)
    return Rows(X[chosen], X_test, y[chosen], y_test)


def estimator_of(case: Tuning, seed: int) -> Any:
    kind = MLPClassifier if case.classes else MLPRegressor
    mlp = kind(max_iter=EPOCHS, linear_tail=TAIL, n_jobs=1, random_state=seed)
    return Pipeline([("scale", StandardScaler()), ("mlp", mlp)])


def folds_of(case: Tuning, seed: int) -> Any:
    return (StratifiedKFold if case.classes else KFold)(FOLDS, shuffle=True, random_state=seed)


def error_of(case: Tuning, estimator: Any, rows: Rows) -> float:
    """Per cent of test rows in a wrong class, or of the deviation of all numbers, which is 1."""
    found = estimator.fit(rows.X, rows.y).predict(rows.X_test)
    if case.classes:
        return 100 * float(np.mean(found != rows.y_test))
    return 100 * float(np.sqrt(np.mean((np.ravel(found) - rows.y_test) ** 2)))


def tasks(case: Tuning, tune: Tune) -> Iterator[Task]:
    """A round is a seed, of the split, the folds, the weights and the search."""
    warnings.simplefilter("ignore")  # of batches larger than a fold, and of trainings that diverge
    seeds = iter(range(ROUNDS))

    def one(seconds: float) -> dict[str, float]:
        seed = next(seeds)
        rows, estimator = rows_of(case, seed), estimator_of(case, seed)
        begin = time.perf_counter()
        choice = tune(estimator, folds_of(case, seed), rows, seed, seconds)
        taken = time.perf_counter() - begin
        error = error_of(case, estimator.set_params(**choice.params), rows)
        return {"test error": error, "trials": choice.trials, "tuning time": taken}

    yield Task("test error", check=list, measure=one)

"""What every library's L-BFGS is timed at: the same starts, and the same loss to reach."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from math import inf
from typing import Any

import numpy as np
import sklearn.datasets
from sklearn.preprocessing import StandardScaler

from bench import data
from bench.curvature import Descent
from bench.workers.serve import Task


def labelled(case: Descent) -> tuple[Any, Any]:
    if case.load:
        x, y = getattr(sklearn.datasets, case.load)(return_X_y=True)
        x = StandardScaler().fit_transform(x)
    else:
        x, y = (part[: case.samples] for part in data.pictures("train"))
    return np.ascontiguousarray(x, dtype=case.dtype), y


def start(case: Descent, seed: int) -> list[tuple[Any, Any]]:
    return [tuple(part.astype(case.dtype) for part in layer) for layer in data.weights(case, seed)]


TOLERANCE = 5e-3  # in float32 scikit-learn's loss of a row ends at 16


class Reached(Exception):  # noqa: N818 - what is wanted
    """The goal is."""


class Watch:
    """Counts the evaluations of a loss, and compares it with the goal."""

    def __init__(self, goal: float) -> None:
        self.goal, self.loss, self.evaluations = goal, inf, 0

    def reached(self, loss: float, evaluations: int = 1) -> bool:
        self.loss = loss
        self.evaluations += evaluations
        return loss <= self.goal

    def __call__(self, loss: float) -> None:
        if self.reached(loss):
            raise Reached


Minimize = Callable[[list[tuple[Any, Any]], Watch], object]


def tasks(
    case: Descent, minimize: Minimize, column: str = "", starts: int = 1, first: Minimize | None = None
) -> Iterator[Task]:
    """A round is some of its `case.starts` starts: microseconds and evaluations of each.

    The libraries must agree on the loss of the first start, which `first` evaluates where `minimize` shows none.
    """
    rounds = iter(range(0, 1_000_000, case.starts))

    def attempt(minimize: Minimize, seed: int, goal: float) -> tuple[float, Watch]:
        weights, watch, begin = start(case, seed), Watch(goal), time.perf_counter()
        with suppress(Reached):
            minimize(weights, watch)
        return 1e6 * (time.perf_counter() - begin), watch

    def one(seed: int) -> tuple[float, float]:
        microseconds, watch = attempt(minimize, seed, case.goal)
        return (microseconds, watch.evaluations) if watch.loss <= case.goal else (inf, inf)

    def some(_: float) -> list[tuple[float, float]]:
        first = next(rounds)
        return [one(seed) for seed in range(first, first + starts)]

    def check() -> list[float]:
        return [attempt(first or minimize, 0, inf)[1].loss]

    yield Task("L-BFGS", column=column, check=check, tolerance=TOLERANCE, measure=some)

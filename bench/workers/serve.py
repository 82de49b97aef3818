"""The worker's side of the pipe, and what the workers share: tasks, their checks and their rounds."""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.cases import CHECK_STEPS


@dataclass(frozen=True)
class Task:
    """One result of a prepared case, computed in one way."""

    result: str
    call: Callable[[], Any] = tuple  # computes it once
    column: str = ""  # that it is printed in, where that is not the library's
    around: Callable[[], AbstractContextManager[Any]] = nullcontext  # what the calls are made in
    # What the libraries must agree on, where it is not what `call` returns: what a few calls change, or these numbers
    changes: Callable[[], Any] | None = None
    check: Callable[[], list[float]] | None = None
    tolerance: float | None = None  # relative, where it is not the group's
    # One round of about so many seconds, in the unit of the result, where it is not the time of `call`
    measure: Callable[[float], float] | None = None

    def numbers(self) -> list[float]:
        if self.check:
            return self.check()
        if self.changes:
            return before_and_after(CHECK_STEPS, self.call, self.changes)
        with self.around():
            results = self.call()
        return [checksum(r) for r in (results if isinstance(results, list | tuple) else [results])]

    def round(self, seconds: float) -> float:
        if self.measure:
            return self.measure(seconds)
        with self.around():
            return microseconds_per_call(self.call, seconds)


def checksum(array: Any) -> float:
    """Sum of m_ij ((3 i + 5 j) mod 11 - 5), which notices a wrong or a misplaced element."""
    matrix = np.atleast_2d(np.asarray(array))
    i, j = np.ogrid[: matrix.shape[0], : matrix.shape[1]]
    return float(np.sum(matrix.astype(np.float64) * ((3 * i + 5 * j) % 11 - 5)))


def before_and_after(steps: int, step: Callable[[], object], values: Callable[[], Any]) -> list[float]:
    """About 16 of the values before some steps, and after them."""

    def some() -> list[float]:
        flat = np.ravel(values())
        return [float(value) for value in flat[:: max(1, flat.size // 16)]]

    before = some()
    for _ in range(steps):
        step()
    return before + some()


def microseconds(call: Callable[[], object]) -> float:
    """Microseconds of one call."""
    start = time.perf_counter()
    call()
    return 1e6 * (time.perf_counter() - start)


def microseconds_per_call(
    call: Callable[[], Any], seconds: float, finish: Callable[[Any], object] = lambda last: None
) -> float:
    """Call until `seconds` have passed, at least twice after one call that is not timed, then finish."""
    finish(call())
    calls = 0
    start = time.perf_counter()
    while calls < 2 or time.perf_counter() - start < seconds:
        last = call()
        calls += 1
    finish(last)
    return 1e6 * (time.perf_counter() - start) / calls


def serve(module: str) -> None:
    """Answer requests to a module of this package until the parent closes the pipe.

    Libraries that print do so on standard error: standard output belongs to the answers.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def answer(value: Any, error: str = "") -> None:
        pickle.dump((value, error), answers)
        answers.flush()

    try:
        worker = importlib.import_module(f"bench.workers.{module}")
    except (ImportError, OSError) as error:
        answer(None, str(error))
        return
    answer(worker.VERSION)
    tasks: list[Task] = []
    while True:
        try:
            request, *arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            if request == "prepare":
                topic, case = arguments
                tasks.clear()
                gc.collect()  # two large cases at once may not fit into memory
                tasks += getattr(worker, topic)(case)
                answer([(task.result, task.column, task.tolerance) for task in tasks])
            elif request == "check":
                answer(tasks[arguments[0]].numbers())
            else:
                answer(tasks[arguments[0]].round(arguments[1]))
        except Exception as error:
            answer(None, f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    serve(sys.argv[1])

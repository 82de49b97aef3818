"""The worker's side of the pipe, and what the workers share: tasks, their checks and their rounds."""

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

from bench import data
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
    per: int = 1  # steps a call, which is timed once a round where it has more than one
    finish: Callable[[], object] = lambda: None  # waits for what the last call started
    # One round of about so many seconds, in the unit of the result, where it is not the time of a step, or in the form
    # that the group derives its results from
    measure: Callable[[float], Any] | None = None

    def numbers(self) -> list[float]:
        if self.check:
            return self.check()
        if self.changes:
            for _ in range(CHECK_STEPS):
                self.call()
            flat = np.ravel(self.changes())
            return [float(value) for value in flat[:: max(1, flat.size // 16)]]
        with self.around():
            results = self.call()
        return [data.checksum(r) for r in (results if isinstance(results, list | tuple) else [results])]

    def round(self, seconds: float) -> Any:
        if self.measure:
            return self.measure(seconds)
        with self.around():
            return microseconds(self.call, seconds if self.per == 1 else 0.0, self.finish) / self.per


def microseconds(
    call: Callable[[], object], seconds: float = 0.0, finish: Callable[[], object] = lambda: None
) -> float:
    """Microseconds of one call, or of each in so many seconds, at least two, after one that is not timed."""
    if seconds:
        call()
        finish()
    calls, start = 0, time.perf_counter()
    while calls < (2 if seconds else 1) or time.perf_counter() - start < seconds:
        call()
        calls += 1
    finish()
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

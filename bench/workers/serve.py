"""The worker's side of the pipe: a JSON request a line in, a JSON answer a line out."""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol


class Worker(Protocol):
    """What a worker module's `WORKER()` can be asked for.

    A variant is one way to use its library, or one kind of product.
    """

    version: str

    def prepare(self, case: dict[str, Any], variants: list[str]) -> None:
        """Set up one case, releasing what the last one held."""

    def check(self, variant: str) -> list[float]:
        """Numbers that must agree between the libraries before their times are worth comparing.

        None at all where the library cannot do it.
        """

    def round(self, variant: str, seconds: float) -> float:
        """Microseconds of one step or product, from about `seconds` of them."""


def serve(module: str) -> None:
    """Load a module of this package and answer requests to its worker until the parent closes the pipe.

    Libraries that print do so on standard error: standard output belongs to the answers.
    """
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def answer(**content: Any) -> None:
        answers.write(json.dumps(content) + "\n")

    try:
        worker: Worker = importlib.import_module(f"bench.workers.{module}").WORKER()
    except (ImportError, OSError) as error:
        answer(error=str(error))
        return
    answer(value=worker.version)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer(value=getattr(worker, request["call"])(*request["arguments"]))
        except (ArithmeticError, RuntimeError, TypeError, ValueError) as error:
            answer(error=f"{type(error).__name__}: {error}")


def microseconds_per_call(call: Callable[[], object], seconds: float, finish: Callable[[], object]) -> float:
    """Call until `seconds` have passed, at least twice after one call that is not timed, then finish."""
    call()
    finish()
    calls = 0
    start = time.perf_counter()
    while calls < 2 or time.perf_counter() - start < seconds:
        call()
        calls += 1
    finish()
    return 1e6 * (time.perf_counter() - start) / calls


if __name__ == "__main__":
    serve(sys.argv[1])

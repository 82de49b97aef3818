"""What the benches for pytest-benchmark share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import fanin
from bench.pool import THREAD_VARIABLES
from bench.programs import BuildError, program
from bench.workers.serve import Worker

THREADS = sorted({1, os.cpu_count() or 1})


class ProgramClock:
    """Time as the C++ program tells it: what its calls took, without the pipe to it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def one_call(self, worker: Worker, variant: str) -> None:
        """Advance by the time of one call of a program's worker, from about 20 ms of them."""
        self.seconds += 1e-6 * worker.round(variant, 0.02)


def started(kind: Callable[[], Any], target: str, variable: str, n_threads: int) -> Iterator[Any]:
    """A worker with its C++ program, built where it is not there, on a number of threads."""
    with pytest.MonkeyPatch.context() as patch:
        try:
            patch.setenv(variable, program(target, variable))
        except BuildError as error:
            pytest.skip(str(error))
        for name in THREAD_VARIABLES:
            patch.setenv(name, str(n_threads))
        worker = kind()
    yield worker
    worker.close()


@pytest.fixture
def n_threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """The number of threads of a test, in fanin."""
    before = fanin.get_num_threads()
    fanin.set_num_threads(request.param)
    yield request.param
    fanin.set_num_threads(before)

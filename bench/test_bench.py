"""The groups of fanin alone, with pytest-benchmark, which keeps runs and compares them: `pytest bench -k products`."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import cache
from typing import Any

import pytest

from bench.cases import Case, Updates
from bench.groups import groups
from bench.pool import WorkerError, WorkerProcess
from bench.programs import BuildError, build_program

LEFT_OUT = ("products_avx2", "embedded", "memory", "sharing", "fashion_mnist")
GROUPS = {name: group for name, group in groups(quick=False).items() if name not in LEFT_OUT}
MOST_WEIGHTS = 10**6  # of a rule: larger arrays take minutes
THREADS = sorted({1, os.cpu_count() or 1})


class WorkerClock:
    """Time as the workers measure it, without the pipe to them."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def one_call(self, worker: WorkerProcess, index: int) -> None:
        """Advance by the time of one call, from about 20 ms of them."""
        self.seconds += 1e-6 * worker.ask("round", index, 0.02)


CLOCK = WorkerClock()


def timed() -> Iterator[Any]:
    """Group, case, result and number of threads."""
    for name, group in GROUPS.items():
        for case, result, threads in itertools.product(group.cases, group.results, THREADS):
            large = isinstance(case, Updates) and case.weights > MOST_WEIGHTS
            if not large and result != "added":
                identity = f"{name}-{case.name}-{result}-threads {threads}"
                yield pytest.param(name, case, result, threads, id=identity)


@pytest.fixture(scope="module")
def worker() -> Iterator[Callable[[str, int], WorkerProcess]]:
    """The process of a module on a number of threads, started once."""
    with ExitStack() as stack:

        @cache
        def of(module: str, threads: int) -> WorkerProcess:
            try:
                if module == "cpp":
                    build_program()
                process = stack.enter_context(closing(WorkerProcess(module, threads, {})))
                process.greet()
            except (BuildError, WorkerError) as error:
                pytest.skip(str(error))
            return process

        yield of


@pytest.mark.benchmark(timer=CLOCK)
@pytest.mark.parametrize(("name", "case", "result", "threads"), timed())
def test_bench_of_fanin_alone(
    benchmark: Any, worker: Callable[..., WorkerProcess], name: str, case: Case, result: str, threads: int
) -> None:
    process = worker(GROUPS[name].workers["fanin"], threads)
    tasks = process.ask("prepare", GROUPS[name].topic, case)
    index = [task[0] for task in tasks].index(result)
    assert process.ask("check", index)
    benchmark.pedantic(CLOCK.one_call, (process, index), rounds=9)

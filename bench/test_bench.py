"""The groups of fanin alone, with pytest-benchmark, which keeps runs and compares them: `pytest bench -k products`."""

import atexit
import itertools
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from bench.cases import Case, Updates
from bench.groups import groups
from bench.pool import WorkerError, WorkerProcess
from bench.programs import BuildError, build_program

LEFT_OUT = ("products_avx2", "embedded", "memory", "sharing", "fashion_mnist", "phases", "sklearn", "tables")
LEFT_OUT += ("curvature", "search", "doctor", "mpi", "sparse", "recurrent")
GROUPS = {name: group for name, group in groups(quick=False).items() if name not in LEFT_OUT}
MOST_WEIGHTS = 10**6  # of a rule: larger arrays take minutes
THREADS = sorted({1, os.cpu_count() or 1})


passed = [0.0]  # seconds as the workers measure them, without the pipe to them


def one_call(worker: WorkerProcess, index: int) -> None:
    """Let the time of one call pass, from about 20 ms of them."""
    passed[0] += 1e-6 * worker.ask("round", index, 0.02)


def timed() -> Iterator[Any]:
    """Group, case, result and number of threads."""
    for name, group in GROUPS.items():
        for case, result, threads in itertools.product(group.cases, group.results, THREADS):
            large = isinstance(case, Updates) and case.weights > MOST_WEIGHTS
            if not large and result != "added":
                identity = f"{name}-{case.name}-{result}-threads {threads}"
                yield pytest.param(name, case, result, threads, id=identity)


@cache
def worker(module: str, threads: int) -> WorkerProcess:
    """The process of a module on a number of threads, started once."""
    if module == "cpp":
        build_program()
    process = WorkerProcess(module, threads, {})
    atexit.register(process.close)
    process.greet()
    return process


@pytest.mark.benchmark(timer=lambda: passed[0])
@pytest.mark.parametrize(("name", "case", "result", "threads"), list(timed()))
def test_bench_of_fanin_alone(benchmark: Any, name: str, case: Case, result: str, threads: int) -> None:
    try:
        process = worker(GROUPS[name].workers["fanin"], threads)
    except (BuildError, WorkerError) as error:
        pytest.skip(str(error))
    tasks = process.ask("prepare", GROUPS[name].topic, case)
    index = [task[0] for task in tasks].index(result)
    assert process.ask("check", index)
    benchmark.pedantic(one_call, (process, index), rounds=9)

"""Batch norm on arrays, update rules and training steps in C++ of fanin alone, with pytest-benchmark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from bench.cases import BATCH_NORM_KINDS, BATCHES, Batch, Updates
from bench.conftest import THREADS, ProgramClock, started
from bench.net_cases import RULES_ON_NETS, RuleOnNet
from bench.programs import FUSED_VARIABLE
from bench.rules import updates
from bench.workers.batch_norm_fanin import BatchNorms
from bench.workers.fused_fanin import Steps
from bench.workers.rules_fanin import Rules

CLOCK = ProgramClock()
WAYS = ("fused", "flat", "none")
SOME_UPDATES = [case for case in updates(quick=False) if case.weights <= 10**6]


@pytest.fixture(scope="module", params=THREADS)
def steps(request: pytest.FixtureRequest) -> Iterator[Steps]:
    """The program of training steps on a number of threads."""
    yield from started(Steps, "fanin_bench_updates_in_steps", FUSED_VARIABLE, request.param)


@pytest.mark.benchmark(timer=CLOCK)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", RULES_ON_NETS, ids=lambda case: case.name)
def test_bench_updates_in_a_step(benchmark: Any, steps: Steps, case: RuleOnNet, way: str) -> None:
    steps.prepare(asdict(case), [way])
    benchmark.pedantic(CLOCK.one_call, (steps, way), rounds=9)
    assert steps.check(way)


@pytest.mark.parametrize("n_threads", THREADS, indirect=True)
@pytest.mark.parametrize("case", SOME_UPDATES, ids=lambda case: case.name)
def test_bench_an_update(benchmark: Any, case: Updates, n_threads: int) -> None:
    rules = Rules()
    rules.prepare(asdict(case), ["step"])
    assert rules.check("step")
    benchmark(rules.step)


@pytest.mark.parametrize("n_threads", THREADS, indirect=True)
@pytest.mark.parametrize("kind", BATCH_NORM_KINDS)
@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: batch.name)
def test_bench_a_functional_batch_norm(benchmark: Any, batch: Batch, kind: str, n_threads: int) -> None:
    norms = BatchNorms()
    norms.prepare(asdict(batch), [kind])
    results = benchmark(norms.compute, kind)
    assert results[0].shape == (batch.rows, batch.columns)

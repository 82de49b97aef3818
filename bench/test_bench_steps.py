"""The training steps of fanin alone, in this process, with pytest-benchmark: `pytest bench`."""

from __future__ import annotations

from typing import Any

import pytest

import fanin
from bench import data
from bench.cases import NETS, Net
from bench.conftest import THREADS
from bench.net_cases import GROWING_SAMPLES, GROWING_WEIGHTS
from bench.workers.steps_fanin import RULE, build


@pytest.mark.parametrize("n_threads", THREADS)
@pytest.mark.parametrize("net", [*NETS, *GROWING_WEIGHTS, *GROWING_SAMPLES], ids=lambda net: net.name)
def test_bench_an_epoch_of_training(benchmark: Any, net: Net, n_threads: int) -> None:
    x, y = data.samples(net)
    network = build(net)
    before = fanin.get_num_threads()
    fanin.set_num_threads(n_threads)
    try:
        history = benchmark.pedantic(
            network.fit,
            (x, y),
            {"rule": RULE, "epochs": 1, "batch_size": net.batch},
            rounds=5,
            warmup_rounds=1,
        )
    finally:
        fanin.set_num_threads(before)
    benchmark.extra_info["steps"] = net.steps
    assert len(history.loss) == 1


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.name)
def test_bench_prediction_of_one_row(benchmark: Any, net: Net) -> None:
    x, _ = data.samples(net)
    probabilities = benchmark(build(net).predict, x[:1])
    assert probabilities.shape == (1, net.sizes[-1])

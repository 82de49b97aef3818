"""fanin's doctor: the suite of faults, on all processors, and what watching adds to a fit."""

import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from bench import data
from bench.cases import Net
from bench.doctor import OTHER, Recall, Watching
from bench.faults.run import GOOD
from bench.faults.score import score
from bench.faults.suite import Map, in_processes, outcomes
from bench.workers.fanin import build, fit
from bench.workers.serve import Task

PAIRS = 5  # of fits without and with watching, at least
STEPS = 96  # of a fit, at least: three pairs are watched


def recall(case: Recall, each: Map = in_processes) -> Iterator[Task]:
    """Counts on the half of the sets that no threshold was set on, and on the other half."""

    def counts(calibrated: bool) -> dict[str, int]:
        found = outcomes(case.faults, case.seeds, case.good_seeds, each=each)
        return score(found, case.faults[0] if len(case.faults) == 1 else GOOD, calibrated)._asdict()

    yield Task("recall", check=list, measure=lambda _: counts(False))
    yield Task("recall", column=OTHER, check=list, measure=lambda _: counts(True))


def watching(net: Net) -> Iterator[Task]:
    """Pairs of fits, whose weights must have the same bits."""
    x, y = data.samples(net)
    epochs = -(-STEPS // net.steps)

    def seconds(**options: bool) -> tuple[float, Any]:
        network = build(net)
        begin = time.perf_counter()
        fit(network, net, x, y, epochs=epochs, **options)
        return time.perf_counter() - begin, network.get_weights()

    def check() -> list[float]:
        (_, plain), (_, watched) = seconds(), seconds(diagnose=True)
        if any(plain[name].tobytes() != watched[name].tobytes() for name in plain):
            raise ValueError("watching changes the weights")
        return []

    def ratio(least: float) -> float:
        ratios, begin = [], time.perf_counter()
        while len(ratios) < PAIRS or time.perf_counter() - begin < least:
            first, second = ({}, {"diagnose": True}) if len(ratios) % 2 else ({"diagnose": True}, {})
            taken = {len(options): seconds(**options)[0] for options in (first, second)}
            ratios.append(taken[1] / taken[0])
        return median(ratios)

    yield Task("watching", check=check, measure=ratio)


def tasks(case: Recall | Watching) -> Iterator[Task]:
    yield from recall(case) if isinstance(case, Recall) else watching(case)

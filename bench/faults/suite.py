"""The whole suite, on all processors; outcomes are kept for later cases."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import Any

from bench.faults.run import GOOD, Outcome, run
from bench.faults.setups import NAMES

Key = tuple[str, str, int]  # set, fault and seed
Map = Callable[..., Any]
known: dict[Key, Outcome | None] = {}


@cache
def processes() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(os.cpu_count() or 1, multiprocessing.get_context("spawn"))


def in_processes(function: Callable[..., Any], *arguments: Sequence[Any]) -> Any:
    return processes().map(function, *arguments)


def outcomes(
    faults: Sequence[str],
    seeds: int,
    good_seeds: int,
    sets: Sequence[str] = NAMES,
    each: Map = in_processes,
) -> list[Outcome]:
    """Of the good fits, then of each fault where it applies."""
    keys = [(name, GOOD, seed) for name in sets for seed in range(good_seeds)]
    keys += [(name, fault, seed) for fault in faults for name in sets for seed in range(seeds)]
    new = [key for key in keys if key not in known]
    known.update(zip(new, each(run, *zip(*new, strict=True)) if new else (), strict=True))
    return [one for key in keys if (one := known[key]) is not None]

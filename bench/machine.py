"""What the machine can do at best, as measured by fanin_bench_limits."""

from __future__ import annotations

import itertools
import math
import timeit
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from bench import kept
from bench.report import EMPTY, Table, number

# what leaves wider instructions out: of AVX-512, and, on x86-64, of all that came after its first processors
NARROWER = {"avx512": ["-mno-avx512f", "-march=x86-64"], "avx2": ["-march=x86-64"]}
PASSES = {"triad": "a = b + s c", "update": "a = s a + b", "copy": "a = s b", "read": "sum of a"}
MIXES = {"update": ["triad", "update"], "copy": ["copy"], "read": ["read"]}
QUICK, FULL = ("0.004", "3"), ("0.02", "5")  # seconds of a trial, and how many


@dataclass(frozen=True)
class Limits:
    """The machine's limits on one number of threads: for float32 where nothing else is said.

    flops, flops64, roots
        floating-point operations a second at peak (a fused multiply-add is two), in either precision; square roots
        with a division a second
    bandwidths
        bytes a second by mix of reads and writes and by size of the working set: "update", the better of
        a = b + s c and a = s a + b; "copy", a = s b; "read", a sum
    effort
        that they were measured with
    """

    flops: float
    flops64: float
    roots: float
    bandwidths: dict[str, list[tuple[float, float]]]
    threads: int
    effort: tuple[str, str] = FULL

    def bandwidth(self, working_set: float, mix: str = "update") -> float:
        """Bytes a second for a working set of this many bytes, interpolated in its logarithm."""
        sizes = self.bandwidths[mix]
        if working_set <= sizes[0][0]:
            return sizes[0][1]
        for (below, low), (above, high) in itertools.pairwise(sizes):
            if working_set <= above:
                return low + (high - low) * math.log(working_set / below) / math.log(above / below)
        return sizes[-1][1]

    def update_bandwidth(self, weights: int, in_place: int) -> float:
        """Bytes a second of reading an array of so many weights and updating others in place."""
        return 1e9 * updates(self.effort, self.threads, weights)[in_place - 1]


@cache
def updates(effort: tuple[str, str], threads: int, weights: int) -> list[float]:
    """GB/s by the number of arrays in place."""
    measured: list[float] = kept.limits((str(weights), *effort, str(threads)))["teams"][0]
    return measured


def measure(thread_counts: list[int], quick: bool) -> dict[str, Any]:
    """The measurements as fanin_bench_limits prints them, with its widest instructions and with narrower ones."""
    numbers = [*(QUICK if quick else FULL), *map(str, thread_counts)]
    measured = kept.limits(("machine", *numbers))
    narrower = NARROWER.get(measured["instruction_set"], [])
    measured["narrower"] = [kept.limits(("arithmetic", *numbers), flag) for flag in narrower]
    x = np.ones(1, np.float32)
    measured["python_call_us"] = {
        name: 1e6 * min(timeit.repeat(call, number=20_000, repeat=10)) / 20_000
        for name, call in (
            ("of Python", lambda: None),
            ("of NumPy, on one number", lambda: np.negative(x, out=x)),
        )
    }
    return measured


def limits_by_threads(
    measured: dict[str, Any], quick: bool = False, instruction_set: str = ""
) -> dict[int, Limits]:
    """The limits on each number of threads, with the arithmetic of a narrower instruction set where one is named."""
    arithmetic = {
        run["instruction_set"]: {team["threads"]: team for team in run["teams"]}
        for run in [measured, *measured["narrower"]]
    }
    limits = {}
    for team in measured["teams"]:
        threads = team["threads"]
        of_set = arithmetic[instruction_set or measured["instruction_set"]][threads]
        limits[threads] = Limits(
            flops=1e9 * of_set["gflops"]["float32"],
            flops64=1e9 * of_set["gflops"]["float64"],
            roots=1e9 * of_set["root_and_divide"]["float32"],
            bandwidths={
                mix: [(row["bytes"], 1e9 * max(row[name] for name in passes)) for row in team["bandwidth"]]
                for mix, passes in MIXES.items()
            },
            threads=threads,
            effort=QUICK if quick else FULL,
        )
    return limits


def machine_tables(measured: dict[str, Any]) -> list[Table]:
    """Arithmetic and barrier by number of threads, a call from Python, bandwidth by working set."""
    teams, dtypes = measured["teams"], ("float32", "float64")
    titles = ["instructions", "threads", *(f"{dtype}, GFLOP/s" for dtype in dtypes)]
    titles += [*(f"{dtype} sqrt + div, 10^9/s" for dtype in dtypes), "barrier, us"]
    arithmetic = Table("Limits of the machine", titles)
    for run in [measured, *measured["narrower"]]:
        for team in run["teams"]:
            barrier = f"{team['barrier_us']:.3f}" if "barrier_us" in team else EMPTY
            cells = [number(team[what][dtype]) for what in ("gflops", "root_and_divide") for dtype in dtypes]
            arithmetic.rows.append([run["instruction_set"], str(team["threads"]), *cells, barrier])
    calls = [[name, f"{us:.3f}"] for name, us in measured["python_call_us"].items()]
    titles = [f"{formula}, threads {team['threads']}, GB/s" for team in teams for formula in PASSES.values()]
    by_size = [
        [f"{sizes[0]['bytes'] // 1024:,}", *(number(row[name]) for row in sizes for name in PASSES)]
        for sizes in zip(*(team["bandwidth"] for team in teams), strict=True)
    ]
    return [
        arithmetic,
        Table("A call from Python", ["call", "time, us"], calls),
        Table("Bandwidth by working set", ["working set, KiB", *titles], by_size),
    ]

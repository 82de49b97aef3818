"""What the machine can do at best, as measured by fanin_bench_limits."""

from __future__ import annotations

import itertools
import json
import math
import timeit
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.programs import limits_output

# what leaves wider instructions out: of AVX-512, and, on x86-64, of all that came after its first processors
WITHOUT_AVX512 = ["-mno-avx512f"]
FIRST_X86 = ["-march=x86-64"]
CALLS = 200_000
MIXES = {"update": ["triad", "update"], "copy": ["copy"], "read": ["read"]}


@dataclass(frozen=True)
class Limits:
    """The machine's limits on one number of threads: for float32 where nothing else is said.

    flops, roots
        floating-point operations a second at peak (a fused multiply-add is two); square roots with a division
        a second
    flops64
        the same operations a second in float64
    bandwidths
        bytes a second by mix of reads and writes and by size of the working set: "update", the better of
        a = b + s c and a = s a + b; "copy", a = s b; "read", a sum
    barrier
        seconds that a barrier takes
    threads
        their number
    """

    flops: float
    flops64: float
    roots: float
    bandwidths: dict[str, list[tuple[float, float]]]
    barrier: float
    threads: int = 0

    def bandwidth(self, working_set: float, mix: str = "update") -> float:
        """Bytes a second for a working set of this many bytes, interpolated in its logarithm."""
        sizes = self.bandwidths[mix]
        if working_set <= sizes[0][0]:
            return sizes[0][1]
        for (below, low), (above, high) in itertools.pairwise(sizes):
            if working_set <= above:
                return low + (high - low) * math.log(working_set / below) / math.log(above / below)
        return sizes[-1][1]


def measure(thread_counts: list[int], quick: bool) -> dict[str, Any]:
    """The measurements as fanin_bench_limits prints them."""
    arguments = [*(["--quick"] if quick else []), *map(str, thread_counts)]
    measured: dict[str, Any] = json.loads(limits_output(arguments))
    narrower = {"avx512": [WITHOUT_AVX512, FIRST_X86], "avx2": [FIRST_X86]}
    measured["narrower"] = [
        json.loads(limits_output(["--arithmetic", *arguments], flags))
        for flags in narrower.get(measured["instruction_set"], [])
    ]
    measured["python_call_us"] = python_calls()
    return measured


def python_calls() -> dict[str, float]:
    """Microseconds of the least that a call from Python costs: of one in Python, and of one of NumPy on one number."""

    def nothing() -> None:
        pass

    x = np.ones(1, np.float32)
    calls: dict[str, Callable[[], object]] = {
        "function": nothing,
        "array": lambda: np.negative(x, out=x),
    }
    return {
        name: 1e6 * min(timeit.repeat(call, number=CALLS // 10, repeat=10)) / (CALLS // 10)
        for name, call in calls.items()
    }


def narrower_limits(measured: dict[str, Any], instruction_set: str) -> dict[int, Limits]:
    """The limits with the arithmetic of a narrower instruction set; none where it was not measured."""
    wide = limits_by_threads(measured)
    return {
        team["threads"]: replace(
            wide[team["threads"]],
            flops=1e9 * team["gflops"]["float32"],
            flops64=1e9 * team["gflops"]["float64"],
            roots=1e9 * team["root_and_divide"]["float32"],
        )
        for narrow in measured.get("narrower", [])
        if narrow["instruction_set"] == instruction_set
        for team in narrow["teams"]
    }


def limits_by_threads(measured: dict[str, Any]) -> dict[int, Limits]:
    """The limits on each number of threads."""
    return {
        team["threads"]: Limits(
            flops=1e9 * team["gflops"]["float32"],
            flops64=1e9 * team["gflops"]["float64"],
            roots=1e9 * team["root_and_divide"]["float32"],
            bandwidths={
                mix: [(row["bytes"], 1e9 * max(row[name] for name in passes)) for row in team["bandwidth"]]
                for mix, passes in MIXES.items()
            },
            barrier=1e-6 * team["barrier_us"],
            threads=team["threads"],
        )
        for team in measured["teams"]
    }

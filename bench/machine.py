"""What the machine can do at best, as measured by fanin_bench_limits."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass
from typing import Any

from bench.programs import limits_output


@dataclass(frozen=True)
class Limits:
    """The machine's limits on one number of threads, for float32.

    flops, roots
        floating-point operations a second at peak (a fused multiply-add is two); square roots with a division
        a second
    bandwidths
        bytes a second by size of the working set, the better of a = b + s c and a = s a + c
    barrier
        seconds that a barrier takes
    threads
        their number
    """

    flops: float
    roots: float
    bandwidths: list[tuple[float, float]]
    barrier: float
    threads: int = 0

    def bandwidth(self, working_set: float) -> float:
        """Bytes a second for a working set of this many bytes, interpolated in its logarithm."""
        sizes = self.bandwidths
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
    return measured


def limits_by_threads(measured: dict[str, Any]) -> dict[int, Limits]:
    """The limits on each number of threads."""
    return {
        team["threads"]: Limits(
            flops=1e9 * team["gflops"]["float32"],
            roots=1e9 * team["root_and_divide"]["float32"],
            bandwidths=[(row["bytes"], 1e9 * max(row["triad"], row["update"])) for row in team["bandwidth"]],
            barrier=1e-6 * team["barrier_us"],
            threads=team["threads"],
        )
        for team in measured["teams"]
    }

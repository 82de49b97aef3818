"""What the machine can do at best, as measured by fanin_bench_limits."""

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
MIXES = {"update": ["triad", "update"], "copy": ["copy"], "read": ["read"]}  # of reads and writes
DTYPES = ("float32", "float64")


def effort(quick: bool) -> tuple[str, str]:
    """Seconds of a trial, and how many."""
    return ("0.004", "3") if quick else ("0.02", "5")


@cache
def updates(quick: bool, threads: int, weights: int) -> list[float]:
    """GB/s of reading an array of so many weights and updating others in place, by the number of others."""
    measured: list[float] = kept.limits((str(weights), *effort(quick), str(threads)))["teams"][0]
    return measured


@dataclass(frozen=True)
class Limits:
    """The machine's limits on one number of threads, as fanin_bench_limits prints them."""

    team: dict[str, Any]
    arithmetic: dict[str, Any]
    quick: bool

    def flops(self, dtype: str) -> float:
        """Floating-point operations a second at peak; a fused multiply-add is two."""
        return 1e9 * self.arithmetic["gflops"][dtype]

    @property
    def roots(self) -> float:
        """Square roots with a division a second in float32."""
        return 1e9 * self.arithmetic["root_and_divide"]["float32"]

    def bandwidth(self, working_set: float, mix: str) -> float:
        """Bytes a second for a working set of this many bytes, interpolated in its logarithm."""
        sizes = self.team["bandwidth"]
        best = [max(row[name] for name in MIXES[mix]) for row in sizes]
        return 1e9 * float(np.interp(np.log(working_set), np.log([row["bytes"] for row in sizes]), best))

    def update_bandwidth(self, weights: int, in_place: int) -> float:
        """Bytes a second of reading an array of so many weights and updating others in place."""
        return 1e9 * updates(self.quick, self.team["threads"], weights)[in_place - 1]


def measure(thread_counts: list[int], quick: bool) -> dict[str, Any]:
    """The measurements as fanin_bench_limits prints them, with its widest instructions and with narrower ones."""
    numbers = [*effort(quick), *map(str, thread_counts)]
    measured = kept.limits(("machine", *numbers))
    narrower = NARROWER.get(measured["instruction_set"], [])
    measured["narrower"] = [kept.limits(("arithmetic", *numbers), flag) for flag in narrower]
    x = np.ones(1, np.float32)
    calls = {"of Python": lambda: None, "of NumPy, on one number": lambda: np.negative(x, out=x)}
    measured["python_call_us"] = {
        name: 1e6 * min(timeit.repeat(call, number=20_000, repeat=10)) / 20_000
        for name, call in calls.items()
    }
    return measured


def limits_by_threads(measured: dict[str, Any], quick: bool, instruction_set: str) -> dict[int, Limits]:
    """The limits on each number of threads, with the arithmetic of a narrower instruction set where one is named."""
    runs = [measured, *measured["narrower"]]
    narrow = next(run for run in runs if run["instruction_set"] == instruction_set or not instruction_set)
    pairs = zip(measured["teams"], narrow["teams"], strict=True)
    return {team["threads"]: Limits(team, arithmetic, quick) for team, arithmetic in pairs}


def machine_tables(measured: dict[str, Any]) -> list[Table]:
    """Arithmetic and barrier by number of threads, a call from Python, bandwidth by working set."""
    arithmetic = [
        {"instructions": run["instruction_set"], "threads": team["threads"]}
        | {f"{dtype}, GFLOP/s": number(team["gflops"][dtype]) for dtype in DTYPES}
        | {f"{dtype} sqrt + div, 10^9/s": number(team["root_and_divide"][dtype]) for dtype in DTYPES}
        | {"barrier, us": f"{team['barrier_us']:.3f}" if "barrier_us" in team else EMPTY}
        for run in [measured, *measured["narrower"]]
        for team in run["teams"]
    ]
    calls = [{"call": name, "time, us": f"{us:.3f}"} for name, us in measured["python_call_us"].items()]
    bandwidth = [
        {"working set, KiB": f"{sizes[0]['bytes'] // 1024:,}"}
        | {
            f"{formula}, threads {team['threads']}, GB/s": number(size[name])
            for team, size in zip(measured["teams"], sizes, strict=True)
            for name, formula in PASSES.items()
        }
        for sizes in zip(*(team["bandwidth"] for team in measured["teams"]), strict=True)
    ]
    return [
        Table("Limits of the machine", arithmetic),
        Table("A call from Python", calls),
        Table("Bandwidth by working set", bandwidth),
    ]

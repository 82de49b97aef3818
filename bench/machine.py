"""What the machine can do at best: what fanin_bench_limits measures, kept for a day in the user's cache directory."""

import hashlib
import json
import os
import platform
import shutil
import time
import timeit
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bench.neighbours import Watch
from bench.programs import ROOT, SOURCES, limits_output
from bench.progress import say
from bench.report import EMPTY, Table, number

DAY = 24 * 60 * 60
DISTURBED = "other programs ran while the machine's limits were measured: they are not kept for the next run"
say_once = cache(say)

# what leaves wider instructions out: of AVX-512, and, on x86-64, of all that came after its first processors
NARROWER = {"avx512": ["-mno-avx512f", "-march=x86-64"], "avx2": ["-march=x86-64"]}
PASSES = {"triad": "a = b + s c", "update": "a = s a + b", "copy": "a = s b", "read": "sum of a"}
MIXES = {"update": ["triad", "update"], "copy": ["copy"], "read": ["read"]}  # of reads and writes
PEAKS = {f"{dtype}, GFLOP/s": ("gflops", dtype) for dtype in ("float32", "float64")}
PEAKS |= {f"{dtype} sqrt + div, 10^9/s": ("root_and_divide", dtype) for dtype in ("float32", "float64")}
CALLS = 20_000
# a trial's seconds, and how many, by whether the run is quick
EFFORT = {False: ("0.02", "5"), True: ("0.004", "3")}


def directory() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "fanin-bench")


def forget() -> None:
    """Have all measured again."""
    shutil.rmtree(directory(), ignore_errors=True)


def place(arguments: Sequence[str], flag: str) -> Path:
    """The file of one measurement, whose name is made of all that the result depends on."""
    model = platform.processor()
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line for line in lines if line.startswith("model name")), model)
    included = [ROOT / "cpp/kernels/simd.hpp", ROOT / "cpp/src/base/buffer.hpp"]
    sources = [path.read_text() for path in [*sorted(SOURCES.glob("*.?pp")), *included]]
    depends = [platform.node(), platform.machine(), model, os.cpu_count(), os.environ.get("CXX"), sources]
    digest = hashlib.sha256(json.dumps([*depends, *arguments, flag]).encode()).hexdigest()
    return directory() / f"limits-{digest[:16]}.json"


def kept(arguments: Sequence[str], flag: str = "") -> dict[str, Any]:
    """What fanin_bench_limits prints, compiled with a flag; measured where no file of the last day holds it."""
    path = place(arguments, flag)
    with suppress(OSError, ValueError, KeyError, TypeError):  # absent or damaged
        record = json.loads(path.read_text())
        if 0 <= time.time() - record["time"] < DAY:
            return dict(record["measured"])
    watch = Watch()
    measured: dict[str, Any] = json.loads(limits_output(arguments, flag))
    if watch.disturbed():
        say_once(DISTURBED)
    else:
        with suppress(OSError):  # without a cache the next run measures again
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"time": time.time(), "measured": measured}))
    return measured


@cache
def updates(quick: bool, threads: int, weights: int) -> list[float]:
    """GB/s of reading an array of so many weights and updating others in place, by the number of others less one."""
    measured: list[float] = kept((str(weights), *EFFORT[quick], str(threads)))["teams"][0]
    return measured


@dataclass(frozen=True)
class Limits:
    """The machine's limits on one number of threads, as measured: bandwidth, and arithmetic of an instruction set."""

    team: dict[str, Any]
    arithmetic: dict[str, Any]
    quick: bool

    def microseconds(
        self, moved: float, bandwidth: float, flops: float = 0, roots: float = 0, dtype: str = "float32"
    ) -> float:
        """The longest of moving bytes at some GB/s, operations, and roots with divisions, since they may overlap."""
        peak: float = self.arithmetic["gflops"][dtype]
        of_roots: float = self.arithmetic["root_and_divide"]["float32"]
        return 1e-3 * max(moved / bandwidth, flops / peak, roots / of_roots)

    def bandwidth(self, held: float, mix: str = "update") -> float:
        """GB/s for a working set of so many bytes, interpolated in its logarithm."""
        sizes = [row["bytes"] for row in self.team["bandwidth"]]
        best = [max(row[name] for name in MIXES[mix]) for row in self.team["bandwidth"]]
        return float(np.interp(np.log(held), np.log(sizes), best))

    def update_bandwidth(self, weights: int, in_place: int) -> float:
        return updates(self.quick, self.team["threads"], weights)[in_place - 1]


def measure(thread_counts: list[int], quick: bool) -> dict[str, Any]:
    """The measurements as fanin_bench_limits prints them, with its widest instructions and with narrower ones."""
    numbers = [*EFFORT[quick], *map(str, thread_counts)]
    measured = kept(("machine", *numbers))
    narrower = NARROWER.get(measured["instruction_set"], [])
    measured["narrower"] = [kept(("arithmetic", *numbers), flag) for flag in narrower]
    x = np.ones(1, np.float32)
    calls = {"of Python": lambda: None, "of NumPy, on one number": lambda: np.negative(x, out=x)}
    best = {name: min(timeit.repeat(call, number=CALLS, repeat=10)) for name, call in calls.items()}
    measured["python_call_us"] = {name: 1e6 * seconds / CALLS for name, seconds in best.items()}
    return measured


def limits_by_threads(measured: dict[str, Any], quick: bool, instruction_set: str) -> dict[int, Limits]:
    """The limits on each number of threads, with the arithmetic of a narrower instruction set where one is named."""
    if "teams" not in measured:
        return {}
    runs = {run["instruction_set"]: run["teams"] for run in [measured, *measured["narrower"]]}
    pairs = zip(measured["teams"], runs[instruction_set or measured["instruction_set"]], strict=True)
    return {team["threads"]: Limits(team, of_set, quick) for team, of_set in pairs}


def machine_tables(measured: dict[str, Any]) -> list[Table]:
    """Arithmetic and barrier by number of threads, a call from Python, bandwidth by working set."""
    arithmetic = []
    for run in [measured, *measured["narrower"]]:
        for team in run["teams"]:
            line = {"instructions": run["instruction_set"], "threads": team["threads"]}
            line |= {title: number(team[what][dtype]) for title, (what, dtype) in PEAKS.items()}
            arithmetic.append(
                line | {"barrier, us": f"{team['barrier_us']:.3f}" if "barrier_us" in team else EMPTY}
            )
    calls = [{"call": name, "time, us": f"{us:.3f}"} for name, us in measured["python_call_us"].items()]
    sizes: dict[int, dict[str, str]] = {}
    for team in measured["teams"]:
        for size in team["bandwidth"]:
            line = sizes.setdefault(size["bytes"], {"working set, KiB": f"{size['bytes'] // 1024:,}"})
            for name, formula in PASSES.items():
                line[f"{formula}, threads {team['threads']}, GB/s"] = number(size[name])
    return [
        Table("Limits of the machine", arithmetic),
        Table("A call from Python", calls),
        Table("Bandwidth by working set", list(sizes.values())),
    ]

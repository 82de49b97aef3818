"""Training beside others on the same processors: busy programs, and a second fit in the same process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

from bench.asked import Asked, asked_table
from bench.cases import NETS, Net
from bench.compare import Effort, Timing
from bench.group import Outcome
from bench.machine import Limits
from bench.pool import WorkerError, WorkerProcess
from bench.report import Table, time_cell

NEIGHBOURS_A_PROCESSOR = 2
MOST_SLOWDOWN = 6.0
MOST_TOGETHER = 1.3
MOST_OVER_ONE_THREAD = 1.15
# one program, as most neighbours are
NEIGHBOURS = {
    "that takes 3 of every 15 ms": """
import time
while True:
    start = time.perf_counter()
    while time.perf_counter() - start < 0.003:
        pass
    time.sleep(0.012)
""",
    "that never rests": "while True: pass",
}


@contextmanager
def beside(code: str, count: int = 1) -> Iterator[None]:
    """Run programs of this code meanwhile."""
    busy = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


class Sharing:
    """Fanin alone on all processors: an epoch quiet and beside busy programs, and two fits in two threads."""

    instruction_set = ""

    def run(
        self, limits: dict[int, Limits], effort: Effort, match: str, say: Callable[[str], None]
    ) -> Outcome:
        """Ratios of times, with the most that is asked."""
        outcome = Outcome("epochs")
        threads = max(limits)
        worker = WorkerProcess("sharing_fanin", threads, {})
        table = Table(
            "A step in an epoch, quiet and beside busy programs; two fits at once over one after the other",
            ["case", "threads", "quiet, us", "busy, us", "busy / quiet", "two fits"],
        )
        try:
            worker.greet()
            outcome.versions["fanin"] = worker.version
            for net in NETS:
                if match in net.name:
                    say(f"sharing: {net.name}, threads {threads}")
                    table.rows.append(self.row(net, worker, threads, effort, outcome))
        except WorkerError as error:
            outcome.problems.append(f"sharing: {error}")
        finally:
            worker.close()
        outcome.tables = [table, asked_table("Training beside others", outcome.asked)]
        return outcome

    def row(
        self, net: Net, worker: WorkerProcess, threads: int, effort: Effort, outcome: Outcome
    ) -> list[str]:
        """Rounds in turn: a quiet epoch, one beside busy programs, two fits after each other and at once."""
        worker.ask("prepare", asdict(net))
        quiet, busy, together = [], [], []
        short: dict[str, list[float]] = {name: [] for name in NEIGHBOURS}
        for _ in range(effort.rounds):
            quiet.append(worker.ask("epoch"))
            with beside(NEIGHBOURS["that never rests"], NEIGHBOURS_A_PROCESSOR * (os.cpu_count() or 1)):
                busy.append(worker.ask("epoch"))
            in_turn, at_once = worker.ask("two_fits")
            together.append(at_once / in_turn)
            for name, code in NEIGHBOURS.items():
                with beside(code):
                    team, one = worker.ask("short_fits")
                short[name].append(team / one)
        slowdown = statistics.median(busy) / statistics.median(quiet)
        ratio = statistics.median(together)
        outcome.asked += [
            Asked(f"{net.name}: busy over quiet", threads, slowdown, MOST_SLOWDOWN, "times"),
            Asked(f"{net.name}: two fits at once over in turn", threads, ratio, MOST_TOGETHER, "times"),
        ]
        outcome.asked += [
            Asked(
                f"{net.name}: fits of one epoch beside a program {name}, over one thread",
                threads,
                statistics.median(ratios),
                MOST_OVER_ONE_THREAD,
                "times",
            )
            for name, ratios in short.items()
        ]
        outcome.cases += [
            {"case": net.name, "threads": threads, "result": result, "microseconds": {"fanin": rounds}}
            for result, rounds in (("quiet", quiet), ("busy", busy))
        ]
        cells = [time_cell(Timing(quiet)), time_cell(Timing(busy))]
        return [net.name, str(threads), *cells, f"{slowdown:.2f}x", f"{ratio:.2f}x"]

"""Whether more threads help: every case of fanin on each number of threads, from the groups that were run."""

from __future__ import annotations

import statistics
from typing import Any

from bench.compare import Timing
from bench.report import Table, time_cell

# Slower than one thread by more than this is a mistake of the split.
ALLOWED = 1.05


def threads_tables(groups: dict[str, list[dict[str, Any]]]) -> list[Table]:
    """The times on one thread over those on the most, by case; those where threads hurt are told apart."""
    table = Table(
        "More threads", ["group", "result", "case", "1 thread, us", "threads", "us", "faster by", "verdict"]
    )
    for group, cases in groups.items():
        ours = {
            (case["result"], case["case"], case["threads"]): Timing(case["microseconds"]["fanin"])
            for case in cases
            if "fanin" in case["microseconds"]
        }
        for (result, name, threads), timing in ours.items():
            one = ours.get((result, name, 1))
            if threads > 1 and one is not None:
                table.rows.append([group, result, name, *comparison(one, threads, timing)])
    return [table] if table.rows else []


def comparison(one: Timing, threads: int, many: Timing) -> list[str]:
    """Cells of one case: slower only where the quickest rounds are, too, since a neighbour slows down a team most."""
    hurts = many.median > ALLOWED * one.median and min(many.rounds) > ALLOWED * min(one.rounds)
    speedup = statistics.median(one.rounds) / many.median
    return [
        time_cell(one),
        str(threads),
        time_cell(many),
        f"{speedup:.2f}x",
        "threads hurt" if hurts else "",
    ]

"""Whether more threads help: every case of fanin on each number of threads, from the groups that were run."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
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
        for result, name, threads, one, many in pairs(cases):
            table.rows.append([group, result, name, *comparison(one, threads, many)])
    return [table] if table.rows else []


def pairs(cases: list[dict[str, Any]]) -> Iterator[tuple[str, str, int, Timing, Timing]]:
    """Result, case and number of threads of fanin's cases, with the times on one thread and on those."""
    ours = {
        (case["result"], case["case"], case["threads"]): Timing(case["microseconds"]["fanin"])
        for case in cases
        if "fanin" in case["microseconds"]
    }
    for (result, name, threads), many in ours.items():
        one = ours.get((result, name, 1))
        if threads > 1 and one is not None:
            yield result, name, threads, one, many


def threads_hurt(one: Timing, many: Timing) -> bool:
    """Whether more threads are slower: in the quickest rounds, too, since a neighbour slows down a team most."""
    return many.median > ALLOWED * one.median and min(many.rounds) > ALLOWED * min(one.rounds)


def comparison(one: Timing, threads: int, many: Timing) -> list[str]:
    """Cells of one case."""
    speedup = statistics.median(one.rounds) / many.median
    return [
        time_cell(one),
        str(threads),
        time_cell(many),
        f"{speedup:.2f}x",
        "threads hurt" if threads_hurt(one, many) else "",
    ]

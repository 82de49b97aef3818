"""What differs between two runs, or between one thread and more, and whether it is more than noise."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bench.neighbours import VOID
from bench.record import Row, Timing, groups
from bench.report import EMPTY, Table, case_cell, note_of, tabulated, timing_cell

ENOUGH_ROUNDS = 3
ALLOWED = 1.05  # slower than one thread by more than this is a mistake of the split


def beyond_noise(old: Timing, new: Timing) -> bool:
    """Whether the medians are further apart than both spreads together."""
    if min(len(old.rounds), len(new.rounds)) < ENOUGH_ROUNDS:
        return False
    return abs(new.median - old.median) > old.spread * old.median + new.spread * new.median


def change_cell(ratio: float) -> str:
    """New time over old as a change in per cent, below 0 where it is faster; a dash where it is unknown."""
    return f"{100 * (ratio - 1):+.1f}" if ratio else EMPTY


def verdict_cell(old: Row, new: Row) -> str:
    """What the change is, where it is beyond the noise."""
    if not beyond_noise(old.times["fanin"], new.times["fanin"]):
        return EMPTY
    if old.disturbed or new.disturbed:
        return VOID
    return "faster" if new.ours < old.ours else "slower"


def peers_change(old: Row, new: Row) -> float:
    """The median of the new times of peers over their old ones, 0 where none has both."""
    both = [name for name in new.times if name in old.times and not name.startswith("fanin")]
    return statistics.median(new.times[name].median / old.times[name].median for name in both) if both else 0


def change_tables(old: dict[str, Any], new: dict[str, Any]) -> list[Table]:
    """A table for each result that both runs timed with fanin."""
    pairs: dict[str, list[tuple[Row, Row]]] = {}
    before = {(name, row.result, row.case, row.threads): row for name, rows in groups(old) for row in rows}
    for name, rows in groups(new):
        for row in rows:
            then = before.get((name, row.result, row.case, row.threads))
            if then and row.unit == "us" and "fanin" in then.times and "fanin" in row.times:
                pairs.setdefault(f"Changes in {name}, {row.result}", []).append((then, row))
    return [change_table(heading, of_result) for heading, of_result in pairs.items()]


def mean_change(ratios: Sequence[float]) -> str:
    return change_cell(statistics.geometric_mean(ratios) if ratios else 0)


def change_table(heading: str, pairs: Sequence[tuple[Row, Row]]) -> Table:
    """The rows of both; the last one holds geometric means."""
    columns: dict[str, Callable[[tuple[Row, Row]], str]] = {
        "case": lambda pair: case_cell(pair[1]),
        "threads": lambda pair: str(pair[1].threads),
        "old, us": lambda pair: timing_cell(pair[0].times["fanin"]),
        "new, us": lambda pair: timing_cell(pair[1].times["fanin"]),
        "change, %": lambda pair: change_cell(pair[1].ours / pair[0].ours),
        "beyond noise": lambda pair: verdict_cell(*pair),
        "peers, %": lambda pair: change_cell(peers_change(*pair)),
    }
    table = tabulated(heading, columns, pairs, note_of([row for pair in pairs for row in pair]))
    if len(pairs) > 1:
        ours = mean_change([new.ours / old.ours for old, new in pairs])
        theirs = mean_change([change for pair in pairs if (change := peers_change(*pair))])
        table.rows.append(["geometric mean", "", "", "", ours, EMPTY, theirs])
    return table


def other_machine(old: dict[str, Any], new: dict[str, Any]) -> str:
    """A message if the two runs are from different machines, else nothing."""
    of = [
        f"{run['machine']['instruction_set']} on {run['machine']['processors']} processors"
        for run in (old, new)
    ]
    return f"the runs are from different machines: {', '.join(of)}" if of[0] != of[1] else ""


def on_more_threads(of_group: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
    """Fanin's rows on one thread, each with the same on more."""
    timed = [row for row in of_group if "fanin" in row.times and row.unit == "us" and row.result != "added"]
    ones = {(row.case, row.result): row for row in timed if row.threads == 1}
    for row in timed:
        if row.threads > 1 and (row.case, row.result) in ones:
            yield ones[row.case, row.result], row


def threads_hurt(one: Row, many: Row) -> bool:
    """Whether more threads are slower: in the quickest rounds, too, since other programs slow down a team most."""
    quickest = [min(row.times["fanin"].rounds) for row in (one, many)]
    return many.ours > ALLOWED * one.ours and quickest[1] > ALLOWED * quickest[0]


def threads_verdict(one: Row, many: Row) -> str:
    verdict = VOID if one.disturbed or many.disturbed else "threads hurt"
    return verdict if threads_hurt(one, many) else ""


def threads_tables(run: dict[str, Any]) -> list[Table]:
    """Every case of fanin on one thread and on more."""
    columns: dict[str, Callable[[tuple[str, Row, Row]], str]] = {
        "group": lambda item: item[0],
        "result": lambda item: item[1].result,
        "case": lambda item: case_cell(item[2]),
        "1 thread, us": lambda item: timing_cell(item[1].times["fanin"]),
        "threads": lambda item: str(item[2].threads),
        "more, us": lambda item: timing_cell(item[2].times["fanin"]),
        "faster by, times": lambda item: f"{item[1].ours / item[2].ours:.2f}",
        "verdict": lambda item: threads_verdict(*item[1:]),
    }
    items = [(name, *pair) for name, rows in groups(run) for pair in on_more_threads(rows)]
    note = note_of([row for _, one, many in items for row in (one, many)])
    return [tabulated("More threads", columns, items, note)] if items else []

"""What differs between two runs, or between one thread and more, and whether it is more than noise."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from bench.neighbours import VOID
from bench.record import Row, Timing, groups
from bench.report import EMPTY, Table, case_cell, note_of, timing_cell

ENOUGH_ROUNDS = 3
ALLOWED = 1.05  # slower than one thread by more than this is a mistake of the split


def beyond_noise(old: Timing, new: Timing) -> bool:
    """Whether the medians are further apart than both spreads together."""
    if min(len(old.rounds), len(new.rounds)) < ENOUGH_ROUNDS:
        return False
    return abs(new.median - old.median) > old.spread * old.median + new.spread * new.median


def change_cell(ratio: float) -> str:
    """New time over old as a change in per cent: below 0 is faster."""
    return f"{100 * (ratio - 1):+.1f}"


def verdict_cell(old: Row, new: Row) -> str:
    """What the change is, where it is beyond the noise."""
    if not beyond_noise(old.times["fanin"], new.times["fanin"]):
        return EMPTY
    if old.disturbed or new.disturbed:
        return VOID
    return "faster" if new.ours < old.ours else "slower"


def change_tables(old: dict[str, Any], new: dict[str, Any]) -> list[Table]:
    """A table for each result that both runs timed with fanin."""
    before = {
        (name, row.result, row.case, row.threads): row for name, of_group in groups(old) for row in of_group
    }
    tables = []
    for name, of_group in groups(new):
        for result in dict.fromkeys(row.result for row in of_group if row.unit == "us"):
            both = [
                (before[key], row)
                for row in of_group
                if row.result == result and (key := (name, result, row.case, row.threads)) in before
            ]
            both = [pair for pair in both if all("fanin" in row.times for row in pair)]
            if both:
                tables.append(change_table(f"Changes in {name}, {result}", both))
    return tables


def change_table(heading: str, both: Sequence[tuple[Row, Row]]) -> Table:
    """The rows of both; the last one holds geometric means."""
    columns = ["case", "threads", "old, us", "new, us", "change, %", "beyond noise", "peers, %"]
    table = Table(heading, columns, note=note_of([row for pair in both for row in pair]))
    changes: list[float] = []
    of_peers: list[float] = []
    for old, new in both:
        peers = [
            new.times[column].median / timing.median
            for column, timing in old.times.items()
            if column in new.times and not column.startswith("fanin")
        ]
        changes.append(new.ours / old.ours)
        of_peers += [statistics.median(peers)] if peers else []
        table.rows.append(
            [
                case_cell(new),
                str(new.threads),
                timing_cell(old.times["fanin"]),
                timing_cell(new.times["fanin"]),
                change_cell(changes[-1]),
                verdict_cell(old, new),
                change_cell(of_peers[-1]) if peers else EMPTY,
            ]
        )
    if len(both) > 1:
        ours, theirs = (
            change_cell(statistics.geometric_mean(ratios)) if ratios else EMPTY
            for ratios in (changes, of_peers)
        )
        table.rows.append(["geometric mean", "", "", "", ours, EMPTY, theirs])
    return table


def other_machine(old: dict[str, Any], new: dict[str, Any]) -> str:
    """A sentence where the two runs are from different machines, else nothing."""
    machines = [
        f"{run['machine']['instruction_set']} on {run['machine']['processors']} processors"
        for run in (old, new)
    ]
    return (
        "" if machines[0] == machines[1] else f"the runs are from different machines: {', '.join(machines)}"
    )


def pairs(of_group: Sequence[Row]) -> Iterator[tuple[Row, Row]]:
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


def threads_tables(run: dict[str, Any]) -> list[Table]:
    """Every case of fanin on one thread and on more."""
    columns = [
        "group",
        "result",
        "case",
        "1 thread, us",
        "threads",
        "more, us",
        "faster by, times",
        "verdict",
    ]
    table = Table("More threads", columns)
    for name, of_group in groups(run):
        for one, many in pairs(of_group):
            verdict = VOID if one.disturbed or many.disturbed else "threads hurt"
            table.rows.append(
                [
                    name,
                    one.result,
                    case_cell(many),
                    timing_cell(one.times["fanin"]),
                    str(many.threads),
                    timing_cell(many.times["fanin"]),
                    f"{one.ours / many.ours:.2f}",
                    verdict if threads_hurt(one, many) else "",
                ]
            )
    table.note = note_of([row for _, of_group in groups(run) for row in of_group])
    return [table] if table.rows else []

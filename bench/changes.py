"""What differs between two runs, or between one thread and more, and whether it is more than noise."""

from collections.abc import Iterator, Sequence
from statistics import geometric_mean, median
from typing import Any

from bench.neighbours import VOID
from bench.report import EMPTY, Row, Table, case_cell, groups, note_of, spread, timing_cell

ENOUGH_ROUNDS = 3
ALLOWED = 1.05  # slower than one thread by more than this is a mistake of the split


def verdict_cell(old: Row, new: Row) -> str:
    """What the change is, where the medians are further apart than both spreads together."""
    rounds = [row.times["fanin"] for row in (old, new)]
    if min(map(len, rounds)) < ENOUGH_ROUNDS or abs(new.ours - old.ours) <= sum(map(spread, rounds)):
        return EMPTY
    if old.disturbed or new.disturbed:
        return VOID
    return "faster" if new.ours < old.ours else "slower"


def peers_change(old: Row, new: Row) -> list[float]:
    """The median of the new times of peers over their old ones, if any has both."""
    ratios = [median(new.peers[name]) / median(old.peers[name]) for name in new.peers if name in old.peers]
    return [median(ratios)] if ratios else []


def change_cell(ratios: Sequence[float]) -> str:
    """The mean of new times over old as a change in per cent, below 0 where they are faster."""
    return f"{100 * (geometric_mean(ratios) - 1):+.1f}" if ratios else EMPTY


def change_table(heading: str, pairs: Sequence[tuple[Row, Row]]) -> Table:
    """The rows of both; the last one holds geometric means."""
    lines = [
        {
            "case": case_cell(new),
            "threads": new.threads,
            "old, us": timing_cell(old.times["fanin"]),
            "new, us": timing_cell(new.times["fanin"]),
            "change, %": change_cell([new.ours / old.ours]),
            "beyond noise": verdict_cell(old, new),
            "peers, %": change_cell(peers_change(old, new)),
        }
        for old, new in pairs
    ]
    if len(pairs) > 1:
        ours = change_cell([new.ours / old.ours for old, new in pairs])
        peers = change_cell([change for pair in pairs for change in peers_change(*pair)])
        lines.append({"case": "geometric mean", "change, %": ours, "beyond noise": EMPTY, "peers, %": peers})
    return Table(heading, lines, note_of([row for pair in pairs for row in pair]))


def timed(run: dict[str, Any]) -> dict[tuple[str, str, str, int], Row]:
    """The rows with a time of fanin, by group, result, case and threads."""
    every = ((name, row) for name, rows in groups(run).items() for row in rows)
    return {(name, *row.key()): row for name, row in every if "fanin" in row.times and row.unit == "us"}


def change_tables(old: dict[str, Any], new: dict[str, Any]) -> list[Table]:
    """A table for each result that both runs timed with fanin."""
    before = timed(old)
    pairs: dict[str, list[tuple[Row, Row]]] = {}
    for key, row in timed(new).items():
        if key in before:
            pairs.setdefault(f"Changes in {key[0]}, {row.result}", []).append((before[key], row))
    return [change_table(heading, of_result) for heading, of_result in pairs.items()]


def other_machine(old: dict[str, Any], new: dict[str, Any]) -> str:
    """A message if the two runs are from different machines, else nothing."""
    both = (old["machine"], new["machine"])
    names = [f"{of['instruction_set']} on {of['processors']} processors" for of in both]
    return f"the runs are from different machines: {', '.join(names)}" if names[0] != names[1] else ""


def on_more_threads(run: dict[str, Any]) -> Iterator[tuple[str, Row, Row]]:
    """Groups with fanin's rows on one thread, each with the same on more."""
    known = timed(run)
    for (name, result, case, threads), row in known.items():
        one = known.get((name, result, case, 1))
        if one and threads > 1 and result != "added":
            yield name, one, row


def threads_hurt(one: Row, many: Row) -> bool:
    """Whether more threads are slower: in the quickest rounds, too, since other programs slow down a team most."""
    quickest = [min(row.times["fanin"]) for row in (one, many)]
    return many.ours > ALLOWED * one.ours and quickest[1] > ALLOWED * quickest[0]


def threads_tables(run: dict[str, Any]) -> list[Table]:
    """Every case of fanin on one thread and on more."""
    lines, rows = [], []
    for name, one, many in on_more_threads(run):
        verdict = VOID if one.disturbed or many.disturbed else "threads hurt"
        rows += [one, many]
        lines.append(
            {
                "group": name,
                "result": one.result,
                "case": case_cell(many),
                "1 thread, us": timing_cell(one.times["fanin"]),
                "threads": many.threads,
                "more, us": timing_cell(many.times["fanin"]),
                "faster by, times": f"{one.ours / many.ours:.2f}",
                "verdict": verdict if threads_hurt(one, many) else "",
            }
        )
    return [Table("More threads", lines, note_of(rows))] if lines else []

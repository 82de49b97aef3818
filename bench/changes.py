"""What changed between two runs, and whether it is more than noise."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from bench.compare import Timing, of_peers
from bench.record import groups
from bench.report import EMPTY, Table, time_cell

ENOUGH_ROUNDS = 3

Key = tuple[str, int]
Columns = dict[str, Timing]


def beyond_noise(old: Timing, new: Timing) -> bool:
    """Whether the medians are further apart than both spreads together."""
    if min(len(old.rounds), len(new.rounds)) < ENOUGH_ROUNDS:
        return False
    noise = old.spread * old.median + new.spread * new.median
    return abs(new.median - old.median) > noise


def change_cell(ratio: float) -> str:
    """New time over old as a change in per cent: below 0 is faster."""
    return f"{100 * (ratio - 1):+.1f}%"


def verdict_cell(old: Timing, new: Timing) -> str:
    """What the change is, where it is beyond the noise."""
    if not beyond_noise(old, new):
        return EMPTY
    return "faster" if new.median < old.median else "slower"


def results(group: dict[str, Any]) -> dict[str, dict[Key, Columns]]:
    """The timings of a group by result, case with threads, and column."""
    found: dict[str, dict[Key, Columns]] = {}
    for case in group["cases"]:
        columns = {column: Timing(rounds) for column, rounds in case["microseconds"].items()}
        found.setdefault(case["result"], {})[case["case"], case["threads"]] = columns
    return found


def change_tables(old: dict[str, Any], new: dict[str, Any]) -> list[Table]:
    """A table for each result that both runs timed with fanin."""
    before, tables = groups(old), []
    for name, group in groups(new).items():
        if name not in before:
            continue
        timings = results(before[name])
        for result, cases in results(group).items():
            table = change_table(f"Changes in {name}, {result}", timings.get(result, {}), cases)
            if table.rows:
                tables.append(table)
    return tables


def change_table(heading: str, old: dict[Key, Columns], new: dict[Key, Columns]) -> Table:
    """The cases of both; the last row holds geometric means."""
    table = Table(heading, ["case", "threads", "old, us", "new, us", "change", "beyond noise", "peers"])
    ours: list[float] = []
    theirs: list[float] = []
    for key, columns in new.items():
        ratios = dict(common_ratios(old.get(key, {}), columns))
        if "fanin" not in ratios:
            continue
        ours.append(ratios["fanin"])
        peers = of_peers(ratios)
        if peers:
            theirs.append(statistics.median(peers))
        before, after = old[key]["fanin"], columns["fanin"]
        table.rows.append(
            [
                key[0],
                str(key[1]),
                time_cell(before),
                time_cell(after),
                change_cell(ours[-1]),
                verdict_cell(before, after),
                change_cell(theirs[-1]) if peers else EMPTY,
            ]
        )
    if len(ours) > 1:
        means = [
            change_cell(statistics.geometric_mean(ratios)) if ratios else EMPTY for ratios in (ours, theirs)
        ]
        table.rows.append(["geometric mean", "", "", "", means[0], EMPTY, means[1]])
    return table


def common_ratios(old: Columns, new: Columns) -> Iterator[tuple[str, float]]:
    """New median over old for each column that both have."""
    for column, timing in new.items():
        if column in old:
            yield column, timing.median / old[column].median


def other_machine(old: dict[str, Any], new: dict[str, Any]) -> str:
    """A sentence where the two runs are from different machines, else nothing."""
    told = [
        f"{run['machine']['instruction_set']} on {run['machine']['processors']} processors"
        for run in (old, new)
    ]
    return "" if told[0] == told[1] else f"the runs are from different machines: {told[0]}, {told[1]}"

"""Updates inside the blocks of the weight gradient beside updates after the whole gradient has been written."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bench.record import Row
from bench.report import EMPTY, Table, case_cell, note_of, number, timing_cell


def added(rounds: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, list[float]]]:
    """What a fused update adds to a step without one."""
    step, gradients = (rounds.get(result, {}).get("fanin") for result in ("step", "gradients"))
    if not step or not gradients:
        return {}
    return {"added": {"fanin": [statistics.median(step) - statistics.median(gradients)]}}


def fused_tables(rows: Sequence[Row]) -> list[Table]:
    """A row for each net, rule and number of threads."""
    table = Table(
        "Updates fused into the weight gradient, and flat after it",
        [
            "case",
            "threads",
            "fused, us",
            "flat, us",
            "flat / fused, times",
            "no update, us",
            "fused adds, us",
            "may add, us",
        ],
        note=note_of(rows),
    )
    found = {(row.case, row.threads, row.result): row for row in rows}
    for (case, threads, result), row in found.items():
        if result == "added":
            step = found[case, threads, "step"]
            flat = step.times.get("flat")
            table.rows.append(
                [
                    case_cell(row),
                    str(threads),
                    timing_cell(step.times["fanin"]),
                    timing_cell(flat),
                    f"{flat.median / step.ours:.2f}" if flat else EMPTY,
                    timing_cell(found[case, threads, "gradients"].times["fanin"]),
                    number(row.ours),
                    number(row.limit) if row.limit else EMPTY,
                ]
            )
    return [table]

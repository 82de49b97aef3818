"""Updates inside the blocks of the weight gradient beside updates after the whole gradient has been written."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from bench.record import Row, Timing
from bench.report import EMPTY, Table, case_cell, note_of, number, ratio_cell, tabulated, timing_cell


def added(rounds: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, list[float]]]:
    """What a fused update adds to a step without one."""
    step, gradients = (rounds.get(result, {}).get("fanin") for result in ("step", "gradients"))
    if not step or not gradients:
        return {}
    return {"added": {"fanin": [statistics.median(step) - statistics.median(gradients)]}}


def fused_tables(rows: Sequence[Row]) -> list[Table]:
    """A row for each net, rule and number of threads: what fused updates add, with the steps it is made of."""
    found = {(row.case, row.threads, row.result): row for row in rows}

    def timing(row: Row, result: str, column: str = "fanin") -> Timing | None:
        return found[row.case, row.threads, result].times.get(column)

    def ratio(row: Row) -> float:
        flat, fused = timing(row, "step", "flat"), timing(row, "step")
        return flat.median / fused.median if flat and fused else 0

    columns: dict[str, Callable[[Row], str]] = {
        "case": case_cell,
        "threads": lambda row: str(row.threads),
        "fused, us": lambda row: timing_cell(timing(row, "step")),
        "flat, us": lambda row: timing_cell(timing(row, "step", "flat")),
        "flat / fused, times": lambda row: ratio_cell(ratio(row)),
        "no update, us": lambda row: timing_cell(timing(row, "gradients")),
        "fused adds, us": lambda row: number(row.ours),
        "may add, us": lambda row: EMPTY if row.limit is None else number(row.limit),
    }
    heading = "Updates fused into the weight gradient, and flat after it"
    return [tabulated(heading, columns, [row for row in rows if row.result == "added"], note_of(rows))]

"""Tables as text and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bench.compare import Timing

EMPTY = "-"


@dataclass
class Table:
    """A heading, the titles of the columns and the rows of cells."""

    heading: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)

    def without_empty_columns(self) -> Table:
        """The same without the columns of libraries that took no part."""
        kept = [i for i in range(len(self.columns)) if any(row[i] != EMPTY for row in self.rows)]
        return Table(
            self.heading, [self.columns[i] for i in kept], [[row[i] for i in kept] for row in self.rows]
        )

    def text(self) -> str:
        """Aligned columns: the first to the left, the others to the right."""
        widths = [max(map(len, cells)) for cells in zip(self.columns, *self.rows, strict=True)]
        lines = []
        for cells in [self.columns, *self.rows]:
            first, *others = (
                cell.rjust(width) if i else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
            )
            lines.append("  ".join([first, *others]).rstrip())
        return "\n".join([self.heading, *lines, ""])

    def markdown(self) -> str:
        """A section with a Markdown table."""
        rule = ["---", *["---:"] * (len(self.columns) - 1)]
        lines = ["| " + " | ".join(cells) + " |" for cells in [self.columns, rule, *self.rows]]
        return "\n".join([f"## {self.heading}", "", *lines, ""])


def number(x: float) -> str:
    """Three significant digits, without an exponent."""
    if abs(x) >= 100:
        return f"{x:,.0f}"
    return f"{x:.1f}" if abs(x) >= 10 else f"{x:.2f}"


def time_cell(timing: Timing | None) -> str:
    """The median in microseconds and the spread, or a dash for what was not timed."""
    if timing is None:
        return EMPTY
    return f"{number(timing.median)} ±{100 * timing.spread:.0f}%"


def ratio_cell(ours: Timing | None, peers: list[Timing]) -> str:
    """How many times as long the best peer takes: above 1, fanin is faster."""
    if ours is None or not peers:
        return EMPTY
    return f"{min(peer.median for peer in peers) / ours.median:.2f}x"


def rate_cell(ours: Timing | None, work: float) -> str:
    """The work of fanin a nanosecond."""
    return EMPTY if ours is None else number(1e-3 * work / ours.median)


def limit_cells(ours: Timing | None, limit_seconds: float) -> list[str]:
    """The limit in microseconds, and the fraction of it that fanin reaches."""
    limit = 1e6 * limit_seconds
    return [number(limit), EMPTY if ours is None else f"{limit / ours.median:.2f}"]


def machine_tables(measured: dict[str, Any]) -> list[Table]:
    """The limits of the machine: arithmetic and barrier by number of threads, bandwidth by working set."""
    teams = measured["teams"]
    arithmetic = Table(
        "Limits of the machine",
        [
            "instructions",
            "threads",
            "GFLOP/s float32",
            "float64",
            "sqrt + div, 10^9/s float32",
            "float64",
            "barrier, us",
        ],
        [
            [
                run["instruction_set"],
                str(team["threads"]),
                *(number(team["gflops"][dtype]) for dtype in ("float32", "float64")),
                *(number(team["root_and_divide"][dtype]) for dtype in ("float32", "float64")),
                f"{team['barrier_us']:.3f}" if "barrier_us" in team else EMPTY,
            ]
            for run in [measured, *measured.get("narrower", [])]
            for team in run["teams"]
        ],
    )
    calls = measured.get("python_call_us", {})
    names = {"function": "a function of Python", "array": "NumPy, on one number"}
    python = Table(
        "A call from Python", ["call", "us"], [[names[name], f"{us:.3f}"] for name, us in calls.items()]
    )
    passes = {"triad": "a = b + s c", "update": "a = s a + b", "copy": "a = s b", "read": "sum of a"}
    bandwidth = Table(
        "Bandwidth by working set, GB/s",
        ["KiB", *(f"{formula}, threads {team['threads']}" for team in teams for formula in passes.values())],
        [
            [
                f"{rows[0]['bytes'] // 1024:,}",
                *(number(row[name]) for row in rows for name in passes),
            ]
            for rows in zip(*(team["bandwidth"] for team in teams), strict=True)
        ],
    )
    return [arithmetic, *([python] if calls else []), bandwidth]

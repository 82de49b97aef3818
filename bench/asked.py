"""What is asked of fanin, beside what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.report import Table, number


@dataclass(frozen=True)
class Asked:
    """A bound on a measured number.

    what, threads
        the case; threads it ran on
    measured, asked, unit
        the number, its bound, and what both are in
    at_least
        whether the bound is from below
    """

    what: str
    threads: int
    measured: float
    asked: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.measured >= self.asked if self.at_least else self.measured <= self.asked

    def plain(self) -> dict[str, Any]:
        """For the record of a run."""
        return {**asdict(self), "met": self.met}


def asked_table(heading: str, rows: Sequence[Asked]) -> Table:
    """A row for each bound."""
    table = Table(heading, ["case", "threads", "measured", "asked", "unit", "verdict"])
    for row in rows:
        bound = f"{'at least' if row.at_least else 'at most'} {number(row.asked)}"
        table.rows.append(
            [
                row.what,
                str(row.threads),
                number(row.measured),
                bound,
                row.unit,
                "met" if row.met else "missed",
            ]
        )
    return table

"""Tables as text and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.neighbours import VOID
from bench.record import Row, Timing

EMPTY = "-"


@dataclass
class Table:
    """A heading, the titles of the columns with their units, the rows of cells, and what is said beneath."""

    heading: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    note: str = ""

    def text(self) -> str:
        """Aligned columns: the first to the left, the others to the right."""
        widths = [max(map(len, cells)) for cells in zip(self.columns, *self.rows, strict=True)]
        lines = [
            "  ".join(
                cell.rjust(width) if i else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
            ).rstrip()
            for cells in [self.columns, *self.rows]
        ]
        return "\n".join([self.heading, *lines, *([self.note] if self.note else []), ""])

    def markdown(self) -> str:
        """A section with a Markdown table."""
        rule = ["---", *["---:"] * (len(self.columns) - 1)]
        lines = ["| " + " | ".join(cells) + " |" for cells in [self.columns, rule, *self.rows]]
        return "\n".join([f"## {self.heading}", "", *lines, "", *([self.note, ""] if self.note else [])])


def number(x: float) -> str:
    """Three significant digits, without an exponent."""
    if abs(x) >= 100:
        return f"{x:,.0f}"
    return f"{x:.1f}" if abs(x) >= 10 else f"{x:.2f}"


def timing_cell(timing: Timing | None) -> str:
    """The median and the spread, or a dash for what was not timed."""
    return EMPTY if timing is None else f"{number(timing.median)} ±{100 * timing.spread:.0f}%"


def note_of(rows: Sequence[Row]) -> str:
    """A sentence where other programs ran beside some of these rows."""
    count = len({(row.case, row.threads) for row in rows if row.disturbed})
    cases = len({(row.case, row.threads) for row in rows})
    return f"{VOID} beside {count} of {cases} cases, marked with *" if count else ""


def case_cell(row: Row) -> str:
    """Its name, marked where other programs ran."""
    return row.case + (" *" if row.disturbed else "")


def result_tables(rows: Sequence[Row], headings: Mapping[str, str], rate: str) -> list[Table]:
    """One table a result: the times of all libraries, the best peer's beside fanin's, the rate, and the limit."""
    tables = []
    for result, heading in headings.items():
        chosen = [row for row in rows if row.result == result]
        if not (heading and chosen):
            continue
        columns = list(dict.fromkeys(column for row in chosen for column in row.times))
        against = any(row.over() and row.unit == "us" for row in chosen)
        rated = rate and any(row.work for row in chosen)
        limited = any(row.limit and row.unit == "us" for row in chosen)
        unit = chosen[0].unit
        table = Table(
            heading,
            [
                "case",
                "threads",
                *(f"{column}, {unit}" for column in columns),
                *(["best peer / fanin, times"] if against else []),
                *([f"fanin, {rate}"] if rated else []),
                *([f"limit, {unit}", "reached, of the limit"] if limited else []),
            ],
            note=note_of(chosen),
        )
        for row in chosen:
            timed = "fanin" in row.times
            table.rows.append(
                [
                    case_cell(row),
                    str(row.threads),
                    *(timing_cell(row.times.get(column)) for column in columns),
                    *([f"{row.over():.2f}" if row.over() else EMPTY] if against else []),
                    *([number(1e-3 * row.work / row.ours) if timed else EMPTY] if rated else []),
                    *([number(row.limit), f"{row.fraction:.2f}" if timed else EMPTY] if limited else []),
                ]
            )
        tables.append(table)
    return tables

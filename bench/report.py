"""Tables as text and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
    """A message if other programs ran beside some of these rows."""
    count = len({(row.case, row.threads) for row in rows if row.disturbed})
    cases = len({(row.case, row.threads) for row in rows})
    return f"{VOID} beside {count} of {cases} cases, marked with *" if count else ""


def timing_of(column: str) -> Callable[[Row], str]:
    return lambda row: timing_cell(row.times.get(column))


def case_cell(row: Row) -> str:
    """Its name, marked where other programs ran."""
    return row.case + (" *" if row.disturbed else "")


def tabulated(
    heading: str, columns: Mapping[str, Callable[[Any], str]], items: Iterable[Any], note: str = ""
) -> Table:
    """A table with a row for each item: what the columns make of it."""
    return Table(heading, list(columns), [[cell(item) for cell in columns.values()] for item in items], note)


def ratio_cell(ratio: float) -> str:
    """A ratio, or a dash where it is unknown."""
    return f"{ratio:.2f}" if ratio else EMPTY


def result_tables(rows: Sequence[Row], headings: Mapping[str, str], rate: str) -> list[Table]:
    """One table a result: the times of all libraries, the best peer's beside fanin's, the rate, and the limit."""
    tables = []
    for result, heading in headings.items():
        chosen = [row for row in rows if row.result == result]
        if not (heading and chosen):
            continue
        unit = chosen[0].unit
        columns: dict[str, Callable[[Row], str]] = {
            "case": case_cell,
            "threads": lambda row: str(row.threads),
        }
        for column in dict.fromkeys(column for row in chosen for column in row.times):
            columns[f"{column}, {unit}"] = timing_of(column)
        if unit == "us" and any(row.over() for row in chosen):
            columns["best peer / fanin, times"] = lambda row: ratio_cell(row.over())
        if rate and any(row.work for row in chosen):
            columns[f"fanin, {rate}"] = lambda row: number(row.rate) if row.rate else EMPTY
        if unit == "us" and any(row.limit for row in chosen):
            columns["limit, us"] = lambda row: number(row.limit or 0)
            columns["reached, of the limit"] = lambda row: ratio_cell(row.fraction)
        tables.append(tabulated(heading, columns, chosen, note_of(chosen)))
    return tables

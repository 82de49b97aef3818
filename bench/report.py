"""Tables as text and as Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.neighbours import VOID
from bench.record import Row, spread

EMPTY = "-"


@dataclass
class Table:
    """Rows of cells by the title of their column, which holds the unit, and what is said beneath."""

    heading: str
    rows: list[dict[str, Any]]
    note: str = ""

    def lines(self) -> list[list[str]]:
        """The titles, then the cells of each row."""
        titles = list(self.rows[0]) if self.rows else [EMPTY]
        return [titles, *([str(row.get(title, "")) for title in titles] for row in self.rows)]

    def text(self) -> str:
        """Aligned columns: the first to the left, the others to the right."""
        left, *right = (max(map(len, cells)) for cells in zip(*self.lines(), strict=True))
        lines = [
            "  ".join([first.ljust(left), *map(str.rjust, cells, right)]) for first, *cells in self.lines()
        ]
        return "\n".join([self.heading, *map(str.rstrip, lines), *filter(None, [self.note]), ""])

    def markdown(self) -> str:
        """A section with a Markdown table."""
        titles, *rows = self.lines()
        rule = ["---", *["---:"] * (len(titles) - 1)]
        lines = [f"| {' | '.join(cells)} |" for cells in (titles, rule, *rows)]
        return "\n".join([f"## {self.heading}", "", *lines, "", *([self.note, ""] if self.note else [])])


def number(x: float) -> str:
    """Three significant digits, without an exponent."""
    if abs(x) >= 100:
        return f"{x:,.0f}"
    return f"{x:.1f}" if abs(x) >= 10 else f"{x:.2f}"


def timing_cell(rounds: list[float] | None) -> str:
    """The median and the spread, or a dash for what was not timed."""
    if not rounds:
        return EMPTY
    share = spread(rounds) and spread(rounds) / median(rounds)  # of a single round, which may be 0, there is none
    return f"{number(median(rounds))} ±{100 * share:.0f}%"


def case_cell(row: Row) -> str:
    return row.case + (" *" if row.disturbed else "")


def ratio_cell(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio else EMPTY


def note_of(rows: Sequence[Row]) -> str:
    """A message if other programs ran beside some of these rows."""
    cases = {(row.case, row.threads) for row in rows}
    disturbed = {(row.case, row.threads) for row in rows if row.disturbed}
    return f"{VOID} beside {len(disturbed)} of {len(cases)} cases, marked with *" if disturbed else ""


def result_tables(rows: Sequence[Row], headings: Mapping[str, str], rate: str) -> list[Table]:
    """One table a result: the times of all libraries, the best peer's beside fanin's, the rate, and the limit."""
    tables = []
    for result, heading in headings.items():
        chosen = [row for row in rows if row.result == result]
        names = dict.fromkeys(column for row in chosen for column in row.times)
        lines = []
        for row in chosen:
            line = {"case": case_cell(row), "threads": str(row.threads)}
            line |= {f"{column}, {row.unit}": timing_cell(row.times.get(column)) for column in names}
            if row.unit == "us":
                line["best peer / fanin, times"] = ratio_cell(row.over())
                line[f"fanin, {rate}"] = number(row.rate) if row.rate else EMPTY
                line["limit, us"] = EMPTY if row.limit is None else number(row.limit)
                line["reached, of the limit"] = ratio_cell(row.fraction)
            lines.append(line)
        known = {title for line in lines for title, cell in line.items() if cell != EMPTY}
        lines = [{title: cell for title, cell in line.items() if title in known} for line in lines]
        tables += [Table(heading, lines, note_of(chosen))] if lines else []
    return tables

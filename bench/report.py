"""A run: the record in a JSON file, its rows, and tables of them as text and as Markdown."""

import json
from argparse import ArgumentTypeError
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.neighbours import MOST, VOID

EMPTY = "-"


def spread(rounds: list[float]) -> float:
    """Half the distance between the quartiles."""
    low, _, high = quantiles(rounds, n=4, method="inclusive") if len(rounds) > 1 else (0, 0, 0)
    return (high - low) / 2


class Row:
    """One result of one case on a number of threads: the rounds of each column, in microseconds or its unit."""

    def __init__(self, plain: dict[str, Any]) -> None:
        self.result: str = plain["result"]
        self.case: str = plain["case"]
        self.threads: int = plain["threads"]
        self.unit: str = plain.get("unit", "us")
        self.limit: float | None = plain.get("limit_microseconds", plain.get("limit"))
        self.work: float = plain.get("work", 0.0)
        self.disturbed: bool = plain.get("other_processors", 0.0) > MOST
        self.times: dict[str, list[float]] = plain["microseconds" if self.unit == "us" else "values"]
        # other columns of fanin begin with its name
        self.peers = {name: rounds for name, rounds in self.times.items() if not name.startswith("fanin")}

    def key(self) -> tuple[str, str, int]:
        return self.result, self.case, self.threads

    @property
    def ours(self) -> float:
        return median(self.times["fanin"])

    @property
    def fraction(self) -> float:
        """Of the limit, 0 where that or fanin's time is unknown."""
        return self.limit / self.ours if self.limit and "fanin" in self.times else 0.0

    def over(self, *columns: str) -> float:
        """Time of the best of these columns, of all peers where none is named, over ours; 0 where none was timed."""
        medians = [median(self.peers[column]) for column in self.peers if column in columns or not columns]
        return min(medians) / self.ours if medians and "fanin" in self.times else 0.0


def groups(run: dict[str, Any]) -> dict[str, list[Row]]:
    """The rows of each group."""
    return {name: [Row(case) for case in run[name]["cases"]] for name in run if name != "machine"}


def read(path: str) -> dict[str, Any]:
    """The record in a file that the command line names."""
    try:
        run = json.loads(Path(path).read_text())
    except OSError as error:
        raise ArgumentTypeError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ArgumentTypeError(f"{path} is not a JSON file: {error}") from None
    if not isinstance(run, dict) or "machine" not in run:
        raise ArgumentTypeError(f"{path} was not written by --json: it holds no measurements of a machine")
    return run


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
        lines = self.lines()
        left, *right = (max(map(len, cells)) for cells in zip(*lines, strict=True))
        aligned = ("  ".join([cell.ljust(left), *map(str.rjust, cells, right)]) for cell, *cells in lines)
        return "\n".join([self.heading, *map(str.rstrip, aligned), *filter(None, [self.note]), ""])

    def markdown(self) -> str:
        """A section with a Markdown table."""
        titles, *rows = self.lines()
        rule = ["---", *["---:"] * (len(titles) - 1)]
        lines = [f"| {' | '.join(cells)} |" for cells in (titles, rule, *rows)]
        return "\n".join([f"## {self.heading}", "", *lines, "", *([self.note, ""] if self.note else [])])


def number(x: float) -> str:
    """Three significant digits, without an exponent."""
    digits = 0 if abs(x) >= 100 else 1 if abs(x) >= 10 else 2
    return f"{x:,.{digits}f}"


def timing_cell(rounds: list[float] | None) -> str:
    """The median and the spread, or a dash for what was not timed."""
    if not rounds:
        return EMPTY
    share = spread(rounds) / median(rounds) if median(rounds) else 0.0
    return f"{number(median(rounds))} ±{100 * share:.0f}%"


def marked(name: str, row: Row) -> str:
    return name + (" *" if row.disturbed else "")


def case_cell(row: Row) -> str:
    return marked(row.case, row)


def ratio_cell(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio else EMPTY


def note_of(rows: Sequence[Row]) -> str:
    """A message if other programs ran beside some of these rows."""
    cases = {(row.case, row.threads) for row in rows}
    disturbed = {(row.case, row.threads) for row in rows if row.disturbed}
    return f"{VOID} beside {len(disturbed)} of {len(cases)} cases, marked with *" if disturbed else ""


def result_tables(
    rows: Sequence[Row], headings: Mapping[str, str], rate: str, by_case: bool = False
) -> list[Table]:
    """One table a result, or a case: the times of all libraries, the best peer's over fanin's, rate and limit."""
    if by_case:
        headings = {row.case: f"{heading}: {row.case}" for row in rows for heading in headings.values()}
    tables = []
    for name, heading in headings.items():
        chosen = [row for row in rows if name == (row.case if by_case else row.result)]
        names = dict.fromkeys(column for row in chosen for column in row.times)
        lines = []
        for row in chosen:
            line = {"result": marked(row.result, row)} if by_case else {"case": case_cell(row)}
            line["threads"] = str(row.threads)
            line |= {f"{column}, {row.unit}": timing_cell(row.times.get(column)) for column in names}
            if row.unit == "us":
                line["best peer / fanin, times"] = ratio_cell(row.over())
                speed = 1e-3 * row.work / row.ours if "fanin" in row.times else 0.0
                line[f"fanin, {rate}"] = number(speed) if speed else EMPTY
                line["limit, us"] = EMPTY if row.limit is None else number(row.limit)
                line["reached, of the limit"] = ratio_cell(row.fraction)
            lines.append(line)
        known = {title for line in lines for title, cell in line.items() if cell != EMPTY}
        lines = [{title: cell for title, cell in line.items() if title in known} for line in lines]
        tables += [Table(heading, lines, note_of(chosen))] if lines else []
    return tables

"""A group of cases: timed with every library on every number of threads, one table for each result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.asked import Asked
from bench.cases import Batch, Elements, Net, Prediction, Product, Updates
from bench.compare import Effort, Library, Team, Timing, compare, of_peers, teams
from bench.machine import Limits
from bench.net_cases import RuleOnNet
from bench.report import Table, limit_cells, rate_cell, ratio_cell, time_cell

Case = Net | Product | Elements | Batch | Updates | Prediction | RuleOnNet


class Runnable(Protocol):
    """What the command can run: `instruction_set` says whose limits count, where that is not the best one."""

    @property
    def instruction_set(self) -> str: ...

    def run(
        self, limits: dict[int, Limits], effort: Effort, match: str, say: Callable[[str], None]
    ) -> Outcome:
        """Measure the cases whose name contains `match`."""


@dataclass(frozen=True)
class Group:
    """What is timed, against whom, and where its limit lies.

    libraries
        fanin first: the others are checked against it
    results
        heading of the table of each result
    work, limit, rate
        floating-point operations or elements of a case; least seconds that a result of a case takes on a machine;
        the unit of work a nanosecond
    instruction_set
        the one whose limits count, where that is not the machine's best
    """

    name: str
    libraries: list[Library]
    cases: list[Case]
    results: Mapping[str, str]
    work: Callable[[Any], float]
    limit: Callable[[Any, str, Limits], float]
    rate: str = "GFLOP/s"
    instruction_set: str = ""

    def columns(self, result: str) -> list[str]:
        """The columns of the libraries that compute a result."""
        variants = [variant for library in self.libraries for variant in library.variants]
        return [variant.column for variant in variants if variant.result == result]

    def run(
        self, limits: dict[int, Limits], effort: Effort, match: str, say: Callable[[str], None]
    ) -> Outcome:
        """Time the cases whose name contains `match`."""
        return run(self, limits, effort, match, say)


@dataclass
class Outcome:
    """Tables to print; everything measured, as plain values; bounds; what went wrong, as sentences."""

    rate: str
    tables: list[Table] = field(default_factory=list)
    cases: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def run(
    group: Group, limits: dict[int, Limits], effort: Effort, match: str, say: Callable[[str], None]
) -> Outcome:
    """Time the cases whose name contains `match`."""
    outcome = Outcome(group.rate)
    tables = {result: empty_table(group, result, heading) for result, heading in group.results.items()}
    with teams(group.libraries, list(limits)) as started:
        for team in started:
            outcome.versions.update(team.versions)
            for name, reason in team.absent.items():
                outcome.problems.append(f"{name} is left out, threads {team.n_threads}: {reason}")
        for case in group.cases:
            if match not in case.name:
                continue
            for team in started:
                say(f"{group.name}: {case.name}, threads {team.n_threads}")
                timings = compare(team, case, effort, outcome.problems)
                add_rows(group, case, team, limits[team.n_threads], timings, tables, outcome)
    outcome.tables = [table.without_empty_columns() for table in tables.values()]
    return outcome


def empty_table(group: Group, result: str, heading: str) -> Table:
    """The table of one result, without rows."""
    columns = group.columns(result)
    return Table(
        heading,
        ["case", "threads", *columns, "best peer / fanin", group.rate, "limit", "fraction"],
    )


def add_rows(
    group: Group,
    case: Case,
    team: Team,
    limits: Limits,
    timings: dict[str, dict[str, Timing]],
    tables: dict[str, Table],
    outcome: Outcome,
) -> None:
    """One row of each result's table, and what it was made of."""
    for result, table in tables.items():
        times = timings.get(result, {})
        ours = times.get("fanin")
        seconds = group.limit(case, result, limits)
        table.rows.append(
            [
                case.name,
                str(team.n_threads),
                *(time_cell(times.get(column)) for column in group.columns(result)),
                ratio_cell(ours, of_peers(times)),
                rate_cell(ours, group.work(case)),
                *limit_cells(ours, seconds),
            ]
        )
        if ours is not None and ours.median < 1e6 * seconds:
            outcome.problems.append(
                f"fanin, {result}, {case.name}, threads {team.n_threads}: "
                "faster than the limit, so something disturbed the machine while its limits were measured"
            )
        outcome.cases.append(
            {
                "case": case.name,
                "threads": team.n_threads,
                "result": result,
                "microseconds": {column: timing.rounds for column, timing in times.items()},
                "limit_microseconds": 1e6 * seconds,
                "work": group.work(case),
            }
        )

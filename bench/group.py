"""A group of cases: what is timed, against whom, and how its rounds are run.

Rounds go around all libraries, A B A B, so that a slow minute of the machine is shared by all.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.cases import Case
from bench.machine import Limits
from bench.neighbours import Watch
from bench.pool import WorkerError, WorkerProcess
from bench.progress import Progress
from bench.record import Row
from bench.report import Table

Rounds = dict[str, dict[str, list[float]]]  # by result and column


@dataclass(frozen=True, kw_only=True)
class Group:
    """What is timed, against whom, and where its limit lies.

    workers, topic
        the module of each library, fanin first, against which the others are checked, within the tolerance; its
        function that prepares a case, where that is not named as the group
    results, units
        the heading of the table of each result; what they are measured in, where that is not microseconds
    rounds
        how many, and about how many seconds each: a quick run has a third of them, of half the time
    work, rate, limit
        floating-point operations or elements of a case, the unit of work a nanosecond, and the least that a result of a
        case can be on a machine
    threads
        those of all numbers of threads that it is run on
    last
        results of which only the last round counts
    derive
        one more result, made of the rounds of others
    instruction_set
        what fanin is held to, where that is not the machine's best
    tables, judged
        more tables, made of all rows; whether its targets are shown with them
    """

    name: str
    workers: Mapping[str, str]
    cases: Sequence[Case]
    results: Mapping[str, str]
    rounds: tuple[int, float]
    topic: str = ""
    tolerance: float = 1e-4
    units: Mapping[str, str] = field(default_factory=dict)
    work: Callable[[Any], float] = lambda case: 0.0
    rate: str = ""
    limit: Callable[[Any, str, Any], float] | None = None
    threads: Callable[[list[int]], list[int]] = list
    last: tuple[str, ...] = ()
    derive: Callable[[Rounds], Rounds] = lambda rounds: {}
    instruction_set: str = ""
    tables: Callable[[Sequence[Row]], list[Table]] = lambda rows: []
    judged: bool = False

    def effort(self, quick: bool) -> tuple[int, float]:
        """The rounds of a run."""
        count, seconds = self.rounds
        return (-(-count // 3), seconds / 2) if quick else self.rounds


@dataclass
class Outcome:
    """Everything measured, as plain values; versions of the libraries; what went wrong, as sentences."""

    rate: str
    cases: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def disagreement(values: list[float], expected: list[float], tolerance: float) -> str:
    """A sentence where the numbers that both have differ by more than the tolerance allows, else nothing."""
    for value, other in zip(values, expected, strict=False):
        if not abs(value - other) <= tolerance * max(1e-3, abs(other)):
            return f"not timed: its result is {value:.7g} where {other:.7g} is expected"
    return ""


@dataclass
class Team:
    """The processes of all libraries of a group on one number of threads; what fails is told and left out."""

    group: Group
    n_threads: int
    outcome: Outcome

    @contextmanager
    def started(self) -> Iterator[None]:
        """Processes that are ended on the way out."""
        variables = {"FANIN_ISA": self.group.instruction_set} if self.group.instruction_set else {}
        self.members = {
            name: WorkerProcess(module, self.n_threads, variables)
            for name, module in self.group.workers.items()
        }
        try:
            for name, process in list(self.members.items()):
                try:
                    process.greet()
                    self.outcome.versions[name] = process.version
                except WorkerError as error:
                    self.members.pop(name).close()
                    self.outcome.problems.append(f"{name}, threads {self.n_threads}, is left out: {error}")
            yield
        finally:
            for process in self.members.values():
                process.close()

    def problem(self, case: Case, sentence: object, *about: str) -> None:
        self.outcome.problems.append(f"{', '.join(about)}, {case.name}, threads {self.n_threads}: {sentence}")

    def ask(self, case: Case, column: str, process: WorkerProcess, *request: Any) -> Any:
        """The answer; none where the worker fails."""
        try:
            return process.ask(*request)
        except WorkerError as error:
            self.problem(case, error, column)
            return None

    def checked(self, case: Case) -> Iterator[tuple[WorkerProcess, int, str, str]]:
        """Set a case up in every library: process, index, result and column of what agrees with fanin's results."""
        reference: dict[str, list[float]] = {}
        for name, process in self.members.items():
            tasks = self.ask(case, name, process, "prepare", self.group.topic or self.group.name, case) or []
            for index, (result, own_column, tolerance) in enumerate(tasks):
                column = own_column or name
                if result not in self.group.results:
                    continue
                values = self.ask(case, column, process, "check", index)
                if values is None:
                    continue
                expected = reference.setdefault(result, values)
                if sentence := disagreement(values, expected, tolerance or self.group.tolerance):
                    self.problem(case, sentence, column, result)
                else:
                    yield process, index, result, column

    def rounds(self, case: Case, count: int, seconds: float) -> Rounds:
        """Those of a case, in turn."""
        contenders = list(self.checked(case))
        rounds: Rounds = {}
        for _ in range(count):
            for contender in list(contenders):
                process, index, result, column = contender
                value = self.ask(case, column, process, "round", index, seconds)
                if value is None:
                    contenders.remove(contender)
                else:
                    rounds.setdefault(result, {}).setdefault(column, []).append(value)
        for result in set(self.group.last) & set(rounds):
            rounds[result] = {column: values[-1:] for column, values in rounds[result].items()}
        return rounds | self.group.derive(rounds)


def measure(
    group: Group, thread_counts: list[int], quick: bool, limits: Mapping[int, Limits], progress: Progress
) -> Outcome:
    """Every case of a group on each number of threads, one after the other; the limits may be left out."""
    outcome = Outcome(group.rate)
    teams = [Team(group, n_threads, outcome) for n_threads in group.threads(thread_counts)]
    with ExitStack() as stack:
        for team in teams:
            stack.enter_context(team.started())
        for case, team in itertools.product(group.cases, teams):
            progress.begin(group.name, case.name, team.n_threads)
            watch = Watch()
            rounds = team.rounds(case, *group.effort(quick))
            others = watch.processors()
            progress.end(group.name)
            for result, columns in rounds.items():
                unit = group.units.get(result, "us")
                plain = {
                    "case": case.name,
                    "threads": team.n_threads,
                    "result": result,
                    "unit": unit,
                    "microseconds" if unit == "us" else "values": columns,
                    "work": group.work(case),
                    "other_processors": others if unit in ("us", "times") else 0.0,
                }
                if group.limit and (limits or unit != "us"):
                    limit = group.limit(case, result, limits.get(team.n_threads))
                    plain["limit_microseconds" if unit == "us" else "limit"] = limit
                outcome.cases.append(plain)
                if group.work(case) and "fanin" in columns and result != "added" and Row(plain).fraction > 1:
                    team.problem(case, "faster than the limit, which something disturbed", result)
    return outcome

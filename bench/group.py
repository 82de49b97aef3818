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

    topic
        the function of the workers that prepares a case
    workers
        the module of each library, fanin first: the others are checked against it, within the tolerance
    results, unit
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

    topic: str
    workers: Mapping[str, str]
    cases: Sequence[Case]
    results: Mapping[str, str]
    rounds: tuple[int, float]
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


@contextmanager
def team(group: Group, n_threads: int, outcome: Outcome) -> Iterator[dict[str, WorkerProcess]]:
    """The processes of all libraries of a group on one number of threads, ended on the way out."""
    variables = {"FANIN_ISA": group.instruction_set} if group.instruction_set else {}
    started = {name: WorkerProcess(module, n_threads, variables) for name, module in group.workers.items()}
    members = {}
    try:
        for name, process in started.items():
            try:
                process.greet()
            except WorkerError as error:
                outcome.problems.append(f"{name} is left out, threads {n_threads}: {error}")
            else:
                members[name] = process
                outcome.versions[name] = process.version
        yield members
    finally:
        for process in started.values():
            process.close()


@dataclass(frozen=True)
class Contender:
    """A task of a worker that has passed its check and may be timed."""

    process: WorkerProcess
    index: int
    result: str
    column: str


def disagreement(values: list[float], expected: list[float], tolerance: float) -> str:
    """A sentence where the numbers that both have differ by more than the tolerance allows, else nothing."""
    for value, other in zip(values, expected, strict=False):
        if not abs(value - other) <= tolerance * max(1e-3, abs(other)):
            return f"not timed: its result is {value:.7g} where {other:.7g} is expected"
    return ""


def checked(
    group: Group, members: dict[str, WorkerProcess], case: Case, problem: Callable[..., None]
) -> Iterator[Contender]:
    """Set a case up in every library, and give the tasks whose results agree with fanin's."""
    reference: dict[str, list[float]] = {}
    for name, process in members.items():
        try:
            tasks = process.ask("prepare", group.topic, case)
        except WorkerError as error:
            problem(error, name)
            continue
        for index, (result, column, tolerance) in enumerate(tasks):
            contender = Contender(process, index, result, column or name)
            if result not in group.results:
                continue
            try:
                values = process.ask("check", index)
            except WorkerError as error:
                problem(error, contender.column, result)
                continue
            expected = reference.setdefault(result, values)
            if sentence := disagreement(values, expected, tolerance or group.tolerance):
                problem(sentence, contender.column, result)
            else:
                yield contender


def timed(
    group: Group,
    members: dict[str, WorkerProcess],
    case: Case,
    effort: tuple[int, float],
    problem: Callable[..., None],
) -> Rounds:
    """The rounds of one case; what fails or disagrees is left out, with a sentence."""
    contenders = list(checked(group, members, case, problem))
    count, seconds = effort
    rounds: Rounds = {}
    for _ in range(count):
        for contender in list(contenders):
            try:
                value = contender.process.ask("round", contender.index, seconds)
            except WorkerError as error:
                problem(error, contender.column, contender.result)
                contenders.remove(contender)
                continue
            columns = rounds.setdefault(contender.result, {})
            columns.setdefault(contender.column, []).append(value)
    for result in group.last:
        rounds[result] = {column: values[-1:] for column, values in rounds.get(result, {}).items()}
    return rounds | group.derive(rounds)


def measure(
    name: str,
    group: Group,
    limits: Mapping[int, Limits] | None,
    thread_counts: list[int],
    effort: tuple[int, float],
    progress: Progress,
) -> Outcome:
    """Every case of a group on each number of threads, one after the other."""
    outcome = Outcome(group.rate)
    with ExitStack() as stack:
        teams = {n: stack.enter_context(team(group, n, outcome)) for n in group.threads(thread_counts)}
        for case, n_threads in itertools.product(group.cases, teams):

            def problem(
                sentence: object, *about: str, where: str = f"{case.name}, threads {n_threads}"
            ) -> None:
                outcome.problems.append(f"{', '.join(about)}, {where}: {sentence}")

            progress.begin(name, case.name, n_threads)
            watch = Watch()
            rounds = timed(group, teams[n_threads], case, effort, problem)
            others = watch.processors()
            progress.end(name)
            for result, columns in rounds.items():
                unit = group.units.get(result, "us")
                plain: dict[str, Any] = {"case": case.name, "threads": n_threads, "result": result}
                plain |= {"microseconds": columns} if unit == "us" else {"values": columns, "unit": unit}
                plain |= {"work": group.work(case), "other_processors": others}
                if group.limit and (limits or unit != "us"):
                    limit = group.limit(case, result, limits and limits[n_threads])
                    plain["limit_microseconds" if unit == "us" else "limit"] = limit
                outcome.cases.append(plain)
                row = Row(plain)
                if (
                    unit == "us"
                    and row.limit
                    and "fanin" in columns
                    and row.fraction > 1
                    and result != "added"
                ):
                    problem(
                        "faster than the limit: something disturbed the machine while it was measured", result
                    )
    return outcome

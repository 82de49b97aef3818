"""A group of cases: what is timed, against whom, and how its rounds are run.

Rounds go around all libraries, A B A B, so that a slow minute of the machine is shared by all.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench.cases import Case
from bench.machine import Limits
from bench.neighbours import Watch
from bench.pool import WorkerError, WorkerProcess
from bench.progress import Progress, say
from bench.report import Row
from bench.theory import THEORY

Rounds = dict[str, dict[str, list[float]]]  # by result and column


@dataclass(frozen=True)
class Group:
    """What is timed, and against whom; all libraries are checked against fanin's results, within the tolerance."""

    workers: Mapping[str, str]  # the module of each library, fanin first
    cases: Sequence[Case]
    results: Mapping[str, str]  # the heading of the table of each
    rounds: tuple[int, float]  # how many, and about how many seconds each
    name: str = ""
    topic: str = ""  # the function of a worker that prepares a case, and the entry in `theory.THEORY`
    tolerance: float = 1e-4
    units: Mapping[str, str] = field(default_factory=dict)  # of results that are not in microseconds
    threads: Callable[[list[int]], list[int]] = list  # those of all numbers of threads that it is run on
    derive: Callable[[Rounds], Rounds] = lambda rounds: {}  # further results, or what takes the place of some
    instruction_set: str = ""  # what fanin is held to, where that is not the machine's best
    judged: bool = False  # whether its targets are shown with its tables
    by_case: bool = False  # a table for each case, with a line for each result, instead of the reverse

    def effort(self, quick: bool) -> tuple[int, float]:
        """The rounds of a run: a quick one has a third of them, of half the time."""
        count, seconds = self.rounds
        return (-(-count // 3), seconds / 2) if quick else self.rounds

    def plan(self, thread_counts: list[int], quick: bool) -> tuple[int, float]:
        """How many cases there are on how many numbers of threads, and the seconds of rounds of one."""
        return len(self.cases) * len(self.threads(thread_counts)), math.prod(self.effort(quick))


class Team:
    """The processes of all libraries of a group on one number of threads; what fails is said and left out."""

    def __init__(self, group: Group, n_threads: int, outcome: dict[str, Any], stack: ExitStack) -> None:
        self.group, self.n_threads, self.outcome = group, n_threads, outcome
        variables = {"FANIN_ISA": group.instruction_set} if group.instruction_set else {}
        processes = {
            name: stack.enter_context(closing(WorkerProcess(module, n_threads, variables)))
            for name, module in group.workers.items()
        }
        versions = {name: self.attempt(name, process.greet) for name, process in processes.items()}
        self.members = {name: processes[name] for name, version in versions.items() if version is not None}
        outcome["versions"] |= {name: versions[name] for name in self.members}

    def problem(self, about: str, message: object) -> None:
        self.outcome["problems"].append(f"{about}, threads {self.n_threads}: {message}")
        say(self.outcome["problems"][-1])

    def attempt(self, about: str, call: Callable[..., Any], *arguments: Any) -> Any:
        """What the call returns; None where the worker fails."""
        try:
            return call(*arguments)
        except WorkerError as error:
            return self.problem(about, error)

    def checked(self, case: Case) -> Iterator[tuple[str, str, Callable[[float], Any]]]:
        """Set a case up in every library: result, column and a round of what agrees with fanin's results."""
        reference: dict[str, list[float]] = {}
        for name, process in self.members.items():
            tasks = self.attempt(f"{name}, {case.name}", process.ask, "prepare", self.group.topic, case)
            for index, (result, column, tolerance) in enumerate(tasks or []):
                about = f"{column or name}, {result}, {case.name}"
                if result not in self.group.results:
                    continue
                if (values := self.attempt(about, process.ask, "check", index)) is None:
                    continue
                allowed = tolerance or self.group.tolerance
                for value, expected in zip(values, reference.setdefault(result, values), strict=False):
                    if not abs(value - expected) <= allowed * max(1e-3, abs(expected)):
                        message = f"not timed: its result is {value:.7g} where {expected:.7g} is expected"
                        self.problem(about, message)
                        break
                else:
                    yield result, column or name, partial(process.ask, "round", index)

    def rounds(self, case: Case, count: int, seconds: float) -> Rounds:
        """Those of a case, in turn."""
        contenders = list(self.checked(case))
        rounds: Rounds = defaultdict(lambda: defaultdict(list))
        for _ in range(count):
            for contender in list(contenders):
                result, column, one_round = contender
                value = self.attempt(f"{column}, {case.name}", one_round, seconds)
                if value is None:
                    contenders.remove(contender)
                else:
                    rounds[result][column].append(value)
        return rounds | self.group.derive(rounds)

    def measure(self, case: Case, quick: bool, limits: Limits | None) -> Iterator[dict[str, Any]]:
        """Each result of a case as plain values, with its work and its limit."""
        watch, theory = Watch(), THEORY.get(self.group.topic)
        rounds = self.rounds(case, *self.group.effort(quick))
        others = watch.processors()
        for result, columns in rounds.items():
            unit = self.group.units.get(result, "us")
            values, limit = ("microseconds", "limit_microseconds") if unit == "us" else ("values", "limit")
            plain = {"case": case.name, "threads": self.n_threads, "result": result, "unit": unit}
            plain |= {values: columns, "other_processors": others if unit in ("us", "s", "times") else 0.0}
            if theory:
                plain["work"] = theory.work(case) if result != "added" else 0.0
            if theory and (limits or unit != "us"):
                plain[limit] = theory.limit(case, result, limits)
            if plain.get("work") and Row(plain).fraction > 1:
                self.problem(f"{result}, {case.name}", "faster than the limit, which something disturbed")
            yield plain


def measure(
    group: Group, thread_counts: list[int], quick: bool, limits: Mapping[int, Limits], progress: Progress
) -> dict[str, Any]:
    """Every case on each number of threads, as plain values, with versions and problems; limits may be left out."""
    rate = THEORY[group.topic].rate if group.topic in THEORY else ""
    outcome: dict[str, Any] = {"rate": rate, "cases": [], "versions": {}, "problems": []}
    with ExitStack() as stack:
        teams = [Team(group, n_threads, outcome, stack) for n_threads in group.threads(thread_counts)]
        for case, team in itertools.product(group.cases, teams):
            progress.begin(group.name, case.name, team.n_threads)
            outcome["cases"] += team.measure(case, quick, limits.get(team.n_threads))
    return outcome

"""Rounds of several contenders in turn, A B A B, so that a slow minute of the machine is shared by all."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from bench.pool import WorkerError, WorkerProcess

Number = TypeVar("Number")


@dataclass(frozen=True)
class Effort:
    """How many rounds, and about how many seconds each."""

    rounds: int
    seconds: float


@dataclass(frozen=True)
class Variant:
    """One way to use a library.

    name, column
        what the worker calls it; the column it is printed in
    result
        what it computes: all that compute the same are checked against the first
    """

    name: str
    column: str
    result: str


@dataclass(frozen=True)
class Library:
    """A library, the worker module that times it, how far its results may be off, relatively, and variables."""

    name: str
    module: str
    variants: list[Variant]
    tolerance: float
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Timing:
    """Microseconds of each round of one contender."""

    rounds: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, as a fraction of the median."""
        if len(self.rounds) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.rounds, n=4, method="inclusive")
        return (high - low) / 2 / self.median


def of_peers(by_column: Mapping[str, Number]) -> list[Number]:
    """What belongs to other libraries: fanin may have several columns, which begin with its name."""
    return [value for column, value in by_column.items() if not column.startswith("fanin")]


class Team:
    """The processes of all libraries that are installed, on one number of threads."""

    def __init__(self, libraries: list[Library], n_threads: int) -> None:
        self.n_threads = n_threads
        self.absent: dict[str, str] = {}
        self.members: list[tuple[Library, WorkerProcess]] = []
        starting = [
            (library, WorkerProcess(library.module, n_threads, library.environment)) for library in libraries
        ]
        for library, process in starting:
            try:
                process.greet()
            except WorkerError as error:
                self.absent[library.name] = str(error)
                process.close()
            else:
                self.members.append((library, process))

    @property
    def versions(self) -> dict[str, str]:
        return {library.name: process.version for library, process in self.members}

    def close(self) -> None:
        for _, process in self.members:
            process.close()


@contextmanager
def teams(libraries: list[Library], thread_counts: list[int]) -> Iterator[list[Team]]:
    """A team for each number of threads, ended on the way out."""
    started: list[Team] = []
    try:
        for n_threads in thread_counts:
            started.append(Team(libraries, n_threads))
        yield started
    finally:
        for team in started:
            team.close()


@dataclass(frozen=True)
class Contender:
    """A variant that has passed its check and may be timed."""

    variant: Variant
    process: WorkerProcess


def disagreement(values: list[float], expected: list[float], tolerance: float) -> str:
    """A sentence where the numbers that both have differ by more than the tolerance allows, else nothing."""
    for value, other in zip(values, expected, strict=False):
        if not abs(value - other) <= tolerance * max(1e-3, abs(other)):
            return f"not timed: its result is {value:.7g} where {other:.7g} is expected"
    return ""


def problem(variant: Variant, case: Any, team: Team, sentence: str) -> str:
    """A sentence with what it is about."""
    return f"{variant.column}, {variant.result}, {case.name}, threads {team.n_threads}: {sentence}"


def checked(team: Team, case: Any, problems: list[str]) -> list[Contender]:
    """Set a case up in every library, and keep the variants whose results agree with the first one's."""
    contenders = []
    reference: dict[str, list[float]] = {}
    for library, process in team.members:
        try:
            process.ask("prepare", asdict(case), [variant.name for variant in library.variants])
        except WorkerError as error:
            problems.append(f"{library.name}, {case.name}, threads {team.n_threads}: {error}")
            continue
        for variant in library.variants:
            try:
                values = process.ask("check", variant.name)
                if not values:
                    continue  # it has no such thing
                sentence = disagreement(
                    values, reference.setdefault(variant.result, values), library.tolerance
                )
            except WorkerError as error:
                sentence = str(error)
            if sentence:
                problems.append(problem(variant, case, team, sentence))
            else:
                contenders.append(Contender(variant, process))
    return contenders


def compare(team: Team, case: Any, effort: Effort, problems: list[str]) -> dict[str, dict[str, Timing]]:
    """Time one case with every library of the team: for each result, its timings by column.

    What fails or disagrees is left out, with a sentence in `problems`.
    """
    contenders = checked(team, case, problems)
    rounds: dict[str, dict[str, list[float]]] = {}
    for _ in range(effort.rounds):
        for contender in list(contenders):
            variant = contender.variant
            try:
                microseconds = contender.process.ask("round", variant.name, effort.seconds)
            except WorkerError as error:
                problems.append(problem(variant, case, team, str(error)))
                contenders.remove(contender)
                continue
            rounds.setdefault(variant.result, {}).setdefault(variant.column, []).append(microseconds)
    return {
        result: {column: Timing(times) for column, times in columns.items()}
        for result, columns in rounds.items()
    }

"""The JSON file of a run: the machine's limits, and every round of every case."""

from __future__ import annotations

import json
import statistics
from argparse import ArgumentTypeError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.neighbours import MOST


@dataclass(frozen=True)
class Timing:
    """Each round of one column, in microseconds where nothing else is said."""

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


class Row:
    """One result of one case on a number of threads, as a record holds it: what was measured, by column."""

    def __init__(self, plain: dict[str, Any]) -> None:
        self.case: str = plain["case"]
        self.threads: int = plain["threads"]
        self.result: str = plain["result"]
        self.unit: str = plain.get("unit", "us")
        self.limit: float | None = plain.get("limit_microseconds", plain.get("limit"))
        self.work: float = plain.get("work", 0.0)
        self.disturbed: bool = plain.get("other_processors", 0.0) > MOST
        columns = plain["microseconds" if self.unit == "us" else "values"]
        self.times = {column: Timing(rounds) for column, rounds in columns.items()}

    @property
    def ours(self) -> float:
        return self.times["fanin"].median

    @property
    def fraction(self) -> float:
        """Of the limit, 0 where that or fanin's time is unknown."""
        return self.limit / self.ours if self.limit and "fanin" in self.times else 0.0

    @property
    def rate(self) -> float:
        """The work of fanin a nanosecond."""
        return 1e-3 * self.work / self.ours if "fanin" in self.times else 0.0

    @property
    def peers(self) -> dict[str, Timing]:
        """Other columns of fanin begin with its name."""
        return {column: timing for column, timing in self.times.items() if not column.startswith("fanin")}

    def over(self, *columns: str) -> float:
        """Time of the best of these columns, of all peers where none is named, over ours; 0 where none was timed."""
        times = [timing.median for column, timing in self.peers.items() if column in columns or not columns]
        return min(times) / self.ours if times and "fanin" in self.times else 0.0


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

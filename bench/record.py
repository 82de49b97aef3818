"""The JSON file of a run: the machine's limits, and every round of every case."""

import json
import statistics
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from bench.neighbours import MOST


def spread(rounds: list[float]) -> float:
    """Half the distance between the quartiles."""
    low, _, high = statistics.quantiles(rounds, n=4, method="inclusive") if len(rounds) > 1 else (0, 0, 0)
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
        self.peers = {
            column: rounds for column, rounds in self.times.items() if not column.startswith("fanin")
        }

    def key(self) -> tuple[str, str, int]:
        return self.result, self.case, self.threads

    @property
    def ours(self) -> float:
        return statistics.median(self.times["fanin"])

    @property
    def fraction(self) -> float:
        """Of the limit, 0 where that or fanin's time is unknown."""
        return self.limit / self.ours if self.limit and "fanin" in self.times else 0.0

    @property
    def rate(self) -> float:
        """The work of fanin a nanosecond."""
        return 1e-3 * self.work / self.ours if "fanin" in self.times else 0.0

    def over(self, *columns: str) -> float:
        """Time of the best of these columns, of all peers where none is named, over ours; 0 where none was timed."""
        medians = [
            statistics.median(self.peers[column]) for column in self.peers if column in columns or not columns
        ]
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

"""Advice: nets and data on which fanin's `suggest` is compared with the roads that it chooses among.

Peers' processes may import this, so fanin is not loaded here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from bench.cases import FLOATS, TABLES, DataSet
from bench.curvature import ROUNDS
from bench.report import EMPTY, Row, Table, note_of, number

SPLITS = ROUNDS
PASSES = 100
RESULTS = {"error": "Advice: log-loss, or root mean squared error, of a fifth of the rows, in training"}
UNITS = {"error": "1e-3", "over the better road": "%"}


@dataclass(frozen=True)
class Roads:
    """A net of one hidden layer, and its data: one of scikit-learn's sets, or a file of the tables."""

    units: int
    activation: str
    load: str = ""
    table: DataSet | None = None
    dtype: str = "float64"

    @property
    def name(self) -> str:
        data = self.table.name if self.table else self.load
        return f"suggest: {data}, {self.units} {self.activation}, {self.dtype}"

    @property
    def classes(self) -> bool:
        return self.load not in ("", "diabetes")


ADVICE = [
    Roads(units, activation, load, table, dtype)
    for load, table, dtype in (
        *((load, None, "float64") for load in ("digits", "breast_cancer", "wine")),
        *(("diabetes", None, dtype) for dtype in FLOATS),
        *(("", table, dtype) for table in TABLES[:2] for dtype in FLOATS),
    )
    for units, activation in ((16, "tanh"), (64, "relu"))
]


def of_all_splits(rounds: dict[str, Any]) -> dict[str, dict[str, list[float]]]:
    """Mean errors over the splits, and that of the advice over the least of the roads."""
    means = {name: fmean(of) for name, of in rounds.get("error", {}).items()}
    roads = [mean for name, mean in means.items() if name != "fanin"]
    derived = {"error": {name: [mean] for name, mean in means.items()}} if means else {}
    if "fanin" in means and roads:
        derived["over the better road"] = {"fanin": [100 * means["fanin"] / min(roads)]}
    return derived


def table_of_choices(rows: Sequence[Row]) -> list[Table]:
    """A line for each net: the errors of the roads, the one advised, and its error over the least."""
    chosen = [row for row in rows if row.result == "error" and "fanin" in row.times and row.peers]
    names = dict.fromkeys(name for row in chosen for name in row.peers)
    lines = []
    for row in chosen:
        of = {name: error for name, (error,) in row.peers.items()}
        line: dict[str, object] = {"case": row.case}
        line |= {f"{name}, {row.unit}": number(of[name]) if name in of else EMPTY for name in names}
        line["advice"] = next((name for name, error in of.items() if error == row.ours), "several roads")
        line["of the better error, %"] = number(100 * row.ours / min(of.values()))
        lines.append(line)
    return [Table("Advice beside the roads that it chooses among", lines, note_of(chosen))] if lines else []

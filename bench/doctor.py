"""The training doctor: faults that it finds, its false alarms, and the cost of watching a fit.

Peers' processes may import this, so fanin is not loaded here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from bench.cases import NETS, Net
from bench.report import EMPTY, Row, Table, note_of

ALL = "all faults"
SEEDS, GOOD_SEEDS = 3, 12  # of faults, and of the good fits
LEAST = 0.01  # per cent: a share that counts as 0
OTHER = "fanin, sets of thresholds"
FAULTS = (
    *(f"rate x {10**k:,}" for k in range(1, 5)),
    *(f"rate / {10**k:,}" for k in range(1, 6)),
    *(f"epochs / {k}" for k in (10, 50)),
    "squared error of class numbers",
    "squared error of classes",
    "relu outputs",
    "logistic outputs",
    "zero weights",
    "constant weights",
    "10 x initial weights",
    "10 logistic layers",
    "no nonlinearity",
    "inputs x 1000",
    "inputs + 1000",
    "shuffled labels",
    "20 % flipped labels",
    "one class 2 %",
    "leaked column",
    "duplicated rows",
    "dropout .9",
    "l2 10",
    "single rows, rate x 10",
    "sorted, not shuffled",
)
QUICK = (
    "rate x 1,000",
    "rate / 1,000",
    "zero weights",
    "relu outputs",
    "inputs + 1000",
    "leaked column",
    "l2 10",
)
RESULTS = {
    "recall": "Doctor: harmful runs that are found, by a remedy that is proved or by the name of the fault",
    "watching": "Doctor: fit(diagnose=True) over fit()",
}
UNITS = {"recall": "%", "named": "%", "false alarms": "%", "harmful": "runs", "watching": "times"}


@dataclass(frozen=True)
class Recall:
    """A fault in all set-ups, or all faults together."""

    fault: str
    seeds: int = SEEDS
    good_seeds: int = GOOD_SEEDS
    quick: bool = False

    @property
    def name(self) -> str:
        return f"recall: {self.fault}"

    @property
    def faults(self) -> tuple[str, ...]:
        return (self.fault,) if self.fault != ALL else QUICK if self.quick else FAULTS


@dataclass(frozen=True)
class Watching(Net):
    """A net of the training steps."""

    @property
    def name(self) -> str:
        return f"watching: {super().name}"


def cases(quick: bool) -> list[Recall | Watching]:
    """All faults together come last, when their runs are there."""
    recall = [Recall(fault, *(1, 2, True) if quick else ()) for fault in (*(QUICK if quick else FAULTS), ALL)]
    return [*recall, *(Watching(**{of.name: getattr(net, of.name) for of in fields(net)}) for net in NETS)]


def derived(rounds: dict[str, Any]) -> dict[str, dict[str, list[float]]]:
    """Shares of the counts of a fault, of each half of the sets; a half without a harmful run has no recall."""
    found: dict[str, dict[str, list[float]]] = {}
    for column, (counts,) in rounds.get("recall", {}).items():
        shares = {
            "recall": share(counts["found"], counts["harmful"]),
            "named": share(counts["named"], counts["harmful"]),
            "false alarms": share(counts["alarms"], counts["good"]),
            "harmful": [counts["harmful"]],
        }
        for result, values in shares.items():
            found.setdefault(result, {}).update({column: values} if values else {})
    return found


def share(count: int, of: int) -> list[float]:
    """Per cent, or nothing of none."""
    return [max(LEAST, 100 * count / of)] if of else []


def table_by_fault(rows: Sequence[Row]) -> list[Table]:
    """A line for each fault: runs that it harms, those found and those named, and alarms about good runs."""
    known = {row.key(): row for row in rows}
    lines = []
    for row in rows:
        if row.result != "harmful":
            continue
        line: dict[str, object] = {"fault": row.case.removeprefix("recall: ")}
        for result in ("harmful", "recall", "named", "false alarms"):
            times = (
                known[result, row.case, row.threads].times if (result, row.case, row.threads) in known else {}
            )
            for column, sets in (("fanin", ""), (OTHER, ", sets of thresholds")):
                cell = f"{times[column][0]:.0f}" if times.get(column) else EMPTY
                line[f"{result}{', %' if result != 'harmful' else ''}{sets}"] = cell
        lines.append(line)
    return [Table("What the doctor finds, by fault", lines, note_of(rows))] if lines else []

"""How training grows: the time of a step with the weights of the net, of an epoch with its samples."""

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from bench.cases import GROWING_SAMPLES, GROWING_WEIGHTS
from bench.record import Row
from bench.report import Table, note_of, number, ratio_cell, timing_cell


class Curve(NamedTuple):
    """One way to grow: of each net its size, and how many steps are timed as one."""

    heading: str
    sizes: str
    time: str
    nets: dict[str, tuple[int, int]]

    def points(self, rows: Sequence[Row]) -> list[tuple[int, int, list[float]]]:
        """Threads, size and times, in this order, of the rows that are on the curve."""
        timed = [
            (row, *self.nets[row.case]) for row in rows if row.case in self.nets and "fanin" in row.times
        ]
        return sorted(
            (row.threads, size, [steps * time for time in row.times["fanin"]]) for row, size, steps in timed
        )

    def table(self, rows: Sequence[Row]) -> Table:
        """With p between a size and the one before, time ~ size^p."""
        lines = []
        last = 0, 0, 0.0
        for threads, size, times in self.points(rows):
            time, p = median(times), 0.0
            if last[0] == threads:
                p = math.log(time / last[2]) / math.log(size / last[1])
            last = threads, size, time
            lines.append(
                {
                    self.sizes: f"{size:,}",
                    "threads": threads,
                    f"{self.time}, us": timing_cell(times),
                    f"time / {self.sizes[:-1]}, ns": number(1e3 * time / size),
                    "exponent p, 1": ratio_cell(p),
                }
            )
        return Table(self.heading, lines, note_of([row for row in rows if row.case in self.nets]))


BY_WEIGHTS = {net.name: (net.weights, 1) for net in GROWING_WEIGHTS}
BY_SAMPLES = {net.name: (net.samples, net.steps) for net in GROWING_SAMPLES}
EPOCHS = "Growth with the samples: an epoch of 54-128-128-7 with Adam, batch 64"
CURVES = [
    Curve("Growth with the weights: a step with Adam, batch 64", "weights", "a step", BY_WEIGHTS),
    Curve(EPOCHS, "samples", "an epoch", BY_SAMPLES),
]


def growth_tables(rows: Sequence[Row]) -> list[Table]:
    """The curves that some row is on."""
    return [curve.table(rows) for curve in CURVES if curve.points(rows)]

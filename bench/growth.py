"""How training grows: the time of a step with the weights of the net, of an epoch with its samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.cases import GROWING_SAMPLES, GROWING_WEIGHTS
from bench.record import Row, Timing
from bench.report import Table, note_of, number, ratio_cell, timing_cell


class Point(NamedTuple):
    """A size on a curve, and its time in microseconds."""

    threads: int
    size: int
    timing: Timing


@dataclass(frozen=True)
class Curve:
    """One way to grow: of each net its size, and how many steps are timed as one."""

    heading: str
    sizes: str
    time: str
    nets: Mapping[str, tuple[int, int]]

    def points(self, rows: Sequence[Row]) -> list[Point]:
        """Those of the rows that are on the curve, by threads and size."""
        found = []
        for row in rows:
            if row.case in self.nets and "fanin" in row.times:
                size, steps = self.nets[row.case]
                timing = Timing([steps * time for time in row.times["fanin"].rounds])
                found.append(Point(row.threads, size, timing))
        return sorted(found, key=lambda point: point[:2])

    def table(self, rows: Sequence[Row]) -> Table:
        """With p between a size and the one before, time ~ size^p."""
        lines, before = [], None
        for point in self.points(rows):
            p, time = 0.0, point.timing.median
            if before and before.threads == point.threads:
                p = math.log(time / before.timing.median) / math.log(point.size / before.size)
            before = point
            lines.append(
                {
                    self.sizes: f"{point.size:,}",
                    "threads": point.threads,
                    f"{self.time}, us": timing_cell(point.timing),
                    f"time / {self.sizes[:-1]}, ns": number(1e3 * time / point.size),
                    "exponent p, 1": ratio_cell(p),
                }
            )
        return Table(self.heading, lines, note_of([row for row in rows if row.case in self.nets]))


CURVES = [
    Curve(
        "Growth with the weights: a step with Adam, batch 64",
        "weights",
        "a step",
        {net.name: (net.weights, 1) for net in GROWING_WEIGHTS},
    ),
    Curve(
        "Growth with the samples: an epoch of 54-128-128-7 with Adam, batch 64",
        "samples",
        "an epoch",
        {net.name: (net.samples, net.steps) for net in GROWING_SAMPLES},
    ),
]


def growth_tables(rows: Sequence[Row]) -> list[Table]:
    """The curves that some row is on."""
    return [curve.table(rows) for curve in CURVES if curve.points(rows)]

"""How training grows: the time of a step with the weights of the net, of an epoch with its samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.cases import GROWING_SAMPLES, GROWING_WEIGHTS
from bench.record import Row, Timing
from bench.report import Table, note_of, number, ratio_cell, tabulated, timing_cell


@dataclass(frozen=True)
class Point:
    """A size on a curve, its time in microseconds, and p between it and the size before, time ~ size^p."""

    size: int
    threads: int
    timing: Timing
    p: float


@dataclass(frozen=True)
class Curve:
    """One way to grow: of each net its size, and how many steps are timed as one."""

    heading: str
    size_name: str
    time_name: str
    nets: Mapping[str, tuple[int, int]]

    def points(self, rows: Sequence[Row]) -> list[Point]:
        """Those of the rows that are on the curve, by threads and size."""
        found: list[Point] = []
        chosen = [row for row in rows if row.case in self.nets and "fanin" in row.times]
        for row in sorted(chosen, key=lambda row: (row.threads, self.nets[row.case])):
            size, steps = self.nets[row.case]
            timing, p = Timing([steps * time for time in row.times["fanin"].rounds]), 0.0
            if found and found[-1].threads == row.threads:
                p = math.log(timing.median / found[-1].timing.median) / math.log(size / found[-1].size)
            found.append(Point(size, row.threads, timing, p))
        return found

    def table(self, rows: Sequence[Row]) -> Table:
        columns: dict[str, Callable[[Point], str]] = {
            self.size_name: lambda point: f"{point.size:,}",
            "threads": lambda point: str(point.threads),
            f"{self.time_name}, us": lambda point: timing_cell(point.timing),
            f"time / {self.size_name[:-1]}, ns": lambda point: number(1e3 * point.timing.median / point.size),
            "exponent p, 1": lambda point: ratio_cell(point.p),
        }
        on_curve = [row for row in rows if row.case in self.nets]
        return tabulated(self.heading, columns, self.points(rows), note_of(on_curve))

    def draw(self, axes: Any, rows: Sequence[Row]) -> None:
        """Time by size on logarithmic axes, beside a line of slope 1 through the largest."""
        points = self.points(rows)
        for threads in dict.fromkeys(point.threads for point in points):
            sizes, times = zip(
                *((point.size, point.timing.median) for point in points if point.threads == threads),
                strict=True,
            )
            (line,) = axes.loglog(sizes, times, marker="o", markersize=4, label=f"threads {threads}")
            straight = [times[-1] * size / sizes[-1] for size in sizes]
            axes.plot(sizes, straight, color=line.get_color(), linestyle=":", linewidth=0.8)
        axes.set_title(self.heading, fontsize=11)
        axes.set_xlabel(f"{self.size_name} (dotted: linear)", fontsize=9)
        axes.set_ylabel(f"microseconds {self.time_name}", fontsize=9)
        axes.legend(fontsize=7, frameon=False)


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

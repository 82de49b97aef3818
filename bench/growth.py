"""How training grows: the time of a step with the weights of the net, of an epoch with its samples."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.cases import GROWING_SAMPLES, GROWING_WEIGHTS, Net
from bench.record import Row, Timing
from bench.report import EMPTY, Table, note_of, number, timing_cell


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One way to grow: the nets, their size, and how many steps are timed as one."""

    heading: str
    size_name: str
    time_name: str
    nets: Mapping[str, Net]
    size: Callable[[Net], int]
    steps: Callable[[Net], int]

    def points(self, rows: Sequence[Row]) -> dict[int, list[tuple[int, Timing]]]:
        """Size and microseconds of the rows that are on the curve, by threads."""
        found: dict[int, list[tuple[int, Timing]]] = {}
        for row in rows:
            net = self.nets.get(row.case)
            if net and "fanin" in row.times:
                rounds = [self.steps(net) * microseconds for microseconds in row.times["fanin"].rounds]
                found.setdefault(row.threads, []).append((self.size(net), Timing(rounds)))
        return {threads: sorted(points, key=lambda point: point[0]) for threads, points in found.items()}

    def table(self, rows: Sequence[Row]) -> Table:
        """The exponent p between two neighbours, time ~ size^p: 1 where growth is linear."""
        one = self.size_name[:-1]
        columns = [self.size_name, "threads", f"{self.time_name}, us", f"time / {one}, ns", "exponent p, 1"]
        table = Table(self.heading, columns, note=note_of(rows))
        for threads, points in self.points(rows).items():
            exponents = [EMPTY, *(f"{exponent(a, b):.2f}" for a, b in itertools.pairwise(points))]
            for (size, timing), p in zip(points, exponents, strict=True):
                cells = [timing_cell(timing), number(1e3 * timing.median / size), p]
                table.rows.append([f"{size:,}", str(threads), *cells])
        return table

    def draw(self, axes: Any, rows: Sequence[Row]) -> None:
        """Time by size on logarithmic axes, beside a line of slope 1 through the largest."""
        for threads, points in self.points(rows).items():
            sizes, times = [size for size, _ in points], [timing.median for _, timing in points]
            label = f"{threads} thread{'s' if threads > 1 else ''}"
            (line,) = axes.plot(sizes, times, marker="o", markersize=4, label=label)
            straight = [times[-1] * size / sizes[-1] for size in sizes]
            axes.plot(sizes, straight, color=line.get_color(), linestyle=":", linewidth=0.8)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_title(self.heading, fontsize=11)
        axes.set_xlabel(f"{self.size_name} (dotted: linear)", fontsize=9)
        axes.set_ylabel(f"microseconds {self.time_name}", fontsize=9)
        axes.legend(fontsize=7, frameon=False)


def exponent(smaller: tuple[int, Timing], larger: tuple[int, Timing]) -> float:
    """Slope between two points on logarithmic axes."""
    return math.log(larger[1].median / smaller[1].median) / math.log(larger[0] / smaller[0])


CURVES = [
    Curve(
        heading="Growth with the weights: a step with Adam, batch 64",
        size_name="weights",
        time_name="a step",
        nets={net.name: net for net in GROWING_WEIGHTS},
        size=lambda net: net.weights,
        steps=lambda net: 1,
    ),
    Curve(
        heading="Growth with the samples: an epoch of 54-128-128-7 with Adam, batch 64",
        size_name="samples",
        time_name="an epoch",
        nets={net.name: net for net in GROWING_SAMPLES},
        size=lambda net: net.samples,
        steps=lambda net: net.steps,
    ),
]


def growth_tables(rows: Sequence[Row]) -> list[Table]:
    """The curves that some row is on."""
    return [table for curve in CURVES if (table := curve.table(rows)).rows]

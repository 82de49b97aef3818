"""How times grow with sizes: tables of curves, and a picture of the fraction of the limit and of the curves."""

import importlib
import math
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.cases import GROWING_SAMPLES, GROWING_WEIGHTS
from bench.record import Row, groups
from bench.report import Table, note_of, number, ratio_cell, timing_cell

WORK = {"GFLOP/s": "floating-point operations", "10^9/s": "numbers"}
# distinct to the colour-blind, too
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


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


def draw_fractions(axes: Any, timed: Sequence[Row]) -> None:
    """A colour for each result, a line style and a mark for each number of threads."""
    results = list(dict.fromkeys(row.result for row in timed))
    threads = sorted({row.threads for row in timed})
    for result, n_threads in dict.fromkeys((row.result, row.threads) for row in timed):
        fractions: dict[float, list[float]] = {}
        for row in timed:
            if (row.result, row.threads) == (result, n_threads):
                fractions.setdefault(row.work, []).append(row.fraction)
        sizes = sorted(fractions)
        points = [(size, fraction) for size in sizes for fraction in fractions[size]]
        medians = [median(fractions[size]) for size in sizes]
        place, color = threads.index(n_threads) % 4, COLORS[results.index(result) % len(COLORS)]
        style, mark = ("-", "--", ":", "-.")[place], "os^D"[place]
        axes.plot(sizes, medians, style, color=color, linewidth=1.4, label=f"{result}, threads {n_threads}")
        axes.scatter(*zip(*points, strict=True), color=color, marker=mark, s=16, alpha=0.5, linewidths=0)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    # whole decades: the labels between them would overlap
    least, most = (math.floor(math.log10(end(row.work for row in timed))) for end in (min, max))
    axes.set_xlim(10**least, 10 ** (most + 1))
    axes.tick_params(axis="x", which="minor", labelbottom=False)
    axes.set_ylim(0, max(1.05, *(1.05 * row.fraction for row in timed)))


def draw_growth(axes: Any, points: Sequence[tuple[int, int, list[float]]]) -> None:
    """Time by size on logarithmic axes, beside a line of slope 1 through the largest."""
    for threads in dict.fromkeys(point[0] for point in points):
        sizes = [size for team, size, _ in points if team == threads]
        times = [median(rounds) for team, _, rounds in points if team == threads]
        (line,) = axes.loglog(sizes, times, marker="o", markersize=4, label=f"threads {threads}")
        straight = [times[-1] * size / sizes[-1] for size in sizes]
        axes.plot(sizes, straight, color=line.get_color(), linestyle=":", linewidth=0.8)


def plot(run: dict[str, Any], path: Path) -> None:
    """Write the picture of a run, in the format of the file's name."""
    try:
        figures: Any = importlib.import_module("matplotlib.figure")
    except ImportError:
        sys.exit("a plot needs matplotlib: pip install 'fanin[plot]'")
    panels = []  # with titles and labels
    for name, rows in groups(run).items():
        rate = run[name]["rate"]
        if timed := [row for row in rows if row.work and row.fraction]:
            draw = partial(draw_fractions, timed=timed)
            panels.append((draw, name.replace("_", " "), WORK.get(rate, rate), "fraction of the limit"))
    for curve in CURVES:
        if points := curve.points(groups(run).get("growth", [])):
            draw = partial(draw_growth, points=points)
            panels.append(
                (draw, curve.heading, f"{curve.sizes} (dotted: linear)", f"microseconds {curve.time}")
            )
    if not panels:
        sys.exit("there is nothing to plot: fanin was timed beside a limit in no case of this run")
    columns, lines = min(2, len(panels)), -(-len(panels) // 2)
    figure = figures.Figure(figsize=(7.5 * columns, 3.4 * lines), layout="constrained")
    for place, (draw, title, x_label, y_label) in enumerate(panels, 1):
        axes = figure.add_subplot(lines, columns, place)
        draw(axes)
        axes.set_title(title, fontsize=11)
        axes.set_xlabel(x_label, fontsize=9)
        axes.set_ylabel(y_label, fontsize=9)
        axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, borderaxespad=0)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.25, linewidth=0.6)
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        sys.exit(f"{path} cannot be written: {error}")

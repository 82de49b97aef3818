"""The fraction of the limit by size, as a picture: a panel for each group, and the curves of growth."""

import importlib
import math
import statistics
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.growth import CURVES
from bench.record import Row, groups

WORK = {"GFLOP/s": "floating-point operations", "10^9/s": "numbers"}
# distinct to the colour-blind, too
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


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
        medians = [statistics.median(fractions[size]) for size in sizes]
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
        times = [statistics.median(rounds) for team, _, rounds in points if team == threads]
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

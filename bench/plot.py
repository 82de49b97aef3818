"""The fraction of the limit by size, as a picture: a panel for each group."""

from __future__ import annotations

import importlib
import math
import statistics
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.growth import CURVES
from bench.record import Row, groups, rows

WORK = {"GFLOP/s": "floating-point operations", "10^9/s": "numbers"}
# distinct to the colour-blind, too
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
COLUMNS = 2


class PlotError(Exception):
    """No picture can be drawn; the message says why."""


def draw(axes: Any, name: str, rate: str, timed: Sequence[Row]) -> None:
    """One panel: a colour for each result, a line style and a mark for each number of threads."""
    results = list(dict.fromkeys(row.result for row in timed))
    threads = sorted({row.threads for row in timed})
    for result, n_threads in dict.fromkeys((row.result, row.threads) for row in timed):
        fractions: dict[float, list[float]] = {}
        for row in timed:
            if (row.result, row.threads) == (result, n_threads):
                fractions.setdefault(row.work, []).append(row.fraction)
        place, color = threads.index(n_threads) % 4, COLORS[results.index(result) % len(COLORS)]
        sizes = sorted(fractions)
        medians, style = [statistics.median(fractions[size]) for size in sizes], ("-", "--", ":", "-.")[place]
        axes.plot(sizes, medians, style, color=color, linewidth=1.4, label=f"{result}, threads {n_threads}")
        points = [(size, fraction) for size in sizes for fraction in fractions[size]]
        axes.scatter(
            *zip(*points, strict=True), color=color, marker="os^D"[place], s=16, alpha=0.5, linewidths=0
        )
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    # whole decades: the labels between them would overlap
    least, most = (math.floor(math.log10(end(row.work for row in timed))) for end in (min, max))
    axes.set_xlim(10**least, 10 ** (most + 1))
    axes.tick_params(axis="x", which="minor", labelbottom=False)
    axes.set_ylim(0, max(1.05, *(1.05 * row.fraction for row in timed)))
    axes.set_title(name.replace("_", " "), fontsize=11)
    axes.set_xlabel(WORK.get(rate, rate), fontsize=9)
    axes.set_ylabel("fraction of the limit", fontsize=9)
    axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, borderaxespad=0)


def panels_of(run: dict[str, Any]) -> list[Callable[[Any], None]]:
    """What is drawn into the axes of each panel."""
    panels: list[Callable[[Any], None]] = []
    for name, of_group in groups(run):
        timed = [row for row in of_group if row.work and row.limit and "fanin" in row.times]
        if timed:
            panels.append(partial(draw, name=name, rate=run[name]["rate"], timed=timed))
    grown = rows(run, "growth")
    return panels + [partial(curve.draw, rows=grown) for curve in CURVES if curve.points(grown)]


def plot(run: dict[str, Any], path: Path) -> None:
    """Write the picture of a run, in the format of the file's name."""
    try:
        figures: Any = importlib.import_module("matplotlib.figure")
    except ImportError:
        raise PlotError("a plot needs matplotlib: pip install 'fanin[plot]'") from None
    panels = panels_of(run)
    if not panels:
        raise PlotError("there is nothing to plot: fanin was timed beside a limit in no case of this run")
    columns = min(COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    figure = figures.Figure(figsize=(7.5 * columns, 3.4 * lines), layout="constrained")
    for place, panel in enumerate(panels, 1):
        axes = figure.add_subplot(lines, columns, place)
        panel(axes)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.25, linewidth=0.6)
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        raise PlotError(f"{path} cannot be written: {error}") from None

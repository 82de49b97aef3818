"""The fraction of the limit by size, as a picture: a panel for each group."""

from __future__ import annotations

import importlib
import math
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench.growth import CURVES
from bench.record import groups

WORK = {"GFLOP/s": "floating-point operations", "10^9/s": "numbers"}
COLORS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
)  # told apart by the colour-blind too
COLUMNS = 2


class PlotError(Exception):
    """No picture can be drawn; the message says why."""


Series = dict[tuple[str, int], list[tuple[float, float]]]


def fractions(group: dict[str, Any]) -> Series:
    """Work and fraction of the limit of each case that fanin was timed on, by result and threads."""
    found: Series = {}
    for case in group["cases"]:
        rounds = case["microseconds"].get("fanin")
        if rounds and "work" in case:
            point = case["work"], case["limit_microseconds"] / statistics.median(rounds)
            found.setdefault((case["result"], case["threads"]), []).append(point)
    return found


def line(points: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """The median fraction at each size, by rising size."""
    at: dict[float, list[float]] = {}
    for size, fraction in points:
        at.setdefault(size, []).append(fraction)
    sizes = sorted(at)
    return sizes, [statistics.median(at[size]) for size in sizes]


def draw(axes: Any, name: str, rate: str, series: Series) -> None:
    """One panel: a colour for each result, a line style and a mark for each number of threads."""
    kinds = list(dict.fromkeys(result for result, _ in series))
    threads = sorted({n_threads for _, n_threads in series})
    for (result, n_threads), points in series.items():
        color = COLORS[kinds.index(result) % len(COLORS)]
        place = threads.index(n_threads)
        axes.scatter(
            *zip(*points, strict=True), color=color, marker="os^D"[place % 4], s=16, alpha=0.5, linewidths=0
        )
        label = f"{result}, {n_threads} thread{'s' if n_threads > 1 else ''}"
        axes.plot(
            *line(points),
            color=color,
            linestyle=("-", "--", ":", "-.")[place % 4],
            linewidth=1.4,
            label=label,
        )
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    # whole decades: the labels between them would overlap
    sizes = [size for points in series.values() for size, _ in points]
    decades = math.floor(math.log10(min(sizes))), math.floor(math.log10(max(sizes))) + 1
    axes.set_xlim(10 ** decades[0], 10 ** decades[1])
    axes.tick_params(axis="x", which="minor", labelbottom=False)
    axes.set_ylim(0, max(1.05, 1.05 * max(fraction for points in series.values() for _, fraction in points)))
    axes.set_title(name.replace("_", " "), fontsize=11)
    axes.set_xlabel(WORK.get(rate, rate), fontsize=9)
    axes.set_ylabel("fraction of the limit", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, borderaxespad=0)


def plot(run: dict[str, Any], path: Path) -> None:
    """Write the picture of a run, in the format that the file's name tells."""
    try:
        figures: Any = importlib.import_module("matplotlib.figure")
    except ImportError:
        raise PlotError(
            "a plot needs matplotlib, which is not installed: pip install 'fanin[plot]'"
        ) from None
    panels: list[Callable[[Any], None]] = [
        partial(draw, name=name, rate=group["rate"], series=series)
        for name, group in groups(run).items()
        if (series := fractions(group))
    ]
    grown = groups(run).get("growth", {"cases": []})["cases"]
    panels += [partial(curve.draw, cases=grown) for curve in CURVES if curve.points(grown)]
    if not panels:
        raise PlotError(
            "there is nothing to plot: fanin was timed on no case of this run, or by an older bench"
        )
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure = figures.Figure(figsize=(7.5 * columns, 3.4 * rows), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, panel in zip(grid, panels, strict=False):
        panel(axes)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        raise PlotError(f"{path} cannot be written: {error}") from None

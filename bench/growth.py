"""How times grow with sizes: tables of curves, and a picture of the fraction of the limit and of the curves."""

import itertools
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.cases import GROWING_SAMPLES, GROWING_WEIGHTS
from bench.report import Row, Table, groups, note_of, number, ratio_cell, timing_cell

# what grows, what is timed, the heading, and of each net its size, and how many steps are timed as one
BY_WEIGHTS = {net.name: (net.weights, 1) for net in GROWING_WEIGHTS}
BY_SAMPLES = {net.name: (net.samples, net.steps) for net in GROWING_SAMPLES}
CURVES = [
    ("weights", "a step", "Growth with the weights: a step with Adam, batch 64", BY_WEIGHTS),
    (
        "samples",
        "an epoch",
        "Growth with the samples: an epoch of 54-128-128-7 with Adam, batch 64",
        BY_SAMPLES,
    ),
]
WORK = {"GFLOP/s": "floating-point operations", "10^9/s": "numbers", "10^9 weights/s": "weights"}
# distinct to the colour-blind, too
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
STYLES = (("-", "o"), ("--", "s"), (":", "^"), ("-.", "D"))  # of lines and points, by number of threads


def on_curve(rows: Sequence[Row], nets: Mapping[str, tuple[int, int]]) -> list[tuple[int, int, list[float]]]:
    """Threads, size and times, in this order."""
    timed = [(row, *nets[row.case]) for row in rows if row.case in nets and "fanin" in row.times]
    return sorted(
        (row.threads, size, [steps * us for us in row.times["fanin"]]) for row, size, steps in timed
    )


def growth_tables(rows: Sequence[Row]) -> list[Table]:
    """The curves that some row is on, with p between a size and the one before, time ~ size^p."""
    tables = []
    for what, timed, heading, nets in CURVES:
        lines, before = [], dict[int, tuple[int, float]]()
        for threads, size, times in on_curve(rows, nets):
            time, (last_size, last_time) = median(times), before.get(threads, (0, 0.0))
            p = math.log(time / last_time) / math.log(size / last_size) if last_size else 0.0
            before[threads] = size, time
            line = {what: f"{size:,}", "threads": threads, f"{timed}, us": timing_cell(times)}
            line[f"time / {what[:-1]}, ns"] = number(1e3 * time / size)
            lines.append(line | {"exponent p, 1": ratio_cell(p)})
        note = note_of([row for row in rows if row.case in nets])
        tables += [Table(heading, lines, note)] if lines else []
    return tables


def draw_fractions(axes: Any, timed: Sequence[Row]) -> None:
    """A colour for each result, a line style and a mark for each number of threads."""
    colors = dict(zip(dict.fromkeys(row.result for row in timed), itertools.cycle(COLORS), strict=False))
    styles = dict(zip(sorted({row.threads for row in timed}), itertools.cycle(STYLES), strict=False))
    for result, threads in dict.fromkeys((row.result, row.threads) for row in timed):
        points = [(row.work, row.fraction) for row in timed if (row.result, row.threads) == (result, threads)]
        sizes = sorted({size for size, _ in points})
        medians = [median(fraction for size, fraction in points if size == of) for of in sizes]
        color, (line, mark) = colors[result], styles[threads]
        axes.plot(sizes, medians, line, color=color, linewidth=1.4, label=f"{result}, threads {threads}")
        axes.scatter(*zip(*points, strict=True), color=color, marker=mark, s=16, alpha=0.5, linewidths=0)
    axes.axhline(1, color="black", linewidth=0.8)
    # whole decades: the labels between them would overlap
    least, most = (math.floor(math.log10(end(row.work for row in timed))) for end in (min, max))
    axes.set(xscale="log", xlim=(10**least, 10 ** (most + 1)))
    axes.set_ylim(0, max(1.05, *(1.05 * row.fraction for row in timed)))
    axes.tick_params(axis="x", which="minor", labelbottom=False)


def draw_growth(axes: Any, points: Sequence[tuple[int, int, list[float]]]) -> None:
    """Time by size on logarithmic axes, beside a line of slope 1 through the largest."""
    for threads in dict.fromkeys(point[0] for point in points):
        sizes = [size for team, size, _ in points if team == threads]
        times = [median(rounds) for team, _, rounds in points if team == threads]
        (line,) = axes.loglog(sizes, times, marker="o", markersize=4, label=f"threads {threads}")
        straight = [times[-1] * size / sizes[-1] for size in sizes]
        axes.plot(sizes, straight, color=line.get_color(), linestyle=":", linewidth=0.8)


def plot(run: dict[str, Any], path: Path) -> None:
    """Write the picture of a run, a panel for each group and each curve, in the format of the file's name."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        sys.exit("a plot needs matplotlib: pip install 'fanin[plot]'")
    rows, panels = groups(run), list[tuple[Any, ...]]()
    for name in rows:
        rate, timed = run[name]["rate"], [row for row in rows[name] if row.work and row.fraction]
        titles = name.replace("_", " "), WORK.get(rate, rate), "fraction of the limit"
        panels += [(draw_fractions, timed, *titles)] if timed else []
    for what, timed_as, heading, nets in CURVES:
        points = on_curve(rows.get("growth", []), nets)
        titles = heading, f"{what} (dotted: linear)", f"microseconds {timed_as}"
        panels += [(draw_growth, points, *titles)] if points else []
    if not panels:
        sys.exit("there is nothing to plot: fanin was timed beside a limit in no case of this run")
    columns, lines = min(2, len(panels)), -(-len(panels) // 2)
    figure = Figure(figsize=(7.5 * columns, 3.4 * lines), layout="constrained")
    for place, (draw, drawn, title, x_label, y_label) in enumerate(panels, 1):
        axes = figure.add_subplot(lines, columns, place)
        draw(axes, drawn)
        axes.set(xlabel=x_label, ylabel=y_label)
        axes.set_title(title, fontsize=11, loc="left")
        axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, borderaxespad=0)
        axes.grid(alpha=0.25, linewidth=0.6)
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        sys.exit(f"{path} cannot be written: {error}")

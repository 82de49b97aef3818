"""
Error and time on tables
========================

What a longer fit buys on tables of numbers and categories, and what it does not. ``python -m bench --group tables``
fits each library, without a parameter, to four fifths of six public tables, and measures the root mean squared error
or the log-loss on the rest. Its stored runs are drawn here, as geometric means over the tables: error in per cent of
LightGBM's, and seconds on two threads. The line joins those that no other beats in both.
"""

from __future__ import annotations

import json
from statistics import geometric_mean
from typing import Any

from common import COLOURS, GREY, ROOT, main, panels, table

RUNS = ROOT / "bench" / "runs"


def run() -> dict[str, dict[str, list[float]]]:
    """Return the errors and the seconds of each library, one for each table."""
    result: dict[str, dict[str, list[float]]] = {}
    # the run without slow peers counts where both do
    for path in sorted(RUNS.glob("tables*.json"), reverse=True):
        found: dict[str, dict[str, list[float]]] = {}
        for case in json.loads(path.read_text(encoding="utf-8"))["tables"]["cases"]:
            for name, (value, *_) in case.get("values", {}).items():
                found.setdefault(name, {}).setdefault(case["result"], []).append(value)
        result |= found
    return result


def points(result: dict[str, dict[str, list[float]]]) -> dict[str, tuple[float, float]]:
    """Return seconds and error of each library that has fitted as many tables as any."""
    most = max(len(of["fit"]) for of in result.values())
    return {
        name: (geometric_mean(of["fit"]), geometric_mean(of["relative error"]))
        for name, of in result.items()
        if len(of["fit"]) == most
    }


def front(found: dict[str, tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points that no other beats in both time and error, by time."""
    kept: list[tuple[float, float]] = []
    for point in sorted(found.values()):
        if not kept or point[1] < kept[-1][1]:
            kept.append(point)
    return kept


def show(result: dict[str, dict[str, list[float]]]) -> None:
    table(
        ["library", "tables", "seconds", "error, %", "worst, %"],
        (
            [name, len(of["fit"]), geometric_mean(of["fit"]), geometric_mean(errors), max(errors)]
            for name, of in result.items()
            for errors in (of["relative error"],)
        ),
    )


def draw(result: dict[str, dict[str, list[float]]]) -> Any:
    found = points(result)
    figure, (axes,) = panels("Error and time of a fit, geometric means over the tables")
    axes.plot(*zip(*front(found), strict=True), color=GREY, linewidth=1, linestyle=":", zorder=0)
    for (name, (seconds, error)), colour in zip(found.items(), COLOURS, strict=False):
        axes.scatter(seconds, error, s=60, color=colour)
        axes.annotate(name, (seconds, error), (8, 4), textcoords="offset points", color=colour, fontsize=9)
    axes.set(xscale="log", yscale="log")
    axes.margins(x=0.2, y=0.15)
    axes.tick_params(which="both", labelsize=8, colors=GREY)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.set_xlabel("seconds of a fit")
    axes.set_ylabel("error, per cent of LightGBM's")
    return figure


# %%
if __name__ == "__main__":
    main(run, show, draw)

# %%
# fanin's defaults have 97 % of LightGBM's error after 2.8 seconds, HistGradientBoosting 101 % in twice LightGBM's 0.11
# seconds, and the MLP of scikit-learn 118 % after 4.3 seconds.

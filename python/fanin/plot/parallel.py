"""Parallel coordinates: an axis for each parameter and one for the score, and a line for each trial."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fanin.plot.figure import GREY, add_legend
from fanin.plot.records import Records, legend_entries, line_styles, score, value_of
from fanin.plot.scale import round_numbers

_BELOW = -0.1  # where trials that failed end, below the axis of scores
_HALO = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.6}


def draw_parallel(axes: Any, trained: Records) -> None:
    """Draw the axes and the lines."""
    columns = []
    for x, (name, label) in enumerate(zip(trained.names, trained.labels, strict=True)):
        scale = trained.scale(name)
        positions = [scale.position(value_of(trial, name)) for trial in trained.drawn]
        ticks = [(scale.even(place), text) for place, text in scale.ticks(positions)]
        heights = [scale.even(position) for position in positions]
        low, high = _ends([*heights, *(height for height, _ in ticks)])
        columns.append([(height - low) / (high - low) for height in heights])
        shares = [((height - low) / (high - low), text) for height, text in ticks]
        _draw_axis(axes, x, scale.label(label), shares)
    columns.append(_draw_scores(axes, len(trained.names), trained))
    for row, style in zip(zip(*columns, strict=True), line_styles(trained), strict=True):
        axes.plot(range(len(columns)), row, **style)
    lowest = _BELOW if trained.failed else 0
    axes.set(xlim=(-0.35, len(trained.names) + 0.3), ylim=(lowest - 0.05, 1.16), xticks=[], yticks=[])
    axes.spines[["left", "bottom"]].set_visible(False)
    add_legend(axes, handles=legend_entries(axes), loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=4)


def _ends(heights: Iterable[float]) -> tuple[float, float]:
    """Return the lowest and the highest; around a single one, an interval."""
    heights = list(heights)
    low, high = min(heights), max(heights)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _draw_scores(axes: Any, x: int, trained: Records) -> list[float]:
    """Draw the axis of scores; return the height of each trial."""
    reached = [score(trial) for trial in trained.finished]
    low, high = trained.score_limits(reached)
    ticks = [((tick - low) / (high - low), f"{tick:g}") for tick in round_numbers([low, high])]
    failed = [(_BELOW, "failed")] if trained.failed else []
    _draw_axis(axes, x, "score", [*ticks, *failed], side=1)
    inside = [max((value - low) / (high - low), 0.0) for value in reached]
    return [_BELOW] * len(trained.failed) + inside


def _draw_axis(axes: Any, x: int, label: str, ticks: Iterable[tuple[float, str]], side: int = -1) -> None:
    """Draw an axis with its ticks on the left side, or on the right."""
    line = {"color": GREY, "linewidth": 1, "zorder": 5, "label": "_axis"}
    axes.plot([x, x], [0, 1], **line)
    for height, text in ticks:
        axes.plot([x, x + 0.02 * side], [height, height], **line)
        align = "left" if side > 0 else "right"
        axes.text(x + 0.035 * side, height, text, ha=align, va="center", fontsize=9, bbox=_HALO, zorder=6)
    axes.text(x, 1.05, label, ha="center", fontsize=10, va="bottom")

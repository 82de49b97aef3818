"""Plots of learning rates: races, and schedules."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.checks import check_integer
from fanin.optim import Rule, Schedule
from fanin.plot.figure import GREY, add_grid, add_legend, describe, new_figure, style
from fanin.plot.labels import named
from fanin.training.race import RateCurve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_POINTS = 2000  # of a line


def rates(
    shown: RateCurve | Rule | Schedule | Sequence[Rule | Schedule] | Mapping[str, Rule | Schedule],
    *,
    steps: int | None = None,
) -> Figure:
    """Plot the race of `find_rate`, or the learning rates of rules and schedules by step.

    Of a race, the training loss of each rate by step, and its validation loss. The lines start at the validation loss
    before training. Losses above ten times this are not shown.

    Parameters
    ----------
    shown : RateCurve, or Rule or Schedule, or a list or dict of these
        Labels are the keys of a dict; for a list, what differs.
    steps : int, optional
        Of schedules: how many steps to show, which are also those of a schedule that spans the fit. By default 1,000.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError, ValueError
        If there is anything else; for a rule whose rate is "auto"; if `steps` is given for a race.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(16, "tanh"), fanin.Dense(1)])
    >>> curve = fanin.find_rate(net, X, X**2, rule=fanin.optim.Adam("auto"), epochs=100)
    >>> [axes.get_title(loc="left") for axes in fanin.plot.rates(curve).axes]
    ['Training loss by step', 'Validation loss by rate']

    >>> from fanin import optim
    >>> figure = fanin.plot.rates([optim.Cosine(0.1), optim.Cosine(0.1, warm_up=100)])
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['warm_up 0', 'warm_up 100']
    """
    if isinstance(shown, RateCurve):
        if steps is not None:
            raise ValueError(f"steps: expected None for a RateCurve, got {steps!r}")
        return _race(shown)
    expected = "a RateCurve, the result of fanin.find_rate, or rules or schedules"
    by_label = named(shown, (Rule, Schedule), "shown", expected)
    check_integer("steps", 1000 if steps is None else steps, 1)
    return _schedules(by_label, int(steps or 1000))


def _schedules(by_label: Mapping[str, Any], steps: int) -> Figure:
    figure = new_figure(1, size=(8, 3.8))
    axes = figure.axes[0]
    at = np.unique(np.linspace(1, steps, min(steps, _POINTS)).round().astype(int))
    for i, (label, one) in enumerate(by_label.items()):
        rate = one.rate if isinstance(one, Rule) else one
        if isinstance(rate, str):
            raise ValueError(
                f'shown: expected a number or a schedule as the learning rate of {label}, got "auto"'
            )
        values = [rate(int(t), steps) if isinstance(rate, Schedule) else float(rate) for t in at]
        axes.plot(at, values, label=label, **style(i))
    describe(
        axes, "Learning rate by step" if len(by_label) > 1 else f"{next(iter(by_label))} by step", "step"
    )
    axes.set_xlim(0, steps)
    axes.set_ylim(0, None)
    add_grid(axes)
    if len(by_label) > 1:
        add_legend(axes, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _race(curve: RateCurve) -> Figure:
    figure = new_figure(1.15, 1)
    by_step, by_rate = figure.axes
    for i, leg in enumerate(curve.legs):
        label = f"{leg.rate:g}{', out' if leg.reason.startswith('out') else ''}"
        points = (0, *leg.steps), (curve.start, *leg.losses)
        by_step.plot(*points, label=label, marker="o", markersize=4, **style(i))
        by_rate.plot(leg.rate, leg.score, "o", color=style(i)["color"], markersize=8, zorder=3)
    best = next(leg for leg in curve.legs if leg.rate == curve.rate)
    by_rate.plot([leg.rate for leg in curve.legs], [leg.score for leg in curve.legs], color=GREY, linewidth=1)
    by_rate.axhline(curve.start, color=GREY, linestyle=":", linewidth=1.2, label="before training")
    by_rate.plot(
        best.rate, best.score, "o", color="none", markeredgecolor="black", markersize=15, label="chosen"
    )
    by_rate.set_xscale("log")
    losses = [loss for leg in curve.legs for loss in leg.losses]
    scores = [leg.score for leg in curve.legs if math.isfinite(leg.score)]
    for axes, title, words, values in (
        (by_step, "Training loss by step", "step", losses),
        (by_rate, "Validation loss by rate", "learning rate", scores),
    ):
        if min(curve.start, *values) > 0:
            axes.set_yscale("log")
            axes.set_ylim(None, min(axes.get_ylim()[1], 10 * curve.start))
        describe(axes, title, words)
        add_grid(axes)
        add_legend(axes)
    return figure

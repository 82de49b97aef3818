"""Plots of races of learning rates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fanin.plot.figure import GREY, add_grid, add_legend, describe, new_figure, style
from fanin.training.race import RateCurve

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def rates(curve: RateCurve) -> Figure:
    """Plot the race of `find_rate`: the training loss of each rate by step, and its validation loss.

    The lines start at the validation loss before training. Losses above ten times this are not shown.

    Parameters
    ----------
    curve : RateCurve

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `curve` is not the result of `find_rate`.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(16, "tanh"), fanin.Dense(1)])
    >>> curve = fanin.find_rate(net, X, X**2, rule=fanin.optim.Adam("auto"), epochs=100)
    >>> [axes.get_title(loc="left") for axes in fanin.plot.rates(curve).axes]
    ['Training loss by step', 'Validation loss by rate']
    """
    if not isinstance(curve, RateCurve):
        raise TypeError(f"curve: expected a RateCurve, the result of fanin.find_rate, got {curve!r}")
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

"""Pictures of fits, epoch by epoch: their losses, validation metrics and learning rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.plot.figure import GREY, add_grid, add_legend, colours, describe, new_figure, style
from fanin.plot.labels import named
from fanin.training.history import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT = 3.6  # inches
_LOWEST = 1e-5  # learning rate that is shown, relative to the largest


def history(histories: History | Sequence[History] | Mapping[str, History]) -> Figure:
    """Plot the losses, the validation metric and the learning rate of a fit by epoch, or compare several fits.

    Of one fit, a vertical line marks the best epoch, from which `EarlyStopping` restored the weights, and dotted ones
    with numbers mark the findings of its diagnosis. Of several fits, each has a colour, and training is dashed where
    there is validation. Axes of losses and rates are logarithmic where values are above 0 and span more
    than a factor of 5; rates below 1e-5 of the largest are not shown.

    Parameters
    ----------
    histories : History, or list or dict of History
        Labels are the keys of a dict; for a list, what differs between the rules of the fits.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError, ValueError
        If there is anything but histories, or none.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> histories = []
    >>> for rate in (0.001, 0.01):
    ...     net = fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)])
    ...     histories.append(net.fit(X, X**2, rule=fanin.optim.Adam(rate), validation_fraction=0.2))
    >>> figure = fanin.plot.history(histories)
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['Loss by epoch', 'Validation RMSE by epoch', 'Learning rate by epoch']
    >>> [text.get_text() for text in figure.axes[2].get_legend().get_texts()]
    ['learning_rate 0.001', 'learning_rate 0.01']
    """
    shown = named(histories, History, "histories", "a History, the result of fit, or several")
    return compared(shown) if len(shown) > 1 else of_fit(*shown.values())


def of_fit(one: Any, findings: Sequence[Any] | None = None) -> Figure:
    """Plot one fit, with its findings, by default those of its diagnosis."""
    if findings is None:
        findings = () if one.diagnosis is None else one.diagnosis.findings
    figure, losses, metrics, rates = _panels([one])
    draw_curve(losses, one.loss, label="training", **style(0))
    if one.val_loss:
        draw_curve(losses, one.val_loss, label="validation", **style(1))
    if one.val_metric:
        draw_curve(metrics, one.val_metric, **style(1))
    draw_curve(rates, one.learning_rate, **style(2))
    _finish([one], losses, metrics, rates)
    _mark(losses, findings, len(one.loss))
    if one.best_epoch is not None:
        best = {"color": GREY, "linewidth": 1, "zorder": 1, "label": f"best epoch: {one.best_epoch}"}
        for axes in filter(None, (losses, metrics)):
            axes.axvline(one.best_epoch, **best)
    add_legend(losses)
    return figure


def compared(histories: Mapping[str, Any]) -> Figure:
    """Plot several fits, by label."""
    figure, losses, metrics, rates = _panels(list(histories.values()))
    validated = any(one.val_loss for one in histories.values())
    for (label, one), colour in zip(histories.items(), colours(len(histories)), strict=True):
        line = {"color": colour, "linewidth": 1.7}
        thin = {"linestyle": "--", "linewidth": 1.1} if one.val_loss else {}
        draw_curve(losses, one.loss, **{**line, **thin})
        draw_curve(losses, one.val_loss, **line)
        if metrics is not None:
            draw_curve(metrics, one.val_metric, **line)
        draw_curve(rates, one.learning_rate, label=label, **line)
    _finish(list(histories.values()), losses, metrics, rates)
    if validated:
        for text, look in (
            ("training", {"linestyle": "--", "linewidth": 1.1}),
            ("validation", {"linewidth": 1.7}),
        ):
            losses.plot([], [], color=GREY, label=text, **look)
        add_legend(losses)
    add_legend(rates, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _panels(histories: Sequence[Any]) -> tuple[Figure, Any, Any, Any]:
    """Return a figure with axes for losses, metrics if there are any, and rates."""
    if any(one.val_metric for one in histories):
        figure = new_figure(1.4, 1, 1, size=(11.5, _HEIGHT))
        losses, metrics, rates = figure.axes
        return figure, losses, metrics, rates
    figure = new_figure(1.6, 1, size=(9, _HEIGHT))
    return figure, figure.axes[0], None, figure.axes[1]


def _finish(histories: Sequence[Any], losses: Any, metrics: Any, rates: Any) -> None:
    """Scale and describe the axes."""
    names = dict.fromkeys(one.metric for one in histories if one.val_metric)
    metric = ", ".join("RMSE" if name == "rmse" else name.replace("_", " ") for name in names)
    for axes, title in ((losses, "Loss"), (metrics, f"Validation {metric}"), (rates, "Learning rate")):
        if axes is not None:
            scale(axes, logarithmic="accuracy" not in title)
            describe_epochs(axes, f"{title} by epoch")
    values = {rate for one in histories for rate in one.learning_rate if np.isfinite(rate)}
    if len(values) == 1:  # a constant, which needs no magnified axis
        rates.set_ylim(0, 1.2 * max(*values, 1e-30))
    elif rates.get_yscale() == "log":
        low, high = rates.get_ylim()
        rates.set_ylim(max(low, _LOWEST * high))


def describe_epochs(axes: Any, title: str) -> None:
    """Write the title of axes by epoch, with ticks at whole ones."""
    from matplotlib.ticker import MaxNLocator

    describe(axes, title, "epoch")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))


def draw_curve(axes: Any, values: Sequence[float], **look: Any) -> None:
    """Draw values by epoch; a single one, and one between gaps, as a dot."""
    heights = np.asarray(values, dtype="float64")
    heights[~np.isfinite(heights)] = np.nan
    around = np.concatenate([[np.nan], heights, [np.nan]])
    alone = np.isnan(around[:-2]) & np.isnan(around[2:]) & ~np.isnan(heights)
    axes.plot(np.arange(1, len(heights) + 1), heights, **look)
    if alone.any():
        axes.plot(np.flatnonzero(alone) + 1, heights[alone], "o", color=look["color"], markersize=5)


def scale(axes: Any, *, logarithmic: bool = True) -> None:
    """Scale the axes to their curves: epochs, and values on a logarithmic axis where they span much, if they may."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    heights = [line.get_ydata() for line in axes.lines]
    finite = np.concatenate([[], *heights])
    finite = finite[np.isfinite(finite)]
    if logarithmic and len(finite) and finite.min() > 0 and finite.max() > 5 * finite.min():
        axes.set_yscale("log")
        few = finite.max() < 100 * finite.min()
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=8))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda height, _: f"{height:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    if not len(finite):
        axes.set_yticks([])
        axes.text(0.5, 0.5, "nothing finite to show", transform=axes.transAxes, ha="center", color=GREY)
    axes.set_xlim(
        0.5, max([1.0, *(line.get_xdata()[-1] for line in axes.lines if len(line.get_xdata()))]) + 0.5
    )
    add_grid(axes)


def _mark(axes: Any, findings: Sequence[Any], epochs: int) -> None:
    """Mark the epochs of findings with their numbers, those that are too near for two together."""
    seen = sorted((f.epoch, number) for number, f in enumerate(findings, start=1) if f.epoch is not None)
    marks: list[tuple[int, list[str]]] = []
    for epoch, number in seen:
        if not marks or epoch - marks[-1][0] > epochs / 20:
            marks.append((epoch, []))
        marks[-1][1].append(str(number))
    for epoch, numbers in marks:
        axes.axvline(epoch, color=GREY, linestyle=":", linewidth=1.2)
        text = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "fontsize": 9}
        axes.annotate(", ".join(numbers), (epoch, 1), (2, -9), **text)

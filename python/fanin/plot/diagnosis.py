"""Pictures of a diagnosis: the curves of the fit, its layers epoch by epoch, and the proofs of remedies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.plot.figure import GREY, add_grid, add_legend, describe, new_figure, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_WIDTH = 9.0  # inches
_LABELS = 24  # of rows of a heat map


def curves(diagnosis: Any) -> Figure:
    """Plot the training and validation losses of a fit and its learning rate, with the findings marked.

    A dotted line at the epoch of a finding has its number: its place in ``diagnosis.findings``, from 1. Axes are
    logarithmic where values are above 0 and span more than a factor of 5.

    Parameters
    ----------
    diagnosis : Diagnosis
        Of ``history.diagnosis``.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `diagnosis` is not the diagnosis of a fit.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)])
    >>> figure = fanin.plot.curves(net.fit(X, X**2, diagnose=True).diagnosis)
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['Loss by epoch', 'Learning rate by epoch']
    """
    history = _part(diagnosis, "history", "the diagnosis of a fit")
    figure = new_figure(1.6, 1, size=(_WIDTH, 3.6))
    losses, rates = figure.axes
    _draw_curve(losses, history.loss, label="training", **style(0))
    if history.val_loss:
        _draw_curve(losses, history.val_loss, label="validation", **style(1))
    _draw_curve(rates, history.learning_rate, **style(2))
    _mark(losses, diagnosis.findings, len(history.loss))
    for axes, title in ((losses, "Loss by epoch"), (rates, "Learning rate by epoch")):
        _scale(axes)
        _describe(axes, title)
    add_legend(losses)
    return figure


def layers(diagnosis: Any) -> Figure:
    """Plot what was measured of each layer as heat maps: a row for each layer, a column for each record.

    The maps show the shares of dead and of saturated units, the mean and the deviation of activations, the decimal
    logarithms of the root mean square of gradients and, for each trained array, of the size of updates relative to that
    of weights. Hatched fields were not measured, or are 0 on a logarithmic scale.

    Parameters
    ----------
    diagnosis : Diagnosis
        Of ``history.diagnosis``.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError, ValueError
        If `diagnosis` is not the diagnosis of a fit that was watched; if it has no records.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)])
    >>> figure = fanin.plot.layers(net.fit(X, X**2, diagnose=True).diagnosis)
    >>> [axes.get_title(loc="left") for axes in figure.axes[:2]]
    ['Dead units (share)', 'Saturated units (share)']
    """
    watched = _part(diagnosis, "watched", "the diagnosis of a fit that was watched")
    if not len(watched.epochs):
        raise ValueError("diagnosis: expected at least one record of the layers, got none")
    names, arrays = watched.layers, watched.arrays
    rows = min(max(len(names), len(arrays)), _LABELS)
    figure = new_figure(1, 1, size=(_WIDTH, 3 * (1.4 + 0.17 * rows)), rows=3)
    maps = (
        ("Dead units (share)", watched.dead, names, "share"),
        ("Saturated units (share)", watched.saturated, names, "share"),
        ("Mean of activations", watched.mean, names, "signed"),
        ("Deviation of activations", watched.deviation, names, "size"),
        ("Gradient (log10 of rms)", _log10(watched.gradient_of_layer[:, 1:]), names[1:], "size"),
        ("Update / weight (log10)", _log10(watched.ratio), arrays, "size"),
    )
    for axes, (title, values, labels, kind) in zip(list(figure.axes), maps, strict=True):
        mesh = _draw_map(axes, watched.epochs, labels, values, kind)
        # as wide in maps of any height
        bar = figure.colorbar(mesh, ax=axes, fraction=0.05, pad=0.02, aspect=4 + 1.4 * rows)
        bar.outline.set_visible(False)
        bar.ax.tick_params(colors=GREY, labelsize=9, length=0)
        _describe(axes, title)
    return figure


def proof(finding: Any) -> Figure:
    """Plot the losses of a fit as it was and with the remedy of a finding.

    Parameters
    ----------
    finding : Finding
        With a proof, as ``diagnosis.prove(X, y).findings`` have.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `finding` has no proof.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(8), fanin.Dense(1)])
    >>> history = net.fit(X, X**2, diagnose=True, prove=True)
    >>> figure = fanin.plot.proof(history.diagnosis.findings[0])
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['Training loss by epoch', 'Validation loss by epoch']
    """
    proved = _part(finding, "proof", "a finding with a proof")
    figure = new_figure(1, 1, size=(_WIDTH, 2.9))
    looks = (("as it was", proved.before, style(8)), ("with the remedy", proved.after, style(0)))
    for axes, name, title in zip(figure.axes, ("loss", "val_loss"), ("Training", "Validation"), strict=True):
        for label, curve, look in looks:
            _draw_curve(axes, getattr(curve, name), label=label, **look)
        _scale(axes)
        _describe(axes, f"{title} loss by epoch")
        add_legend(axes)
    return figure


def _part(value: Any, name: str, expected: str) -> Any:
    """Return an attribute, which must be there and not None."""
    part = getattr(value, name, None)
    if part is None:
        argument = "finding" if name == "proof" else "diagnosis"
        raise TypeError(f"{argument}: expected {expected}, got {value!r}")
    return part


def _describe(axes: Any, title: str) -> None:
    """Write the title of axes by epoch, with ticks at whole ones."""
    from matplotlib.ticker import MaxNLocator

    describe(axes, title, "epoch")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))


def _draw_curve(axes: Any, values: Sequence[float], **look: Any) -> None:
    """Draw values by epoch; a single one, and one between gaps, as a dot."""
    heights = np.asarray(values, dtype="float64")
    heights[~np.isfinite(heights)] = np.nan
    around = np.concatenate([[np.nan], heights, [np.nan]])
    alone = np.isnan(around[:-2]) & np.isnan(around[2:]) & ~np.isnan(heights)
    axes.plot(np.arange(1, len(heights) + 1), heights, **look)
    if alone.any():
        axes.plot(np.flatnonzero(alone) + 1, heights[alone], "o", color=look["color"], markersize=5)


def _scale(axes: Any) -> None:
    """Scale the axes to their curves: epochs, and values on a logarithmic axis where they span much."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    heights = [line.get_ydata() for line in axes.lines if line.get_linestyle() != ":"]
    finite = np.concatenate([[], *heights])
    finite = finite[np.isfinite(finite)]
    if len(finite) and finite.min() > 0 and finite.max() > 5 * finite.min():
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


def _log10(values: NDArray[Any]) -> NDArray[Any]:
    with np.errstate(divide="ignore", invalid="ignore"):
        exponents: NDArray[Any] = np.log10(values)
    return exponents


def _draw_map(axes: Any, epochs: NDArray[Any], names: Sequence[str], values: NDArray[Any], kind: str) -> Any:
    """Draw values of shape (records, names): shares, numbers around 0 or sizes."""
    shown = np.where(np.isfinite(values.T), values.T, np.nan)  # which are not drawn
    edges = np.concatenate([[0.0], epochs]) + 0.5
    axes.patch.set(hatch="////", facecolor="none", edgecolor=GREY, alpha=0.5)
    low, high = _limits(shown[np.isfinite(shown)], kind)
    colours = {"cmap": "PuOr_r" if kind == "signed" else "viridis", "vmin": low, "vmax": high}
    mesh = axes.pcolormesh(edges, np.arange(len(names) + 1), shown, rasterized=True, **colours)
    every = math.ceil(len(names) / _LABELS)
    axes.set_yticks(np.arange(0, len(names), every) + 0.5, list(names)[::every])
    axes.tick_params(length=0)
    axes.invert_yaxis()
    return mesh


def _limits(values: NDArray[Any], kind: str) -> tuple[float, float]:
    """Return the values at the ends of the colours; equal ones get an interval around them."""
    if kind == "share" or not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if kind == "signed":
        low, high = min(low, -high), max(high, -low)
    margin = 0.0 if low < high else max(abs(low), 1.0) / 2
    return low - margin, high + margin

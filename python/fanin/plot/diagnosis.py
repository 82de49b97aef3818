"""Pictures of a diagnosis: the layers epoch by epoch, and the proofs of remedies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.plot.figure import GREY, add_legend, new_figure, style
from fanin.plot.history import describe_epochs, draw_curve, scale

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_WIDTH = 9.0  # inches
_LABELS = 24  # of rows of a heat map


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
        describe_epochs(axes, title)
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
            draw_curve(axes, getattr(curve, name), label=label, **look)
        scale(axes)
        describe_epochs(axes, f"{title} loss by epoch")
        add_legend(axes)
    return figure


def _part(value: Any, name: str, expected: str) -> Any:
    """Return an attribute, which must be there and not None."""
    part = getattr(value, name, None)
    if part is None:
        argument = "finding" if name == "proof" else "diagnosis"
        raise TypeError(f"{argument}: expected {expected}, got {value!r}")
    return part


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

"""The confusion matrix of a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.checks import check_sequence, counted
from fanin.plot.figure import GREY, describe, new_figure
from fanin.written import cut

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

_WRITTEN, _NAMED = 20, 40  # classes whose counts are written, and whose names are
_LONGEST = 24  # characters of a name


def confusion(y: ArrayLike, predicted: ArrayLike, *, names: Sequence[str] | None = None) -> Figure:
    """Plot the confusion matrix: how many rows of each class were predicted as each class.

    Rows of the matrix are true classes, columns predicted ones. A cell has the number of rows and its share of the rows
    of the true class, which is also its colour; the title has the accuracy.

    Parameters
    ----------
    y : array_like, shape (n_samples,)
        The true labels: integers, booleans or strings.
    predicted : array_like, shape (n_samples,) or (n_samples, n_classes)
        Predicted labels; or the probabilities that `Network.predict` returns, of the classes 0, 1, ....
    names : sequence of str, optional
        Names of the classes, in the order of their sorted labels or, with integer labels, of the classes 0, 1, ....

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError, ValueError
        For other shapes, labels that are no labels, and a wrong number of names.

    Examples
    --------
    >>> from fanin import plot
    >>> figure = plot.confusion([0, 0, 1, 1, 2], [0, 1, 1, 1, 2], names=["cat", "dog", "bird"])
    >>> figure.axes[0].get_title(loc="left")
    'Accuracy 80.0 % of 5 rows'
    >>> [text.get_text().split() for text in figure.axes[0].texts[:2]]
    [['1', '50', '%'], ['1', '50', '%']]
    """
    true, found = _labels("y", y), _predictions(predicted)
    if len(true) != len(found):
        raise ValueError(f"predicted: expected {counted(len(true), 'row')}, as y has, got {len(found):,}")
    if not len(true):
        raise ValueError("y: expected at least one row, got none")
    classes, shown = _classes(true, found, names)
    places = [np.searchsorted(classes, labels) for labels in (true, found)]
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(counts, tuple(places), 1)
    return _drawn(counts, shown)


def _labels(name: str, values: Any) -> NDArray[Any]:
    labels = np.asarray(values)
    if labels.ndim != 1:
        raise ValueError(f"{name}: expected labels of shape (n_samples,), got shape {labels.shape}")
    if labels.dtype.kind == "f" and (np.isfinite(labels) & (labels == np.floor(labels))).all():
        labels = labels.astype(int)
    if labels.dtype.kind == "O":
        labels = np.array([str(label) for label in labels])
    if labels.dtype.kind not in "biuU":
        raise TypeError(f"{name}: expected labels: integers, booleans or strings, got {labels.dtype}")
    return labels


def _predictions(values: Any) -> NDArray[Any]:
    """Return predicted labels, also of probabilities."""
    given = np.asarray(values)
    if given.ndim == 2 and given.shape[1] > 1:
        if given.dtype.kind != "f":
            raise TypeError(f"predicted: expected probabilities in 2 dimensions, got {given.dtype}")
        return np.asarray(given.argmax(axis=1))
    if given.ndim == 1 and given.dtype.kind == "f" and ((given > 0) & (given < 1)).any():
        raise ValueError(
            "predicted: expected labels, or probabilities of shape (n_samples, n_classes), got probabilities of "
            f"shape {given.shape}; of two classes, predicted > 0.5 are labels"
        )
    return _labels("predicted", given)


def _classes(
    true: NDArray[Any], found: NDArray[Any], names: Sequence[str] | None
) -> tuple[NDArray[Any], list[str]]:
    """Return the labels that occur, or all if integers have names, and what they are called."""
    if (true.dtype.kind == "U") != (found.dtype.kind == "U"):
        raise TypeError(f"predicted: expected labels like those of y, {true.dtype}, got {found.dtype}")
    classes = np.union1d(true, found)
    if names is None:
        return classes, [str(label) for label in classes]
    shown = [str(name) for name in check_sequence("names", names, "a list of names")]
    numbered = classes.dtype.kind in "biu"
    if numbered and classes[0] >= 0 and len(shown) > int(classes[-1]):
        return np.arange(len(shown)), shown
    if len(shown) != len(classes) or numbered:
        expected = f"of the classes 0 to {classes[-1]}" if numbered else f"of {len(classes)} classes"
        raise ValueError(f"names: expected names {expected}, got {len(shown)}")
    return classes, shown


def _drawn(counts: NDArray[Any], names: list[str]) -> Figure:
    size, total = len(names), int(counts.sum())
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(max(0.62 * size, 2.6), 11)
    figure = new_figure(1, size=(side + 2.6, side + 1.5))
    axes = figure.axes[0]
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if size <= _WRITTEN:
        for (row, column), count in np.ndenumerate(counts):
            share = shares[row, column]
            text = f"{count:,}\n{100 * share:.0f} %" if count else "0"
            look: dict[str, Any] = {
                "color": "white" if share > 0.55 else "black" if count else GREY,
                "fontsize": 8,
            }
            axes.text(column, row, text, ha="center", va="center", **look)
    every = range(0, size, -(-size // _NAMED))
    shown = [cut(names[place], _LONGEST) for place in every]
    turned: dict[str, Any] = (
        {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if max(map(len, shown)) > 4 else {}
    )
    axes.set_xticks(list(every), shown, **turned)
    axes.set_yticks(list(every), shown)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02, shrink=0.6, ticks=[0, 0.5, 1])
    bar.ax.set_yticklabels(["0 %", "50 %", "100 %"])
    bar.ax.tick_params(colors=GREY, labelsize=9, length=0)
    bar.outline.set_visible(False)
    accuracy = 100 * np.trace(counts) / total
    describe(axes, f"Accuracy {accuracy:.1f} % of {counted(total, 'row')}", "predicted", "true")
    return figure

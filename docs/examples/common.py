"""What the examples share: the inputs that a net trains on, steps to a goal, tables and pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import fanin

# Okabe and Ito's colours, which colour-blind people can distinguish
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY = "#5f6368"
ROOT = Path(__file__).parents[2]  # of the repository


def mapped(X: np.ndarray, inputs: Sequence[Any]) -> np.ndarray:
    """Return the rows as the first trained layer gets them, after an input layer or none."""
    n = X.shape[1]
    net = fanin.Network(n, [*inputs, fanin.Dense(n, initializer=np.eye(n))], dtype="float64")
    if inputs:
        net.adapt(X)
    return net.predict(X)


def curvatures(rows: np.ndarray) -> np.ndarray:
    """Return the eigenvalues, in ascending order, of a linear neuron's Hessian X'X / m: those that are not 0."""
    values = np.linalg.eigvalsh(rows.T @ rows / len(rows))
    return values[values > 1e-12 * values[-1]]


def with_bias(rows: np.ndarray) -> np.ndarray:
    return np.column_stack([rows, np.ones(len(rows))])


def steps_to(goal: float, most: int, train: Callable[[Any, int], Any]) -> int | None:
    """Return the steps after which the loss of the whole set is at most the goal; None if it is not after `most`.

    `train(callback, epochs)` fits with one step per epoch, whose loss is measured before the step.
    """
    history = train(lambda net, epoch, logs: logs["loss"] <= goal, most + 1)
    return len(history.loss) - 1 if history.loss[-1] <= goal else None


def table(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    for row in (heads, *rows):
        first, *others = (f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in row)
        print(f"{first:34}" + "".join(f"{cell:>16}" for cell in others))


def panels(*titles: str, height: float = 3.6, rows: int = 1, **options: Any) -> tuple[Any, list[Any]]:
    """Return a figure and its axes, side by side in some rows, with these titles."""
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(10, height), dpi=90, layout="constrained")
    axes = list(figure.subplots(rows, len(titles) // rows, squeeze=False, **options).flat)
    for one, title in zip(axes, titles, strict=True):
        one.spines[["top", "right"]].set_visible(False)
        one.spines[["left", "bottom"]].set_color(GREY)
        one.tick_params(colors=GREY, labelsize=8)
        one.xaxis.label.set(color=GREY, fontsize=9)
        one.yaxis.label.set(color=GREY, fontsize=9)
        one.set_title(title, loc="left", fontsize=10, fontweight="bold")
    return figure, axes


def adopt(figure: Any) -> None:
    """Show a figure of fanin.plot by pyplot, which did not make it."""
    from matplotlib import pyplot
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pyplot.figure(figsize=figure.get_size_inches(), dpi=figure.dpi).figimage(np.asarray(canvas.buffer_rgba()))


def main(run: Callable[..., Any], show: Callable[[Any], None], draw: Callable[[Any], Any]) -> None:
    """Run an example, print its table and show its picture, or its list of pictures."""
    from matplotlib import pyplot

    result = run()
    show(result)
    drawn = draw(result)
    if not pyplot.get_fignums():
        for figure in drawn if isinstance(drawn, list) else [drawn]:
            adopt(figure)
    pyplot.show()

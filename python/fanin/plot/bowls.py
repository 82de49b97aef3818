"""Plots of update rules at work on a quadratic bowl."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.checks import check_integer
from fanin.optim import Optimizer, Rule
from fanin.optim.named import as_rule
from fanin.plot.figure import GREY, add_grid, add_legend, describe, new_figure, style
from fanin.plot.labels import apart, labels_of
from fanin.values import check_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Bowl:
    """The textbook's elongated bowl: a quadratic error of two weights with its minimum at 0.

    ``E = 1/2 (curvatures[0] a^2 + curvatures[1] b^2)``, with (a, b) the weights rotated by ``-angle``

    Plain gradient descent converges at rates below 2 / max(curvatures).

    Parameters
    ----------
    curvatures : tuple of two floats above 0
    angle : float
        Angle in degrees from the first weight to the first axis of the bowl.
    start : tuple of two floats
        Starting point of the paths.

    Examples
    --------
    >>> from fanin.plot import Bowl
    >>> Bowl(curvatures=(1, 10), start=(2, 1)).error([2.0, 1.0])
    7.0
    """

    curvatures: tuple[float, float] = (1.0, 20.0)
    angle: float = 0.0
    start: tuple[float, float] = (-4.0, 1.0)

    def __post_init__(self) -> None:
        for name, above in (("curvatures", 0), ("start", None)):
            pair = getattr(self, name)
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise TypeError(f"{name}: expected two numbers, got {pair!r}")
            for i, number in enumerate(pair):
                check_number(f"{name}[{i}]", number, above=above)
        check_number("angle", self.angle)

    def _hessian(self) -> NDArray[np.float64]:
        turn = math.radians(self.angle)
        axes = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        result: NDArray[np.float64] = axes @ np.diag(self.curvatures) @ axes.T
        return result

    def error(self, w: Any) -> Any:
        """Return the error at some weights.

        Parameters
        ----------
        w : array_like, shape (..., 2)

        Returns
        -------
        float or ndarray, shape (...), float64
        """
        w = np.asarray(_core.numbers("w", w), dtype="float64")
        error = 0.5 * np.einsum("...i,ij,...j", w, self._hessian(), w)
        return float(error) if error.ndim == 0 else error

    def path(self, rule: Rule, steps: int) -> NDArray[np.float64]:
        """Return the starting point and the weights after each step of a rule.

        Parameters
        ----------
        rule : Rule
        steps : int
            Number of steps, each with the exact gradient.

        Returns
        -------
        ndarray, shape (steps + 1, 2), float64
            NaN once the weights are not finite.
        """
        H, w = self._hessian(), np.array(self.start, dtype="float64")
        optimizer, path = Optimizer(rule, [w]), [w.copy()]
        for _ in range(steps):
            if not np.isfinite(w).all():
                path.append(np.full(2, np.nan))
                continue
            more: dict[str, Any] = {}
            if rule.name == "schaul_vsgd":
                more["second_gradients"] = [H @ at for at in optimizer.shifted([H @ w])]
            elif rule.name == "rprop":
                more["loss"] = self.error(w)
            optimizer.step([H @ w], **more)
            path.append(optimizer.weights()[0])
        return np.array(path)


def trajectories(
    rules: Iterable[Rule | str] | Mapping[str, Rule | str], bowl: Bowl | None = None, *, steps: int = 60
) -> Figure:
    """Plot the paths of update rules over a bowl, and their error at each step.

    Parameters
    ----------
    rules : list of Rule or str, or dict of label -> Rule or str
    bowl : Bowl, optional
        ``Bowl()`` by default.
    steps : int
        Number of steps, each with the exact gradient.

    Returns
    -------
    matplotlib.figure.Figure
        Save it with ``figure.savefig("paths.png")``; a notebook displays it.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError, ValueError
        For an invalid rule, bowl or number of steps.

    Examples
    --------
    >>> from fanin import optim, plot
    >>> figure = plot.trajectories([optim.SGD(0.09), optim.Momentum(0.03), optim.RMSprop(0.1)], steps=40)
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['Paths over the bowl', 'Error by step']
    """
    named = _named(rules)
    bowl = Bowl() if bowl is None else bowl
    if not isinstance(bowl, Bowl):
        raise TypeError(f"bowl: expected a fanin.plot.Bowl, got {bowl!r}")
    check_integer("steps", steps, 1)
    figure = new_figure(1.15, 1)
    paths = {label: bowl.path(rule, int(steps)) for label, rule in named.items()}
    _draw_paths(figure.axes[0], bowl, paths)
    _draw_errors(figure.axes[1], bowl, paths)
    return figure


def _named(rules: Any) -> dict[str, Rule]:
    if isinstance(rules, Rule | str) or not isinstance(rules, Iterable):
        raise TypeError(f"rules: expected a list of update rules such as fanin.optim.Adam(), got {rules!r}")
    listed = list(rules.items()) if isinstance(rules, Mapping) else [(None, rule) for rule in rules]
    if not listed:
        raise ValueError("rules: expected at least one update rule, got none")
    listed = [(label, as_rule(rule)) for label, rule in listed]
    plain = labels_of([rule for _, rule in listed])
    labels = apart(
        text if label is None else str(label) for (label, _), text in zip(listed, plain, strict=True)
    )
    return dict(zip(labels, (rule for _, rule in listed), strict=True))


def _view(
    bowl: Bowl, paths: Iterable[NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower left and upper right corners of the plot: all paths, as long as they stay near the start."""
    reach = np.sqrt(2 * max(bowl.error(bowl.start), 1e-12) * np.diag(np.linalg.inv(bowl._hessian())))
    points = np.concatenate([*paths, [bowl.start], [(0.0, 0.0)]])
    points = np.clip(points[np.isfinite(points).all(axis=1)], -1.1 * reach, 1.1 * reach)
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.12 * np.maximum(high - low, 0.2 * reach)
    return low - margin, high + margin


def _until_it_leaves(path: NDArray[np.float64], bowl: Bowl) -> NDArray[np.float64]:
    """Cut off a diverging path at a hundred times the error of its start."""
    with np.errstate(over="ignore", invalid="ignore"):
        far = ~(bowl.error(path) <= 100 * max(bowl.error(bowl.start), 1e-12))
    return path[: int(np.argmax(far)) + 1] if far.any() else path


def _draw_paths(axes: Any, bowl: Bowl, paths: dict[str, NDArray[np.float64]]) -> None:
    low, high = _view(bowl, paths.values())
    x, y = np.meshgrid(*(np.linspace(low[k], high[k], 241) for k in (0, 1)))
    errors = bowl.error(np.stack([x, y], axis=-1))
    levels = max(bowl.error(bowl.start), 1e-12) * np.array([0.01, 0.05, 0.15, 0.35, 0.65, 1.0, 1.5])
    axes.contourf(x, y, errors, levels=[0, *levels], cmap="Blues_r", alpha=0.32, extend="max")
    axes.contour(x, y, errors, levels=levels, colors=GREY, linewidths=0.5, alpha=0.55)
    for i, (label, path) in enumerate(paths.items()):
        line = _until_it_leaves(path, bowl)
        axes.plot(*line.T, label=label, marker="o", markersize=2.6, markeredgewidth=0, alpha=0.9, **style(i))
    axes.plot(*bowl.start, "o", color="black", markersize=7, zorder=5)
    axes.annotate("start", bowl.start, (0, 9), textcoords="offset points", ha="center", fontsize=9)
    axes.plot(0, 0, "*", color="black", markersize=13, markeredgecolor="white", zorder=5)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    describe(axes, "Paths over the bowl", "weight 1", "weight 2")


def _draw_errors(axes: Any, bowl: Bowl, paths: dict[str, NDArray[np.float64]]) -> None:
    start = max(bowl.error(bowl.start), 1e-12)
    for i, (label, path) in enumerate(paths.items()):
        errors = bowl.error(_until_it_leaves(path, bowl))
        axes.plot(np.where(errors > 0, errors, np.nan), label=label, **style(i))
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, 1e-9 * start), min(high, 1e3 * start))
    axes.set_xlim(0, None)
    add_grid(axes)
    describe(axes, "Error by step", "step")
    add_legend(axes)

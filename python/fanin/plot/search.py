"""Pictures of a search: its trials by parameter, by score and by rung, and which parameters matter."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from fanin.checks import counted
from fanin.plot.figure import COLOURS, add_grid, add_legend, describe, new_figure
from fanin.plot.parallel import draw_parallel
from fanin.plot.records import (
    Records,
    epochs,
    legend_entries,
    line_styles,
    mark_failed,
    records,
    score,
    value_of,
)
from fanin.plot.scale import Scale
from fanin.search.tiers import ng_rank

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKERS = ("v", "s", "D", "^", "P", "o")  # of rungs; the last one is that of the last rung


def parallel_coordinates(result: Any) -> Figure:
    """Plot each trial of a search as a line through its parameters and its score.

    Lines are coloured by the rank of their score: the darker, the better. The best is drawn last, in bold; trials that
    were stopped at earlier rungs are thinner, and those that failed are dotted. Axes are logarithmic where the search
    drew on a log scale. Scores far below the others are drawn at the lower edge.

    Parameters
    ----------
    result : Result
        Of `fanin.search.run`, or ``search_`` of a `PopulationSearchCV`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError, ValueError
        If `result` is no result of a search, or none of its trials has a score.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from fanin import plot, search
    >>> rates = [0.1, 0.2]
    >>> trials = [search.Trial(i, 1, {"rate": r}, (search.Outcome(i, 9, (-r,), 0.1),)) for i, r in enumerate(rates)]
    >>> result = SimpleNamespace(trials=trials, best=trials[0], ties=(), space={})
    >>> figure = plot.parallel_coordinates(result)
    >>> figure.axes[0].get_title(loc="left")
    '2 trials: parameters and score (the darker, the better)'
    """
    trained = records(result)
    figure = new_figure(1, size=(min(max(6.0, 2.0 * len(trained.names) + 2), 16), 5))
    draw_parallel(figure.axes[0], trained)
    title = f"{counted(len(trained.trials), 'trial')}: parameters and score"
    describe(figure.axes[0], f"{title} (the darker, the better)")
    return figure


def scores(result: Any, name: str) -> Figure:
    """Plot the score of each trial at its last rung by one of its parameters.

    The marker shows the rung. The best and the trials that tie with it have rings; trials that failed are marked at the
    lower edge, as are scores far below the others.

    Parameters
    ----------
    result : Result
        Of `fanin.search.run`, or ``search_`` of a `PopulationSearchCV`.
    name : str
        A parameter, such as the learning rate.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError, ValueError
        If `result` is no result of a search, or none of its trials has a score; if there is no such parameter.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from fanin import plot, search
    >>> rates, space = [0.1, 0.2], {"rate": search.LogUniform(0.1, 1)}
    >>> trials = [search.Trial(i, 1, {"rate": r}, (search.Outcome(i, 9, (-r,), 0.1),)) for i, r in enumerate(rates)]
    >>> result = SimpleNamespace(trials=trials, best=trials[0], ties=(), space=space)
    >>> plot.scores(result, "rate").axes[0].get_xscale()
    'log'
    """
    trained = records(result)
    if name not in trained.names:
        raise ValueError(f"name: expected one of {', '.join(trained.names)}, got {name!r}")
    figure = new_figure(1, size=(9, 4.8))
    axes, scale = figure.axes[0], trained.scale(name)
    positions = {id(trial): _position(scale, trial, name) for trial in trained.trials}
    low, high = trained.score_limits([score(trial) for trial in trained.finished])
    for trials, look in _kinds(trained):
        heights = [max(score(trial), low) for trial in trials]
        axes.plot([positions[id(trial)] for trial in trials], heights, linestyle="", **look)
    for trials, label, size, width in (
        ([result.best], "best", 16, 1.8),
        (result.ties, "tied with the best", 12, 1),
    ):
        if trials:
            places, heights = [positions[id(trial)] for trial in trials], [score(trial) for trial in trials]
            (rings,) = axes.plot(places, heights, "o", color="none", markersize=size, label=label, zorder=4)
            rings.set(markeredgecolor="black", markeredgewidth=width)
    _scale_x(axes, scale, list(positions.values()))
    axes.set_ylim(low, high)
    mark_failed(axes, trained, [positions[id(trial)] for trial in trained.failed], low)
    describe(axes, f"Score by {name}", scale.label(name), "score")
    add_grid(axes)
    add_legend(axes, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def rungs(result: Any) -> Figure:
    r"""Plot the score of each trial of a search by epochs, through the rungs that it reached.

    The trials of the last rung stand out, the best in bold; below each rung is the number of trials that reached it.
    Trials that failed are marked at the lower edge, as are scores far below the others.

    Parameters
    ----------
    result : Result
        Of `fanin.search.run`, or ``search_`` of a `PopulationSearchCV`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError, ValueError
        If `result` is no result of a search, or none of its trials has a score.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from fanin import plot, search
    >>> outcomes = [search.Outcome(0, epochs, (score,), 0.1) for epochs, score in ((1, 0.6), (3, 0.8))]
    >>> trials = [search.Trial(0, 1, {"rate": 0.1}, outcomes), search.Trial(1, 1, {"rate": 1}, outcomes[:1])]
    >>> result = SimpleNamespace(trials=trials, best=trials[0], ties=(), space={})
    >>> [text.get_text() for text in plot.rungs(result).axes[0].get_xticklabels()]
    ['1\n2 trials', '3\n1 trial']
    """
    trained = records(result)
    figure = new_figure(1, size=(7.5, 4.8))
    axes = figure.axes[0]
    scored = [outcome.score for trial in trained.finished for outcome in trial.outcomes]
    low, high = trained.score_limits(scored)
    for trial, look in zip(trained.drawn, line_styles(trained), strict=True):
        scored = [outcome for outcome in trial.outcomes if isfinite(outcome.score)]
        heights = [max(outcome.score, low) for outcome in scored]
        axes.plot([outcome.epochs for outcome in scored], heights, marker="o", markersize=3, **look)
    axes.set_ylim(low, high)
    mark_failed(axes, trained, [epochs(trial) for trial in trained.failed], low)
    axes.set_xscale("log")
    counts = [sum(epochs(trial) >= rung for trial in trained.trials) for rung in trained.rungs]
    labels = [f"{rung}\n{counted(count, 'trial')}" for rung, count in zip(trained.rungs, counts, strict=True)]
    axes.set_xticks(trained.rungs, labels)
    axes.set_xticks([], minor=True)
    describe(axes, "Score by epochs trained", "epochs, and the number of trials that reached them", "score")
    add_grid(axes)
    add_legend(axes, handles=legend_entries(axes))
    return figure


def importance(result: Any) -> Figure:
    """Plot how much each parameter matters: its share of the variance of scores, beside Ng's ranking.

    A parameter's share is the part of the variance of scores that it explains alone. Ng's ranking is the advice which
    parameters to tune first, from experience with deep networks: if a search agrees, the dots of his tiers run along
    the diagonal.

    Parameters
    ----------
    result : Result
        Of `fanin.search.run`, or ``search_`` of a `PopulationSearchCV`.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError, ValueError
        If `result` is no result of a search, or none of its trials has a score.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from fanin import plot, search
    >>> trial = search.Trial(0, 1, {"rate": 0.1, "units": 8}, (search.Outcome(0, 9, (0.9,), 0.1),))
    >>> shares = {"units": 0.1, "rate": 0.7}
    >>> result = SimpleNamespace(trials=[trial], best=trial, ties=(), space={}, importance=shares)
    >>> [text.get_text() for text in plot.importance(result).axes[0].get_yticklabels()]
    ['rate', 'units']
    """
    trained = records(result)
    shares = dict(sorted(result.importance.items(), key=lambda item: -item[1]))
    tiers = [1 + ng_rank(name, trained.space.get(name)) for name in shares]
    figure = new_figure(3, 2, size=(9, 1.6 + 0.36 * len(shares)))
    (bars, ranking), rows = figure.axes, range(len(shares))
    bars.barh(rows, list(shares.values()), height=0.6, color=COLOURS[0])
    for row, share in zip(rows, shares.values(), strict=True):
        bars.text(share, row, f" {share:.0%}", va="center", fontsize=9)
    bars.set(yticks=rows, xticks=[], ylim=(len(shares) - 0.5, -0.5))
    bars.set_yticklabels(shares, color="black")
    ranking.plot(tiers, rows, "o", color=COLOURS[1], markersize=9)
    ranking.set(xticks=range(1, 5), xlim=(0.5, 4.5), ylim=bars.get_ylim())
    ranking.set_yticks(rows, [])
    ranking.tick_params(axis="y", length=0)
    add_grid(ranking, "both")
    describe(bars, "Share of the variance of scores")
    describe(ranking, "Ng's ranking", "tier: which to tune first")
    return figure


def _position(scale: Scale, trial: Any, name: str) -> float:
    """Return where a trial lies; trials of one category lie side by side."""
    place = scale.position(value_of(trial, name))
    aside = (0.618034 * trial.number) % 1 - 0.5 if scale.kind == "categories" else 0.0
    return place + 0.3 * aside


def _kinds(trained: Records) -> list[tuple[list[Any], dict[str, Any]]]:
    """Return the trials that ended at each rung, and their markers: the later, the larger and the darker."""
    from matplotlib import colormaps

    kinds = []
    for i, rung in enumerate(trained.rungs):
        trials = [trial for trial in trained.finished if epochs(trial) == rung]
        share = (i + 1) / len(trained.rungs)
        look = {
            "marker": _MARKERS[max(i - len(trained.rungs), -len(_MARKERS))],
            "color": colormaps["Blues"](0.35 + 0.6 * share),
            "markersize": 4 + 3 * share,
            "label": f"{counted(rung, 'epoch')}: {counted(len(trials), 'trial')}",
            "zorder": 3,
        }
        if trials:
            kinds.append((trials, look))
    return kinds


def _scale_x(axes: Any, scale: Scale, positions: list[float]) -> None:
    """Scale and label the axis of a parameter."""
    if scale.is_log:
        axes.set_xscale("log")
    places, labels = zip(*scale.ticks(positions), strict=True)
    axes.set_xticks(places, labels)
    axes.set_xticks([], minor=True)
    if scale.kind == "log from 1":
        axes.invert_xaxis()

"""What the pictures of a search need of its result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fanin.plot.figure import COLOURS, GREY
from fanin.plot.scale import Scale, scale_of

BEST, SURVIVED, STOPPED, FAILED = (
    "best",
    "trained to the last rung",
    "stopped earlier",
    "failed",
)  # in legends


@dataclass(frozen=True)
class Records:
    """The trials of a search that were trained: the best, its ties, others, and those that failed."""

    result: Any
    trials: tuple[Any, ...]

    @cached_property
    def finished(self) -> list[Any]:
        """The trials that have a score, the worst first and the best last."""
        scored = [trial for trial in self.trials if not failed(trial)]
        return sorted(scored, key=lambda trial: (trial is self.result.best, score(trial)))

    @cached_property
    def failed(self) -> list[Any]:
        """The trials without a score."""
        return [trial for trial in self.trials if failed(trial)]

    @property
    def drawn(self) -> list[Any]:
        """The trials in the order in which they are drawn: those that failed, the worst, ..., the best."""
        return [*self.failed, *self.finished]

    @cached_property
    def rungs(self) -> list[int]:
        """The epochs at which trials were scored."""
        return sorted({outcome.epochs for trial in self.trials for outcome in trial.outcomes})

    @cached_property
    def names(self) -> list[str]:
        """The parameters."""
        return list(dict.fromkeys(name for trial in self.trials for name in trial.params))

    @cached_property
    def space(self) -> Any:
        """The distributions by name."""
        return getattr(self.result.space, "space", self.result.space)

    @property
    def labels(self) -> list[str]:
        """The names of the parameters, without the steps of a pipeline where they are not needed."""
        short = [name.rsplit("__", 1)[-1] for name in self.names]
        return short if len(set(short)) == len(short) else self.names

    def scale(self, name: str) -> Scale:
        """Return the scale of a parameter."""
        return scale_of(self.space.get(name), (value_of(trial, name) for trial in self.trials))

    def score_limits(self, scores: Sequence[float]) -> tuple[float, float]:
        """Return the ends of an axis of scores; those far below the others are left out."""
        middle, high = np.median(scores), np.max(scores)
        low = min(value for value in scores if value >= middle - 3 * (high - middle))
        margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        return float(low - margin), float(high + margin)


def records(result: Any) -> Records:
    """Return what pictures need of a result; raise TypeError if it is none, ValueError if no trial has a score."""
    if not all(hasattr(result, name) for name in ("trials", "best", "ties", "space")):
        raise TypeError(f"result: expected the result of a search, got {result!r}")
    shown = {
        trial.number: trial for trial in (*result.ties, result.best)
    }  # up to the rung that they are judged by
    trained = Records(
        result, tuple(shown.get(trial.number, trial) for trial in result.trials if trial.outcomes)
    )
    if not trained.finished:
        raise ValueError(
            f"result: expected at least one finished trial, got {len(trained.failed)} that failed"
        )
    return trained


def score(trial: Any) -> float:
    """Return the score of a trial at its last rung."""
    return float(trial.outcomes[-1].score)


def epochs(trial: Any) -> int:
    """Return the epochs of a trial's last rung."""
    return int(trial.outcomes[-1].epochs)


def value_of(trial: Any, name: str) -> Any:
    """Return a trial's value of a parameter; that of an early round may have the default."""
    return trial.params.get(name, "default")


def failed(trial: Any) -> bool:
    """Return whether a trial has no score at its last rung."""
    return not math.isfinite(score(trial))


def line_styles(trained: Records) -> list[dict[str, Any]]:
    """Return the styles of the lines of trials, in the order in which they are drawn: the better, the darker."""
    from matplotlib import colormaps

    dotted = {"color": GREY, "linewidth": 1.1, "linestyle": ":", "label": FAILED}
    styles: list[dict[str, Any]] = [dotted for _ in trained.failed]
    for rank, trial in enumerate(trained.finished, 1):
        shade = colormaps["YlOrBr"](0.3 + 0.7 * rank / len(trained.finished))
        share = (trained.rungs.index(epochs(trial)) + 1) / len(trained.rungs)
        look = {
            "linewidth": 0.4 + 1.4 * share,
            "alpha": 0.4 + 0.6 * share,
            "zorder": 2 + share,
            "label": STOPPED,
        }
        if trial is trained.result.best:
            look = {"linewidth": 3.5, "zorder": 4, "label": BEST}
        elif share == 1:
            look["label"] = SURVIVED
        styles.append({"color": shade, **look})
    return styles


def legend_entries(axes: Any) -> list[Any]:
    """Return a line or mark of each kind, the best first."""
    kinds = (BEST, SURVIVED, STOPPED, FAILED)
    last = {kind: line for line in axes.lines for kind in kinds if line.get_label().endswith(kind)}
    return [last[kind] for kind in kinds if kind in last]


def mark_failed(axes: Any, trained: Records, positions: Sequence[float], low: float) -> None:
    """Mark trials that failed at the lower edge, at these positions, and extend the axis of scores to there."""
    if not trained.failed:
        return
    top = axes.get_ylim()[1]
    below = low - 0.05 * (top - low)
    label = f"{len(positions)} {FAILED}"
    axes.plot(positions, [below] * len(positions), "x", color=COLOURS[1], markersize=7, label=label, zorder=6)
    axes.set_ylim(below - 0.03 * (top - low), top)

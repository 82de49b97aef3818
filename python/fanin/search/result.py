"""The result of a search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fanin.checks import counted
from fanin.notebook import framed, headline, note, table
from fanin.search.comparison import lead
from fanin.search.importance import importance
from fanin.search.space import Grid
from fanin.search.trials import Trial, ranked, scored
from fanin.search.written import short, written
from fanin.written import aligned, cut, duration

if TYPE_CHECKING:
    from fanin.network import Network
    from fanin.search.space import Space
    from fanin.search.trials import Params


_ERRORS = 1.5
_SHOWN, _WIDEST = 10, 20  # trials, and characters of a parameter, in a table


@dataclass(frozen=True, repr=False)
class Result:
    """The result of a search; `fanin.plot` draws it.

    Attributes
    ----------
    best : Trial
        The best of those trained longest, up to its last rung; or up to an earlier rung, or the best of those stopped
        there, if the score is higher than after more epochs by more than 1.5 standard errors: a sign of overfitting.
    trials : tuple of Trial
        All that were trained, in the order of their numbers.
    ties : tuple of Trial
        Others, up to the same rung, whose distance to the best is within its 95 % confidence interval: a paired
        comparison, by the folds or the blocks of validation rows.
    log : tuple of str
        Each decision, in a sentence.
    space : Space or Grid
        The one given.
    rungs : tuple of int
        Epochs to which trials were trained.
    seconds : float
        That the search took.
    complete : bool
        Whether the search ended by itself, rather than by its time limit or Ctrl-C.
    net : Network or None
        Of `search.run`: the trained network of the best trial.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> from fanin import search
    >>> X = np.linspace(-1, 1, 200)[:, None]
    >>> def make_net(rate):
    ...     net = fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)])
    ...     return net, {"rule": fanin.optim.Adam(rate)}
    >>> result = search.run(make_net, {"rate": search.LogUniform(1e-4, 1e-1)}, X, X**2, n_iter=9, max_epochs=9)
    >>> result.rungs, [len(trial.outcomes) for trial in result.trials].count(1)
    ((3, 9), 6)
    """

    best: Trial
    trials: tuple[Trial, ...]
    ties: tuple[Trial, ...]
    log: tuple[str, ...]
    space: Space | Grid
    rungs: tuple[int, ...]
    seconds: float
    complete: bool
    net: Network | None = None

    @property
    def best_params(self) -> Params:
        """The parameters of the best trial."""
        return self.best.params

    @property
    def best_score(self) -> float:
        """The mean score of the best trial; higher is better."""
        return self.best.score

    @property
    def importance(self) -> Mapping[str, float]:
        """By parameter, the share of the variance of scores that it explains alone."""
        return importance(self.space.space if isinstance(self.space, Grid) else self.space, self.trials)

    def __repr__(self) -> str:
        """Return the best trial in one line."""
        return (
            f"<fanin.search.Result: {written(self.best_params)}: score {self.best_score:.6g}, the best of "
            f"{counted(len(self.trials), 'trial')}>"
        )

    def __str__(self) -> str:
        """Return the best trials as a table: ``print(result)`` shows it."""
        head, rows, below = self._listed()
        return "\n".join([*aligned([head, *rows]), *below])

    def _repr_html_(self) -> str:
        head, rows, below = self._listed()
        return framed(headline(repr(self).strip("<>")), table(head, rows), *map(note, below))

    def _listed(self) -> tuple[list[str], list[list[str]], list[str]]:
        """Return the head and the rows of a table of the best trials, and what to say below it."""
        best, others = self.best, [trial for trial in ranked(self.trials) if trial.number != self.best.number]
        shown = [best, *others[: _SHOWN - 1]]
        names = list(dict.fromkeys(name for trial in shown for name in trial.params))
        rows = [
            [
                str(trial.number),
                *(cut(short(trial.params.get(name, "-")), _WIDEST) for name in names),
                f"{trial.score:.5g}",
                f"{trial.epochs:,}",
                duration(sum(outcome.seconds for outcome in trial.outcomes)),
            ]
            for trial in shown
        ]
        more = len(self.trials) - len(shown)
        ties = sorted(trial.number for trial in self.ties)
        below = [f"and {counted(more, 'other trial')}"] if more > 0 else []
        if ties:
            below.append(f"{counted(len(ties), 'trial')} tied with the best: {', '.join(map(str, ties))}")
        below.append(f"searched for {duration(self.seconds)}" + ("" if self.complete else ", not to the end"))
        return ["trial", *names, "score", "epochs", "time"], rows, below


def best_of(trials: Sequence[Trial], ratio: float) -> Trial:
    """Return the best trial, up to the rung that is best for it.

    It is the best of those trained longest, unless the best of an earlier rung leads by more than 1.5 standard errors.
    (Of six data sets that is best, or close to it: without this, searches end with networks that overfit; with the
    plain best of all rungs, with those that were lucky early, of which there are many.)
    """
    rungs = sorted({outcome.epochs for trial in trials for outcome in trial.outcomes}, reverse=True)
    best: Trial | None = None
    for epochs in rungs:
        first = next(iter(scored(at_rung(trials, epochs))), None)
        if first is None:
            continue
        if best is None:
            best = first
        else:
            ahead = lead(first.outcomes[-1].scores, best.outcomes[-1].scores, ratio)
            best = first if ahead.mean > _ERRORS * ahead.error else best
    assert best is not None, "no trial has a score"
    return best


def at_rung(trials: Iterable[Trial], epochs: int) -> list[Trial]:
    """Return the trials that reached a rung, each up to there."""
    return [
        replace(trial, outcomes=trial.outcomes[: place + 1])
        for trial in trials
        for place, outcome in enumerate(trial.outcomes)
        if outcome.epochs == epochs
    ]


def up_to(trials: Iterable[Trial], epochs: int) -> list[Trial]:
    """Return the trials with their outcomes up to a rung."""
    return [
        replace(trial, outcomes=tuple(one for one in trial.outcomes if one.epochs <= epochs))
        for trial in trials
    ]


def ties_of(best: Trial, trials: Sequence[Trial], ratio: float) -> tuple[Trial, ...]:
    """Return other trials, up to the same rung, whose distance to the best is within its confidence interval."""
    scores = best.outcomes[-1].scores
    others = [trial for trial in scored(at_rung(trials, best.epochs)) if trial.number != best.number]
    if len(scores) < 2:
        return ()
    return tuple(one for one in others if not lead(scores, one.outcomes[-1].scores, ratio).is_clear)

"""How much each parameter matters: the share of the variance of the scores that it explains alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin.search.choices import Choice, TupleOf
from fanin.search.distribution import Interval
from fanin.search.narrowing import option_of
from fanin.search.trials import Trial

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Columns = list[NDArray[np.float64]]


def importance(space: Mapping[str, Any], trials: Sequence[Trial]) -> dict[str, float]:
    """Return for each parameter the share of the variance of the scores that it explains alone, from 0 to 1.

    Adjusted R^2, at least 0, of the ranks of the scores at the first rung, where all trials of a round were trained
    equally long; failures rank last. Numbers enter as quadratics on the scale of their distribution, options as the
    mean of each, tuples as quadratics of their length and of the mean of their elements. It estimates the first-order
    Sobol index, as functional ANOVA does (Hutter et al. 2014). The shares need not sum to 1: the rest is noise and
    interactions. A parameter is judged by the round that draws it first, from its whole range; with tiers, by the
    variance that is left there.

    Parameters
    ----------
    space : mapping
        The space that the user gave.
    trials : sequence of Trial
        Of all rounds.

    References
    ----------
    F. Hutter, H. Hoos and K. Leyton-Brown, "An efficient approach for assessing hyperparameter importance", ICML 2014.

    Examples
    --------
    >>> from fanin import search
    >>> from fanin.search.importance import importance
    >>> from fanin.search.space import Space
    >>> from fanin.search.trials import Outcome, Trial
    >>> space = Space({"rate": search.LogUniform(1e-4, 1e-1), "momentum": search.Uniform(0.5, 0.9)})
    >>> points = space.draw(50, random_state=0)
    >>> trials = [Trial(i, 0, p, (Outcome(i, 1, (p["rate"],), 0.0),)) for i, p in enumerate(points)]
    >>> {name: round(share, 1) for name, share in importance(space, trials).items()}
    {'rate': 1.0, 'momentum': 0.0}
    """
    shares = {}
    for name, distribution in space.items():
        rounds = [trial.round for trial in trials if name in trial.params]
        judged = [t for t in trials if name in t.params and t.round == min(rounds)]
        shares[name] = _explained(_columns(distribution, [t.params[name] for t in judged]), _ranks(judged))
    return shares


def _ranks(trials: Sequence[Trial]) -> NDArray[np.float64]:
    """Return the ranks of the scores at the first rung, from worst to best; equal ones share their mean rank."""
    scores = np.nan_to_num(
        [trial.outcomes[0].score for trial in trials], nan=-np.inf, posinf=np.inf, neginf=-np.inf
    )
    return _mean_ranks(scores)


def _mean_ranks(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    _, place, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks


def _columns(distribution: Any, values: Sequence[Any]) -> Columns:
    """Return what explains the scores: functions of the values, one a column."""
    if isinstance(distribution, Interval):
        return _quadratic([distribution.place(value) for value in values])
    if isinstance(distribution, TupleOf):
        columns = _quadratic([len(value) for value in values])
        if isinstance(element := distribution.element, Interval):
            columns += _quadratic([np.mean([element.place(v) for v in value]) for value in values])
        return columns
    if isinstance(distribution, Choice):
        return _groups([option_of(distribution, value) for value in values])
    if all(isinstance(value, int | float) for value in values):  # of SciPy: ranks are its scale
        return _quadratic(_mean_ranks(np.array(values, float)) / max(len(values), 1))
    return _groups([repr(value) for value in values])


def _quadratic(numbers: Any) -> Columns:
    u = np.array(numbers, float)
    return [u, u**2]


def _groups(labels: Sequence[Any]) -> Columns:
    return [np.array([label == other for label in labels], float) for other in dict.fromkeys(labels)]


def _explained(columns: Columns, y: NDArray[np.float64]) -> float:
    """Return the adjusted R^2 of least squares with a constant, at least 0."""
    n = len(y)
    if n < 2 or not np.ptp(y):
        return 0.0
    X = np.stack([np.ones(n), *columns], axis=1)
    coefficients, _, rank, _ = np.linalg.lstsq(X, y, rcond=1e-9)
    if n <= rank:  # as many parameters as trials explain anything
        return 0.0
    residual = float(np.sum((y - X @ coefficients) ** 2)) / (n - int(rank))
    return max(0.0, 1 - residual / float(np.var(y, ddof=1)))

"""The records of a search: trials, and what training them up to a rung gave."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fanin.checks import counted
from fanin.search.written import written

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """The result of training a trial up to a rung.

    Attributes
    ----------
    trial : int
        Number of the trial, from 0.
    epochs : int
        Those of the rung, from the start of the training.
    scores : tuple of float
        One of each fold, or of each block of validation rows, the same for all trials; higher is better.
    seconds : float
        Of the training and scoring in this rung.
    failed : int
        How many of the trainings behind the scores failed.
    error : str or None
        Why the first of them failed.
    details : mapping of name to numbers
        More figures, such as the seconds of each fold.

    Examples
    --------
    >>> from fanin import search
    >>> search.Outcome(trial=0, epochs=3, scores=(0.75, 0.25), seconds=0.1).score
    0.5
    """

    trial: int
    epochs: int
    scores: tuple[float, ...]
    seconds: float = field(compare=False)
    failed: int = 0
    error: str | None = None
    details: Mapping[str, Sequence[float]] = field(default_factory=dict, compare=False)

    @property
    def score(self) -> float:
        """The mean of the scores; NaN if the training failed."""
        return math.fsum(self.scores) / len(self.scores)


@dataclass(frozen=True, repr=False)
class Trial:
    """One choice of the parameters, and its results.

    Attributes
    ----------
    number : int
        From 0, in the order of the draws.
    round : int
        Of the search from coarse to fine, from 1.
    params : dict
        Of name -> value.
    outcomes : tuple of Outcome
        Of the rungs that it reached.

    Examples
    --------
    >>> from fanin import search
    >>> outcomes = [search.Outcome(7, epochs, (-1 / epochs,), seconds=0.1) for epochs in (4, 10)]
    >>> search.Trial(7, 1, {"rate": 0.01}, tuple(outcomes))
    <fanin.search.Trial 7: rate 0.01: -0.1 after 10 epochs>
    """

    number: int
    round: int
    params: Params
    outcomes: tuple[Outcome, ...] = ()

    @property
    def last(self) -> Outcome | None:
        """What the last rung gave; None for a trial that was not trained."""
        return self.outcomes[-1] if self.outcomes else None

    @property
    def score(self) -> float:
        """The score at the last rung; NaN if there is none."""
        return self.outcomes[-1].score if self.outcomes else math.nan

    @property
    def epochs(self) -> int:
        """The epochs of the last rung."""
        return self.outcomes[-1].epochs if self.outcomes else 0

    def __repr__(self) -> str:
        """Return number, parameters and score in one line."""
        epochs = counted(self.epochs, "epoch")
        return f"<fanin.search.Trial {self.number}: {written(self.params)}: {self.score:.6g} after {epochs}>"


def ranked(trials: Iterable[Trial]) -> list[Trial]:
    """Return the trials from best to worst: by epochs trained, then by score, then by number; failures last."""
    return sorted(trials, key=_worse)


def scored(trials: Iterable[Trial]) -> list[Trial]:
    """Return the trials that did not fail, from best to worst."""
    return [trial for trial in ranked(trials) if not math.isnan(trial.score)]


def _worse(trial: Trial) -> tuple[bool, int, float, int]:
    failed = math.isnan(trial.score)
    return failed, -trial.epochs, 0.0 if failed else -trial.score, trial.number

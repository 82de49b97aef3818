"""The search: rounds from coarse to fine, each by successive halving."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import accumulate, count
from typing import TYPE_CHECKING, Protocol

import numpy as np

from fanin.checks import counted
from fanin.search.clock import Clock
from fanin.search.halving import promoted
from fanin.search.progress import Progress, shown
from fanin.search.result import Result, at_rung, best_of, ties_of, up_to
from fanin.search.space import Grid, Space
from fanin.search.tiers import space_of_round
from fanin.search.trials import Params, Trial, scored
from fanin.search.written import written

if TYPE_CHECKING:
    from fanin.search.journal import Journal
    from fanin.search.plan import Plan
    from fanin.search.trials import Outcome


# rounds, each from half of the ranges of the one before, until one draws from the whole space again
_STEPS = 4


class Trainer(Protocol):
    """Trains trials, and keeps how far each has come."""

    ratio: float  # of test to training rows; see `comparison.lead`

    @property
    def jobs(self) -> int:
        """Trainings at a time."""

    def train(self, trials: Sequence[Trial], epochs: int, clock: Clock) -> Generator[Outcome]:
        """Train each trial to so many epochs, from where it is, and yield what that gave, in any order.

        None begins after `clock.spent`, and those that have not ended at `clock.over` are abandoned.
        """

    def keep(self, numbers: Collection[int]) -> None:
        """Forget all trials but these."""


def search(trainer: Trainer, plan: Plan, journal: Journal, *, verbose: bool) -> Result:
    """Search, and close the journal; return the result, without a network.

    Raises
    ------
    ValueError, TypeError
        If all trials failed, with the commonest cause; if there was no time for any.
    """
    with closing(journal), shown(verbose) as progress:
        under_way = _Search(trainer, plan, journal, progress)
        best, ties = under_way.run()
    return Result(
        best,
        under_way.trials,
        ties,
        tuple(under_way.log),
        plan.space,
        plan.rungs,
        under_way.clock.elapsed,
        under_way.complete,
    )


class _Search:
    """One search: `run` fills `trials` and `log`."""

    def __init__(self, trainer: Trainer, plan: Plan, journal: Journal, progress: Progress) -> None:
        self._trainer, self._plan, self._journal, self._progress = trainer, plan, journal, progress
        self.clock = Clock(plan.max_time)
        self._trials: dict[int, Trial] = {}
        self._best: Trial | None = None  # so far
        self.log: list[str] = []
        self.complete = False

    @property
    def trials(self) -> tuple[Trial, ...]:
        """The trials that were trained."""
        return tuple(trial for trial in self._trials.values() if trial.outcomes)

    def run(self) -> tuple[Trial, tuple[Trial, ...]]:
        """Search; return the best trial and those that tie with it."""
        try:
            self._run_rounds()
            self.complete = not self.clock.over
        except KeyboardInterrupt:
            if not scored(self.trials):
                raise
            self._say("Interrupted: the best so far is taken.")
        if not self.trials:
            raise ValueError(
                "max_time: no trial was trained and scored in this time; expected more time, or fewer epochs or rows"
            )
        if not scored(self.trials):
            _raise_commonest(self.trials)
        return self._judge()

    def _run_rounds(self) -> None:
        plan, random = self._plan, np.random.RandomState(self._plan.seed)
        if isinstance(plan.space, Grid):
            self._halve(self._new(plan.space, 1))
            return
        tiers = len(plan.tiers.names)
        last = None if plan.rounds is None else tiers - 1 + plan.rounds
        space: Space | None = None
        for number in count(1) if last is None else range(1, last + 1):
            if last is None and number > tiers and (number - tiers) % _STEPS == 0:
                space, sentences = plan.space, ["draws from the whole space again"]
            else:
                judged = self.trials if self._best is None else up_to(self.trials, self._judged().epochs)
                space, sentences = space_of_round(plan.space, plan.tiers, number - 1, space, judged)
            for sentence in sentences:
                self._say(f"Round {number}: {sentence}.")
            new = self._new(space.draw(plan.n_iter, random), number)
            if new and space.size is not None and space.size <= plan.n_iter:
                self._say(f"Round {number}: all {counted(space.size, 'point')} of the space are tried.")
            if not new:
                self._say("Every point of the space has been tried.")
                return
            self._halve(new)
            if self.clock.over:
                self._say(f"The time was over in round {number}.")
                return

    def _new(self, points: Iterable[Params], number: int) -> list[Trial]:
        """Return a trial for each point that has not been tried."""
        tried = {repr(trial.params) for trial in self._trials.values()}
        new = []
        for params in points:
            if (text := repr(params)) not in tried:
                tried.add(text)
                new.append(Trial(len(self._trials), number, params))
                self._trials[new[-1].number] = new[-1]
        return new

    def _halve(self, trials: Sequence[Trial]) -> None:
        """Train trials rung by rung, and the best of each rung further; one rung beyond that of the best so far."""
        rungs = self._plan.rungs
        if self._best is not None:
            rungs = rungs[: rungs.index(self._judged().epochs) + 2]
        for place, epochs in enumerate(rungs):
            parts = len(rungs) - place + self._plan.parts_after
            self.clock.allot(parts)
            finished = self._rung(trials, epochs)
            if finished and not any(map(_succeeded, self.trials)):
                _raise_commonest(finished)
            best_first = scored(finished)
            if not best_first:
                return
            left = 0
            if epochs < rungs[-1]:
                left = promoted(len(finished), self._plan.factor)
                left = min(left, self._affordable(best_first, rungs[place + 1], parts - 1))
            self._say(self._about(rungs, len(trials), finished, best_first[0], left))
            trials = best_first[:left]
            self._trainer.keep({trial.number for trial in (*trials, self._judged())})
            if not trials:
                return

    def _affordable(self, trials: Sequence[Trial], epochs: int, parts: int) -> int:
        """Return for how many trials there is time up to so many epochs: in one of the parts, or for one in all."""
        if not self.clock.limited:
            return len(trials)
        each = (trial.outcomes[-1].seconds * epochs / trial.epochs / self._trainer.jobs for trial in trials)
        seconds = list(accumulate(each))
        return sum(one <= self.clock.left / parts for one in seconds) or int(seconds[0] <= self.clock.left)

    def _rung(self, trials: Sequence[Trial], epochs: int) -> list[Trial]:
        """Train trials to so many epochs, unless the journal has that; return those for which there was time."""
        self._progress.rung_begins(len(trials), epochs)
        todo = []
        for trial in trials:
            if (outcome := self._journal.known(trial, epochs)) is None:
                todo.append(trial)
            else:
                self._note(outcome)
        with closing(self._trainer.train(todo, epochs, self.clock)) as outcomes:
            for outcome in outcomes:
                self._journal.add(outcome, self._trials[outcome.trial])
                self._note(outcome)
        now = [self._trials[trial.number] for trial in trials]
        return [trial for trial in now if trial.epochs == epochs]

    def _note(self, outcome: Outcome) -> None:
        trial = self._trials[outcome.trial]
        trial = self._trials[outcome.trial] = replace(trial, outcomes=(*trial.outcomes, outcome))
        self._best = next(iter(scored(one for one in (self._best, trial) if one is not None)), None)
        self._progress.trained(outcome, math.nan if self._best is None else self._best.score)

    def _about(
        self, rungs: Sequence[int], begun: int, finished: Sequence[Trial], best: Trial, left: int
    ) -> str:
        """Return a sentence about a rung."""
        of = f"Round {best.round}, rung {rungs.index(best.epochs) + 1} of {len(rungs)}"
        parts = [f"{of}: {counted(len(finished), 'trial')} of {counted(best.epochs, 'epoch')}"]
        if len(finished) < begun:
            parts.append(f"no time for {begun - len(finished)} more")
        if failed := sum(trial.outcomes[-1].failed > 0 for trial in finished):
            parts.append(f"{failed} failed")
        parts.append(f"the best score is {best.score:.5g}, of trial {best.number} ({written(best.params)})")
        if left:
            parts.append(f"the best {left} continue" if left > 1 else "it continues")
        elif best.epochs < rungs[-1]:
            parts.append("none continues")
        return "; ".join(parts) + "."

    def _judged(self) -> Trial:
        """Return the best trial so far, up to the rung that is best for it."""
        return best_of(self.trials, self._trainer.ratio)

    def _judge(self) -> tuple[Trial, tuple[Trial, ...]]:
        """Return the best trial and its ties, and say how clear its lead is."""
        best = self._judged()
        ties = ties_of(best, self.trials, self._trainer.ratio)
        said = f"The best is trial {best.number} ({written(best.params)}), with the score {best.score:.5g}"
        said += f" after {counted(best.epochs, 'epoch')}"
        if (longest := scored(self.trials)[0]).epochs > best.epochs:
            said += f"; more epochs overfit, as the best after {longest.epochs} scores {longest.score:.5g}"
        rivals = len(scored(at_rung(self.trials, best.epochs))) - 1
        if ties:
            names = ", ".join(str(trial.number) for trial in ties[:5]) + (", ..." if len(ties) > 5 else "")
            said += (
                f"; its lead over {counted(len(ties), 'other trial')} trained as long ({names}) is within its 95 % "
                "confidence interval: a tie"
            )
        elif rivals and len(best.outcomes[-1].scores) > 1:
            said += (
                f"; its lead over {counted(rivals, 'other trial')} trained as long is beyond its 95 % confidence "
                "interval"
            )
        self._say(said + ".")
        return best, ties

    def _say(self, sentence: str) -> None:
        self.log.append(sentence)
        self._progress.say(sentence)


def _succeeded(trial: Trial) -> bool:
    """Return whether a rung of this trial has a score that is not just `error_score`."""
    return any(one.failed < len(one.scores) and not math.isnan(one.score) for one in trial.outcomes)


def _raise_commonest(trials: Sequence[Trial]) -> None:
    """Raise ValueError with the commonest cause: all of these trials failed."""
    errors = [trial.outcomes[-1].error or "the score is NaN" for trial in trials]
    kinds = Counter(map(_without_numbers, errors))
    kind, most = kinds.most_common(1)[0]
    example = next(error for error in errors if _without_numbers(error) == kind)
    kind_of_error = TypeError if example.startswith("TypeError") else ValueError
    raise kind_of_error(f"all {len(errors)} trials failed; the commonest cause ({most} of them): {example}")


def _without_numbers(error: str) -> str:
    return re.sub(r"\d+(\.\d+)?(e[+-]?\d+)?", "#", error)

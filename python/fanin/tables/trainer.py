"""Networks trained on the rows outside one fold each, and what they predict for the rows in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin.tables.folds import folds_of
from fanin.tables.members import Job, train
from fanin.tables.pairs import Pair, encoded
from fanin.tables.recipe import Setting
from fanin.tables.scores import weighted_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network
    from fanin.tables.clock import Clock
    from fanin.tables.coding import Coding
    from fanin.tables.encoder import TableEncoder
    from fanin.tables.task import Task

    Float = NDArray[np.float64]


_PROBES = 5, 50  # steps to warm up, and by which speed is measured
_SEEDS = 4096  # of the networks of one seed
_MOST_FOLDS = 64
_JUDGING = 20_000  # rows, of which networks that only judge see their part


class Features(NamedTuple):
    """What networks see of a table besides its columns: one-hot codes of numbers, and cells of pairs of columns."""

    spikes: bool = False
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True)
class Trial:
    """Networks trained at the same time with one setting.

    Attributes
    ----------
    setting : Setting
    spikes : bool
        Whether they saw one-hot codes of numbers.
    pairs : int
        Number of pairs of columns whose cells they saw.
    networks : int
    score : float or None
        Mean loss of the rows held out from them; None if they saw all rows.
    seconds : float
        Of their training, by their part of the steps.
    """

    setting: Setting
    spikes: bool
    pairs: int
    networks: int
    score: float | None
    seconds: float

    def __str__(self) -> str:
        count = "1 network" if self.networks == 1 else f"{self.networks} networks"
        features = f"{', spikes' if self.spikes else ''}{f', {self.pairs} pairs' if self.pairs else ''}"
        score = "trained on all rows" if self.score is None else f"loss {self.score:.5g} on rows held out"
        return f"{count}, {self.setting}{features}: {score}, {self.seconds:.2f} s"


class Wanted(NamedTuple):
    """A network: what it sees, its setting, the fold held out from it (-1: none), and its number among its like.

    One that only judges is trained on a sample of the rows.
    """

    features: Features
    setting: Setting
    fold: int
    number: int = 0
    judges: bool = False


class Trainer:
    """Trains networks on the rows outside a fold, or on all, each of them once.

    Parameters
    ----------
    task : Task
    coding : Coding
        Of all rows.
    y, weight : array
        Targets and sample weights of all rows; no weights: None.
    fold, part : array of int
        The fold of each row, and its part in which it is left out of the cells of pairs.
    seed : int
    clock : Clock
    report : function of a Trial, optional
        Called after each.
    """

    def __init__(
        self,
        task: Task,
        coding: Coding,
        y: NDArray[Any],
        weight: Float | None,
        fold: NDArray[np.intp],
        part: NDArray[np.intp],
        seed: int,
        clock: Clock,
        report: Callable[[Trial], object] | None,
    ) -> None:
        self.task, self.coding, self.y, self.weight = task, coding, y, weight
        self.fold, self.part, self.seed, self.clock = fold, part, seed, clock
        self.folds = range(int(fold.max()) + 1)
        self._judging = (
            folds_of(len(y), -(-len(y) // _JUDGING), seed + 2) == 0
        )  # rows that judges are trained on
        self.trials: list[Trial] = []
        self._report = report
        self._done: dict[Wanted, tuple[Network, Float]] = {}
        self._encoders: dict[Features, TableEncoder] = {}
        self.first_target = np.asarray(task.targets(y), dtype=np.float64).reshape(len(y), -1)[:, 0]

    def train(self, wanted: Iterable[Wanted], to_come: Iterable[Wanted] = ()) -> None:
        """Train those of the networks that are not trained yet, one a thread.

        For fewer steps if time is short for these and the ones to come.
        """
        todo = [each for each in dict.fromkeys(wanted) if each not in self._done]
        if not todo:
            return
        share = self.share([*todo, *to_come])
        jobs, held = zip(*(self._job(each, share) for each in todo), strict=True)
        networks, seconds = self._timed(jobs)
        for each, network, rows in zip(todo, networks, held, strict=True):
            outputs = np.zeros((0, self.task.outputs)) if rows is None else network.predict(rows)
            self._done[each] = network, self.task.predicted(outputs)
        self._note(todo, jobs, seconds)

    def _job(self, wanted: Wanted, share: float) -> tuple[Job, Any]:
        """Return the job of a network, and the coded rows held out from it, if any."""
        seen = np.flatnonzero((self.fold != wanted.fold) & (self._judging if wanted.judges else True))
        rows, held = self._rows(wanted.features, seen), None
        if wanted.fold >= 0:
            held = rows.take(np.flatnonzero(self.fold == wanted.fold))
            rows = rows.take(seen)
        weight = None if self.weight is None else self.weight[seen]
        seed = (_SEEDS * self.seed + _MOST_FOLDS * wanted.number + wanted.fold) % 2**64
        return Job(wanted.setting, rows, self.y[seen], weight, seed, share), held

    def _timed(self, jobs: Sequence[Job]) -> tuple[tuple[Network, ...], float]:
        """Return networks and the seconds of their training."""
        began = time.perf_counter()
        networks = train(self.task, jobs)
        seconds = time.perf_counter() - began
        self.clock.worked(sum(job.steps for job in jobs), seconds)
        return networks, seconds

    def _note(self, todo: Sequence[Wanted], jobs: Sequence[Job], seconds: float) -> None:
        """Add a trial for each setting, with its part of the seconds."""
        steps = sum(job.steps for job in jobs)
        for features, setting in dict.fromkeys((each.features, each.setting) for each in todo):
            chosen = [place for place, each in enumerate(todo) if each[:2] == (features, setting)]
            spent = seconds * sum(jobs[place].steps for place in chosen) / steps
            trial = Trial(
                setting,
                features.spikes,
                len(features.pairs),
                len(chosen),
                self._score_of([todo[place] for place in chosen]),
                spent,
            )
            self.trials.append(trial)
            if self._report is not None:
                self._report(trial)

    def _score_of(self, networks: Sequence[Wanted]) -> float | None:
        """Return the mean loss of the rows held out from each of these networks; None if there are none."""
        held = [each for each in networks if each.fold >= 0]
        if not held:
            return None
        rows = np.concatenate([np.flatnonzero(self.fold == each.fold) for each in held])
        return self.score_of(np.concatenate([self._done[each][1] for each in held]), rows)

    def measure(self, setting: Setting) -> None:
        """Measure the speed of this setting, if there is a time limit, by a few steps of a network for each thread."""
        if self.clock.limited:
            wanted = [Wanted(Features(), setting, -1, number) for number in range(2)]
            few, more = (min(count / setting.steps_on(len(self.y)), 1.0) for count in _PROBES)
            train(self.task, [self._job(each, few)[0] for each in wanted])  # memory and threads are new
            self._timed([self._job(each, more)[0] for each in wanted])

    def share(self, wanted: Iterable[Wanted]) -> float:
        """Return the share of these networks' steps for which there is time."""
        rows = len(self.y)
        steps = [
            each.setting.steps_on(min(rows, _JUDGING) if each.judges else rows)
            for each in wanted
            if each not in self._done
        ]
        return self.clock.share(sum(steps))

    def has_time(self, wanted: Iterable[Wanted], setting: Setting) -> bool:
        """Whether these can be trained before the time limit, and then a network of this setting for every fold."""
        return self.share([*wanted, *(Wanted(Features(), setting, -1, fold) for fold in self.folds)]) == 1

    def network(self, wanted: Wanted) -> Network:
        """Return a network that was trained."""
        return self._done[wanted][0]

    def judge(self, features: Features, setting: Setting, fold: int) -> Wanted:
        """Return a network that judges settings and features: on large tables, it is trained on some of the rows."""
        return Wanted(features, setting, fold, judges=len(self.y) > _JUDGING)

    def predicted(
        self, features: Features, setting: Setting, folds: Sequence[int], judging: bool = False
    ) -> Float:
        """Return predictions of all rows, each by the network that did not see it; NaN in other folds."""
        found = np.full((len(self.y), self.task.outputs), np.nan)
        for fold in folds:
            wanted = self.judge(features, setting, fold) if judging else Wanted(features, setting, fold)
            found[self.fold == fold] = self._done[wanted][1]
        return found

    def rows_in(self, folds: Sequence[int]) -> NDArray[np.intp]:
        """Return the rows of these folds."""
        return np.flatnonzero(np.isin(self.fold, folds))

    def score(
        self, features: Features, setting: Setting, folds: Sequence[int], judging: bool = False
    ) -> float:
        """Return the mean loss of the rows of these folds, held out from their networks; lower is better."""
        rows = self.rows_in(folds)
        return self.score_of(self.predicted(features, setting, folds, judging)[rows], rows)

    def gain(self, features: Features, setting: Setting, fold: int) -> float:
        """Return by how much a mean of many networks loses less than one does, on the rows of a fold.

        For a loss that is a square, the mean of two gains half of that. It is found by two.
        """
        rows = np.flatnonzero(self.fold == fold)
        one, two = (self._done[Wanted(features, setting, fold, number)][1] for number in range(2))
        apart = (self.score_of(one, rows) + self.score_of(two, rows)) / 2
        return 2 * max(apart - self.score_of((one + two) / 2, rows), 0.0)

    def is_better(self, one: Float, other: Float, rows: NDArray[np.intp], errors: float = 1) -> bool:
        """Whether the first predictions of these rows lose less, by more than the difference's standard error."""
        y = self.y[rows]
        losses = [self.task.row_losses(y, self.task.evidence(y, found)) for found in (one, other)]
        difference = losses[0] - losses[1]
        weight = np.ones(len(rows)) if self.weight is None else self.weight[rows]
        mean = weighted_mean(difference, weight)
        spread = weight * (difference - mean)
        return mean < -errors * float(np.sqrt(np.add.reduce(spread * spread)) / np.add.reduce(weight))

    def score_of(self, predicted: Float, rows: NDArray[np.intp]) -> float:
        """Return the mean loss of these predictions of rows."""
        weight = None if self.weight is None else self.weight[rows]
        return self.task.score(self.y[rows], self.task.evidence(self.y[rows], predicted), weight)

    def encoder(self, features: Features) -> TableEncoder:
        """Return the encoder of these features, with all that is known of the cells of their pairs."""
        if not features.pairs:
            return self.coding.encoder(features.spikes)
        if features not in self._encoders:
            known = [self._known(pair, np.arange(len(self.y))) for pair in features.pairs]
            values, of_rows = zip(*known, strict=True)
            paired = self.coding.paired(
                features.spikes, features.pairs, list(values), np.column_stack(of_rows)
            )
            self._encoders[features] = paired
        return self._encoders[features]

    def _rows(self, features: Features, seen: NDArray[np.intp]) -> Any:
        """Return the coded rows of a network that sees these: no row's own target shows in its cells."""
        if not features.pairs:
            return self.coding.rows(features.spikes)
        of_rows = [self._known(pair, seen)[1] for pair in features.pairs]
        return self.coding.paired_rows(self.encoder(features), np.column_stack(of_rows))

    def _known(self, pair: Pair, seen: NDArray[np.intp]) -> tuple[Float, Float]:
        """Return the target as these rows encode it, by cell of a pair and by row; see `pairs.encoded`."""
        weight = np.ones(len(self.y)) if self.weight is None else self.weight
        return encoded(pair, self.first_target, weight, seen, self.part, self.task.classifies)

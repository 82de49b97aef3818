"""Networks trained on the rows outside one fold each, and what they predict for the rows in it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin.data.inputs import error_context
from fanin.tables.fitted import FittedTable
from fanin.tables.folds import folds_of
from fanin.tables.members import Job, Stopping, train
from fanin.tables.pairs import Pair, encoded
from fanin.tables.recipe import Setting
from fanin.tables.scores import weighted_mean
from fanin.tables.trial import Trial
from fanin.tables.validation import IN_VALIDATION, Validation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network
    from fanin.tables.clock import Clock
    from fanin.tables.coding import Coding, Encoder
    from fanin.tables.progress import Reporter
    from fanin.tables.task import Task

    Float = NDArray[np.float64]


_PROBES = 5, 50  # steps to warm up, and by which speed is measured
_SEEDS = 4096  # of the networks of one seed
_MOST_FOLDS = 64
NO_FOLD = -1  # the fold of the validation rows, which are held out from networks that see all others
_JUDGING = 20_000  # rows, of which networks that only judge see their part


class Features(NamedTuple):
    """What networks see of a table besides its columns: one-hot codes of numbers, and cells of pairs of columns."""

    spikes: bool = False
    pairs: tuple[Pair, ...] = ()


class Wanted(NamedTuple):
    """A network: what it sees, its setting, the fold held out from it, and its number among its like.

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
        Targets and sample weights of all rows; no weights: None. Those of validation rows follow as attributes.
    fold, part : array of int
        The fold of each row, and its part in which it is left out of the cells of pairs.
    seed : int
    clock : Clock
    reporter : Reporter
        Of epochs and trials.
    validation : Validation, optional
        Rows that no network sees.
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
        reporter: Reporter,
        validation: Validation | None = None,
    ) -> None:
        self.task, self.coding, self.part, self.seed, self.clock = task, coding, part, seed, clock
        self.rows, self.folds = len(y), range(int(fold.max()) + 1)
        self.y, self.weight, self.fold = y, weight, fold
        self._targets = y, weight  # of the rows that networks may see
        if validation is not None:
            self.y, self.weight = validation.after(y, weight)
            self.fold = np.concatenate([fold, np.full(len(validation.y), NO_FOLD)])
        # of the rows, those that judges are trained on
        self._judging = folds_of(self.rows, -(-self.rows // _JUDGING), seed + 2) == 0
        self.trials: list[Trial] = []
        self._reporter, self.validation = reporter, validation
        self._validation_rows: dict[Features, Any] = {}
        self._done: dict[Wanted, tuple[Network, Float]] = {}
        self._encoders: dict[Features, Encoder] = {}
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
        if self.validation is not None and self.validation.stops:
            jobs = tuple(map(self._stopped, todo, jobs, held))
        networks, seconds = self._timed(jobs)
        for each, network, rows in zip(todo, networks, held, strict=True):
            outputs = np.zeros((0, self.task.outputs)) if rows is None else network.predict(rows)
            self._done[each] = network, self.task.predicted(outputs)
        self._note(todo, jobs, seconds)

    def _job(self, wanted: Wanted, share: float) -> tuple[Job, Any]:
        """Return the job of a network, and the coded rows held out from it, if any."""
        others = self.fold[: self.rows] != wanted.fold
        seen = np.flatnonzero(others & self._judging if wanted.judges else others)
        rows, held = self._rows(wanted.features, seen), None
        if wanted.fold != NO_FOLD:
            held = rows[self.rows_in([wanted.fold])]
        elif self.validation is not None:
            held = self.validation_rows(wanted.features)
        seed = (_SEEDS * self.seed + _MOST_FOLDS * wanted.number + wanted.fold) % 2**64
        some = seen if len(seen) < self.rows else None
        return Job(wanted.setting, rows, *self._targets, seed, share, seen=some), held

    def _stopped(self, wanted: Wanted, job: Job, held: Any) -> Job:
        """Return the job with early stopping by the validation rows, if they are those held out from its network."""
        judge = self.validation
        if judge is None or wanted.fold != NO_FOLD:
            return job
        score, encoder = judge.scorer, self.encoder(wanted.features)

        def score_of(network: Network) -> float:
            assert score is not None
            return score(FittedTable.of(self.task, encoder, [network], [1.0]))

        return replace(job, stopping=Stopping(score and score_of, held, judge.y, judge.weight))

    def validation_rows(self, features: Features) -> Any:
        """Return the coded validation rows."""
        assert self.validation is not None
        if features not in self._validation_rows:
            with error_context(IN_VALIDATION):
                self._validation_rows[features] = self.encoder(features).transform(self.validation.X)
        return self._validation_rows[features]

    def _timed(self, jobs: Sequence[Job]) -> tuple[tuple[Network, ...], float]:
        """Return networks and the seconds of their training."""
        began = time.perf_counter()
        networks, steps = train(self.task, jobs, self._reporter)
        seconds = time.perf_counter() - began
        self.clock.worked(steps, seconds)
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
            self._reporter.trial_ended(trial)

    def _score_of(self, networks: Sequence[Wanted]) -> float | None:
        """Return the mean loss of the rows held out from each of these networks; None if there are none."""
        held = [each for each in networks if len(self.held_out(each))]
        if not held:
            return None
        rows = np.concatenate([self.rows_in([each.fold]) for each in held])
        return self.score_of(np.concatenate([self.held_out(each) for each in held]), rows)

    def measure(self, setting: Setting) -> None:
        """Measure the speed of this setting, if there is a time limit, by a few steps of a network for each thread."""
        if self.clock.limited:
            wanted = [Wanted(Features(), setting, NO_FOLD, number) for number in range(2)]
            few, more = (min(count / setting.steps_on(self.rows), 1.0) for count in _PROBES)
            warm_up = [self._job(each, few)[0] for each in wanted]  # memory and threads are new
            train(self.task, warm_up, self._reporter)
            self._timed([self._job(each, more)[0] for each in wanted])

    def share(self, wanted: Iterable[Wanted]) -> float:
        """Return the share of these networks' steps for which there is time."""
        steps = [
            each.setting.steps_on(min(self.rows, _JUDGING) if each.judges else self.rows)
            for each in wanted
            if each not in self._done
        ]
        return self.clock.share(sum(steps))

    def has_time(self, wanted: Iterable[Wanted], setting: Setting) -> bool:
        """Whether these can be trained before the time limit, and then a network of this setting for every fold."""
        more = (Wanted(Features(), setting, NO_FOLD, fold) for fold in self.folds)
        return self.share([*wanted, *more]) == 1

    def network(self, wanted: Wanted) -> Network:
        """Return a network that was trained."""
        return self._done[wanted][0]

    def held_out(self, wanted: Wanted) -> Float:
        """Return what a network predicts for the rows held out from it; for none, if there are none."""
        return self._done[wanted][1]

    def judge(self, features: Features, setting: Setting, fold: int) -> Wanted:
        """Return a network that judges settings and features: on large tables, it is trained on some of the rows."""
        return Wanted(features, setting, fold, judges=self.rows > _JUDGING)

    def predicted(
        self, features: Features, setting: Setting, folds: Sequence[int], judging: bool = False
    ) -> Float:
        """Return predictions of all rows, each by the network that did not see it; NaN in other folds."""
        found = np.full((len(self.y), self.task.outputs), np.nan)
        for fold in folds:
            wanted = self.judge(features, setting, fold) if judging else Wanted(features, setting, fold)
            found[self.fold == fold] = self.held_out(wanted)
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
        rows = self.rows_in([fold])
        one, two = (self.held_out(Wanted(features, setting, fold, number)) for number in range(2))
        apart = (self.score_of(one, rows) + self.score_of(two, rows)) / 2
        return 2 * max(apart - self.score_of((one + two) / 2, rows), 0.0)

    def is_better(self, one: Float, other: Float, rows: NDArray[np.intp], errors: float = 1) -> bool:
        """Whether the first predictions of these rows lose less, by more than the difference's standard error."""
        y = self.y[rows]
        losses = [self.task.row_losses(y, self.task.evidence(y, found)) for found in (one, other)]
        difference = losses[0] - losses[1]
        weight = np.ones(len(y)) if self.weight is None else self.weight[rows]
        mean = weighted_mean(difference, weight)
        spread = weight * (difference - mean)
        return mean < -errors * float(np.sqrt(np.add.reduce(spread * spread)) / np.add.reduce(weight))

    def score_of(self, predicted: Float, rows: NDArray[np.intp]) -> float:
        """Return the mean loss of these predictions of rows."""
        weight = None if self.weight is None else self.weight[rows]
        return self.task.score(self.y[rows], self.task.evidence(self.y[rows], predicted), weight)

    def encoder(self, features: Features) -> Encoder:
        """Return the encoder of these features, with all that is known of the cells of their pairs."""
        if not features.pairs:
            return self.coding.encoder(features.spikes)
        if features not in self._encoders:
            known = [self._known(pair, np.arange(self.rows)) for pair in features.pairs]
            values, of_rows = zip(*known, strict=True)
            self._encoders[features] = self.coding.paired(
                features.spikes, features.pairs, list(values), np.column_stack(of_rows)
            )
        return self._encoders[features]

    def _rows(self, features: Features, seen: NDArray[np.intp]) -> Any:
        """Return the coded rows of a network that sees these: no row's own target shows in its cells."""
        if not features.pairs:
            return self.coding.rows(features.spikes)
        of_rows = [self._known(pair, seen)[1] for pair in features.pairs]
        return self.coding.paired_rows(self.encoder(features), np.column_stack(of_rows))

    def _known(self, pair: Pair, seen: NDArray[np.intp]) -> tuple[Float, Float]:
        """Return the target as these rows encode it, by cell of a pair and by row; see `pairs.encoded`."""
        weight = np.ones(self.rows) if self.weight is None else self.weight[: self.rows]
        return encoded(pair, self.first_target, weight, seen, self.part, self.task.classifies)

"""Networks trained on the rows outside one fold each, and what they predict for the rows in it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fanin.data.inputs import error_context
from fanin.tables.fitted import FittedTable
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
    from fanin.tables.coding import Coding
    from fanin.tables.encoder import TableEncoder
    from fanin.tables.progress import Reporter
    from fanin.tables.task import Task

    Float = NDArray[np.float64]


_PROBES = 5, 50  # steps to warm up, and by which speed is measured
_SEEDS = 4096  # of the networks of one seed


class Features(NamedTuple):
    """What networks see of a table besides its columns: one-hot codes of numbers, and cells of pairs of columns."""

    spikes: bool = False
    pairs: tuple[Pair, ...] = ()


class Wanted(NamedTuple):
    """A network: its setting, what it sees, and the fold held out from it; below 0, none is held out."""

    features: Features
    setting: Setting
    fold: int


class Trainer:
    """Trains networks on all rows but a fold, each of them once.

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
    reporter : Reporter
        Of epochs and trials.
    validation : Validation, optional
        Rows held out from networks from which no fold is.
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
        self.task, self.coding, self.y, self.weight = task, coding, y, weight
        self.fold, self.part, self.seed, self.clock = fold, part, seed, clock
        self.folds = range(int(fold.max()) + 1)
        self.trials: list[Trial] = []
        self._reporter, self.validation = reporter, validation
        self._validation_rows: dict[Features, Any] = {}
        self._done: dict[Wanted, tuple[Network, Float]] = {}
        self._encoders: dict[Features, TableEncoder] = {}
        self.first_target = np.asarray(task.targets(y), dtype=np.float64).reshape(len(y), -1)[:, 0]

    def train(self, wanted: Iterable[Wanted]) -> None:
        """Train those of the networks that are not trained yet, one a thread; for fewer steps if time is short."""
        todo = [each for each in dict.fromkeys(wanted) if each not in self._done]
        if not todo:
            return
        share = self.share(todo)
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
        seen = np.flatnonzero(self.fold != wanted.fold)
        rows, held = self._rows(wanted.features, seen), None
        if wanted.fold >= 0:
            held = rows.take(np.flatnonzero(self.fold == wanted.fold))
            rows = rows.take(seen)
        elif self.validation is not None:
            held = self.validation_rows(wanted.features)
        weight = None if self.weight is None else self.weight[seen]
        seed = (_SEEDS * self.seed + wanted.fold) % 2**64
        return Job(wanted.setting, rows, self.y[seen], weight, seed, share), held

    def _stopped(self, wanted: Wanted, job: Job, held: Any) -> Job:
        """Return the job with early stopping by the validation rows, if they are those held out from its network."""
        judge = self.validation
        if judge is None or wanted.fold >= 0:
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
            folds = [todo[place].fold for place in chosen if self._judges(todo[place].fold)]
            score = self.score(features, setting, folds) if folds else None
            spent = seconds * sum(jobs[place].steps for place in chosen) / steps
            trial = Trial(setting, features.spikes, len(features.pairs), len(chosen), score, spent)
            self.trials.append(trial)
            self._reporter.trial_ended(trial)

    def measure(self, setting: Setting) -> None:
        """Measure the speed of this setting, if there is a time limit, by a few steps of a network for each thread."""
        if self.clock.limited:
            wanted = [Wanted(Features(), setting, -1 - number) for number in range(2)]
            few, more = (min(count / setting.steps_on(len(self.y)), 1.0) for count in _PROBES)
            warm_up = [self._job(each, few)[0] for each in wanted]  # memory and threads are new
            train(self.task, warm_up, self._reporter)
            self._timed([self._job(each, more)[0] for each in wanted])

    def share(self, wanted: Iterable[Wanted]) -> float:
        """Return the share of these networks' steps for which there is time."""
        steps = [each.setting.steps_on(len(self.y)) for each in wanted if each not in self._done]
        return self.clock.share(sum(steps))

    def has_time(self, wanted: Iterable[Wanted], setting: Setting) -> bool:
        """Whether these can be trained before the time limit, and then a network of this setting for every fold."""
        return self.share([*wanted, *(Wanted(Features(), setting, -1 - fold) for fold in self.folds)]) == 1

    def network(self, wanted: Wanted) -> Network:
        """Return a network that was trained."""
        return self._done[wanted][0]

    def predicted(self, features: Features, setting: Setting, folds: Sequence[int]) -> Float:
        """Return predictions of all rows, each by the network that did not see it; NaN in other folds.

        Of networks from which no fold was held out, it is the mean of their predictions of the validation rows.
        """
        if folds[0] < 0:
            every = [self._done[Wanted(features, setting, fold)][1] for fold in folds]
            return np.asarray(sum(every) / len(every))
        found = np.full((len(self.y), self.task.outputs), np.nan)
        for fold in folds:
            found[self.fold == fold] = self._done[Wanted(features, setting, fold)][1]
        return found

    def held_out(self, features: Features, setting: Setting) -> Float | None:
        """Return predictions of the rows of all folds held out from networks of this setting; None if none were."""
        folds = [fold for fold in self.folds if Wanted(features, setting, fold) in self._done]
        return self.predicted(features, setting, folds) if folds else None

    def score(self, features: Features, setting: Setting, folds: Sequence[int]) -> float:
        """Return the mean loss of the rows of these folds, held out from their networks; lower is better."""
        return self.score_of(self.predicted(features, setting, folds), folds)

    def is_better(
        self, one: tuple[Features, Setting], other: tuple[Features, Setting], folds: Sequence[int]
    ) -> bool:
        """Whether the first loses less on the rows of these folds, by more than the difference's standard error."""
        y, weight, rows = self._truth(folds)
        losses = []
        for features, setting in (one, other):
            found = self.task.evidence(y, self.predicted(features, setting, folds)[rows])
            losses.append(self.task.row_losses(y, found))
        difference = losses[0] - losses[1]
        weight = np.ones(len(y)) if weight is None else weight
        mean = weighted_mean(difference, weight)
        spread = weight * (difference - mean)
        return mean < -float(np.sqrt(np.add.reduce(spread * spread)) / np.add.reduce(weight))

    def score_of(self, predicted: Float, folds: Sequence[int]) -> float:
        """Return the mean loss of predictions, as `predicted` returns them, in these folds."""
        y, weight, rows = self._truth(folds)
        return self.task.score(y, self.task.evidence(y, predicted[rows]), weight)

    def _judges(self, fold: int) -> bool:
        """Whether there are rows held out from a network without this fold."""
        return fold >= 0 or self.validation is not None

    def _truth(self, folds: Sequence[int]) -> tuple[NDArray[Any], Float | None, Any]:
        """Return targets and weights of the rows held out from networks, and their places in predictions."""
        if folds[0] < 0 and self.validation is not None:
            return self.validation.y, self.validation.weight, slice(None)
        rows = np.flatnonzero(np.isin(self.fold, folds))
        return self.y[rows], None if self.weight is None else self.weight[rows], rows

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

"""One fit: the loop over epochs that trains, validates and calls the callbacks."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

from fanin import _core
from fanin._core import DivergedError
from fanin.condition import keep_condition_numbers, rows_to_condition
from fanin.data.class_weight import Part, weighted_by_class
from fanin.data.inputs import ColumnNames, as_data, error_context, row_count
from fanin.data.sequences import longest
from fanin.data.validation import Validation
from fanin.optim import BatchSizeWarning, Rule, Schedule, Solver
from fanin.training.callbacks import CallbackList, Logs
from fanin.training.early_decay import DecayWatch
from fanin.training.history import History
from fanin.training.progress import progress
from fanin.training.rates import steps_per_epoch
from fanin.training.settings import MOST, Settings
from fanin.training.steps import Steps
from fanin.values import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.network import Network


class Closing(closing[Any]):
    """Like `contextlib.closing`, but if closing fails too, the first exception (such as Ctrl-C) is the one raised."""

    def __exit__(self, *raised: object) -> None:
        """Close."""
        try:
            super().__exit__(*raised)
        except Exception:
            if raised[0] is None:
                raise


class Fit:
    """One call of `Network.fit` or `Network.fit_chunks`; the constructor checks the rule against the network."""

    def __init__(
        self, net: Network, settings: Settings, validation: Validation | None, names: ColumnNames
    ) -> None:
        self._names, self._stored_names = names, net._core.column_names
        self._stored_vector = net._core.vector_targets
        self.net, self.epochs = net, settings.most_epochs()
        self.rule: Any = settings.rule
        self._values = self._values_of_rule()
        self._factor = 1.0
        self.batch_size, self._batches = min(int(settings.batch_size or MOST), 2**32), settings.batches
        self._order_seed = None if settings.order_seed is None else int(settings.order_seed)
        self._class_weight = settings.class_weight
        self._truncation = int(settings.truncation or 0)
        self._of_ranks: dict[str, Any] = {}  # options of several ranks, if this is their fit
        self._warned = False
        self.budget = settings.new_budget()
        self.max_steps, self.max_time = settings.max_steps, settings.max_time
        self.callbacks, self.verbose = CallbackList(settings.callbacks), bool(settings.verbose)
        self.history = History(net.metric, validates=validation is not None, rule=self.rule)
        self._validation = validation
        self._shown: ExitStack | None = None
        self._decay: DecayWatch | None = None
        self._first_rows: NDArray[Any] | None = None
        self._figures: dict[str, float] = {}  # of an epoch, besides its loss and its rate
        self._doctor: Any = net._doctor(settings) if settings.diagnose else None

    def _values_of_rule(self) -> dict[str, Any]:
        """Return the hyper-parameters as the core expects them."""
        values: dict[str, Any] = self.rule.values_on(self.net._trained)
        return values

    def weighted(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, *, rows: Part = "chunk"
    ) -> tuple[ArrayLike, ArrayLike, ArrayLike | None]:
        """Return the data with the class weights, if any, in their sample weights."""
        if self._class_weight is None:
            return X, y, sample_weight
        weights = weighted_by_class(self.net, self._class_weight, X, y, sample_weight, self._names, rows=rows)
        return X, y, weights

    def training(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        population: _core.Population | None = None,
        epochs: int | None = None,
    ) -> Closing:
        """Check the data and allocate what an epoch needs; for a `with` block, which frees it.

        `epochs` are those of the fit, if they are all on these data.
        """
        X, y, sample_weight, labels = as_data(self.net, X, y, sample_weight, self._names)
        with error_context(labels=labels):
            if not self.net._core.adapted:
                self._first_rows = rows_to_condition(self.net, X)
            training = self._opened(X, y, sample_weight, population, epochs)
        try:
            if self._doctor is not None:
                self._doctor.see_targets(y, sample_weight)
        except BaseException:
            training.close()
            raise
        return Closing(training)

    def _opened(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        population: _core.Population | None,
        epochs: int | None,
    ) -> Any:
        """Return the core's training."""
        return self.net._training(
            self.net._core,
            X,
            y,
            sample_weight,
            self.batch_size,
            self._batches,
            self._order_seed,
            len(self.history.loss),
            epochs,
            self.budget,
            population,
            None if self._doctor is None else self._doctor.watch,
            truncation=self._truncation,
            **self._of_ranks,
        )

    def finish(self, training: Any) -> None:
        """Give each batch norm that asks for it exact statistics."""
        if self.epochs > 0:
            training.exact_statistics()

    def warn_of_mini_batches(self, rows: int, stacklevel: int) -> None:
        """Warn, once per fit, if the rule needs full-batch gradients but gets mini-batches."""
        if self._warned or self.batch_size * self.rule.batches >= rows or not self.rule.full_batch_because:
            return
        self._warned = True
        warnings.warn(
            f"rule: {self.rule.kind} needs full-batch gradients, because {self.rule.full_batch_because}; "
            f"expected batch_size={rows}, the number of samples, got {self.batch_size}",
            BatchSizeWarning,
            stacklevel=stacklevel,
        )

    def watch_decay(self, X: Any, settings: Settings) -> None:
        """Watch for a schedule that turns the rate down too soon, if it starts at its first step."""
        rate = self.rule.rate
        if isinstance(rate, Schedule) and not continues(self.net, self.rule):
            per_epoch = steps_per_epoch(self.net, row_count("X", X), settings, longest(X))
            self._decay = DecayWatch(rate, per_epoch, self.epochs)

    def epoch(self, training: Any) -> tuple[float, float, float]:
        """Train one epoch; return its mean loss, the learning rate at its end, and the fraction of the samples trained.

        The fraction, by weight, is 1 unless the budget ends the epoch.
        """
        self.warn_of_mini_batches(training.rows, stacklevel=6)
        self._store_layout(training)
        trained = training.epoch(self.rule.name, self._current_values())
        return trained.loss, trained.learning_rate, trained.share

    def begin_epoch(self, training: Any, population: _core.Population, number: int) -> None:
        """Begin an epoch for the population to train."""
        self._store_layout(training)
        training.begin_epoch(population, number, self.rule.name, self._current_values())

    def _current_values(self) -> dict[str, Any]:
        """Return the hyper-parameters, with the learning rate times the factor that callbacks have set."""
        factor = self.history.rate_factor
        if factor != self._factor:
            check_number("rate_factor", factor, at_least=0)
            self._values, self._factor = self.rule.times(factor).values_on(self.net._trained), factor
        return self._values

    def _store_layout(self, training: Any) -> None:
        """Store in the network the column names of the training data, and whether y is a vector."""
        if training.vector_targets != self._stored_vector:
            self._stored_vector = training.vector_targets
            self.net._core.set_vector_targets(self._stored_vector)
        if self._names != self._stored_names:
            self.net._core.set_column_names(self._names)
            self._stored_names = dict(self._names)

    def run(self, train: Callable[[], tuple[float, float]]) -> History:
        """Run epochs until all are done, the budget is spent or a callback stops the fit.

        `train` trains one epoch and returns its loss, and the learning rate at its end.
        """
        with Closing(self):
            loop = self.begin()
            try:
                loop.run(train)
            except DivergedError as error:
                self.diverged(error)
                raise
            return self.end(loop)

    def begin(self) -> _core.EpochLoop:
        """Return the loop over epochs, which validates, fills the history and calls the callbacks."""
        net, history = self.net, self.history
        self.callbacks.begin(net, history)
        validation = self._validation
        validate = None if validation is None else lambda: validation.evaluate(net)
        show = None
        if self.verbose:
            self._shown = ExitStack()
            known = self.epochs if self.epochs < MOST else None
            show = self._shown.enter_context(progress(known, self._share))

        def after(
            epoch: int, loss: float, rate: float, validated: tuple[float, float] | None, seconds: float
        ) -> bool:
            logs: Logs = {"loss": loss}
            if validated is not None:
                logs["val_loss"], logs[f"val_{net.metric}"] = validated
            logs["learning_rate"], logs["seconds"] = rate, seconds
            logs.update(self._figures)
            history.append(logs)
            if self._decay is not None:
                self._decay.epoch_ended(history.loss, stacklevel=5)
            stop = self.callbacks.stop_after(net, epoch, logs) or history.ended is not None
            if show is not None:
                show(epoch, logs, seconds)
            return stop

        return _core.EpochLoop(self.epochs, validate, after, self.budget)

    def _share(self, epoch: int, seconds: float) -> float | None:
        """Return the share of the fit that is done, by the limit that ends it; None for solvers, which end earlier."""
        if isinstance(self.rule, Solver) and self.max_time is None:
            return None
        done = [epoch / self.epochs] if self.epochs < MOST else []
        done += [] if self.max_steps is None else [self.budget.taken / int(self.max_steps)]
        done += [] if self.max_time is None else [seconds / float(self.max_time)]
        return min(max(done), 1.0)

    def end(self, loop: _core.EpochLoop) -> History:
        """Finish a loop that ended without an exception, and return the history."""
        self.history.stopped_epoch = loop.stopped_epoch
        self.history.steps = Steps(self.budget.taken, self.budget.knots)
        self.close()
        self._keep_condition_numbers()
        if self._doctor is not None:
            self.history.diagnosis = self._doctor.diagnosis(self.history)
        self.callbacks.end(self.net, self.history)
        return self.history

    def _keep_condition_numbers(self) -> None:
        keep_condition_numbers(self.net, self._first_rows)

    def diverged(self, error: DivergedError) -> None:
        """Note the history and the diagnosis of a fit that diverged in the exception."""
        error.history = self.history
        self.history.steps = Steps(self.budget.taken, self.budget.knots)
        if self._doctor is not None:
            self.history.diagnosis = self._doctor.diagnosis(self.history, error)
        error.diagnosis = self.history.diagnosis

    def close(self) -> None:
        """Close the progress display."""
        if self._shown is not None:
            self._shown.close()


def continues(net: Network, rule: Rule) -> bool:
    """Return whether a fit with this rule continues with the state of an earlier one."""
    last = net._core.rule
    return last is not None and bool(last[0] == rule.name)

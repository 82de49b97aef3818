"""A fit: its arguments, and the loop over epochs that trains, validates and tells the callbacks."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

from fanin import _core
from fanin.checks import check_integer
from fanin.data.inputs import as_data, sentences
from fanin.data.validation import Validation
from fanin.optim import BatchSizeWarning, Rule
from fanin.training.callbacks import CallbackList, Callbacks, Logs
from fanin.training.history import History
from fanin.training.progress import progress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.network import Network


class Fit:
    """One call of `Network.fit` or `Network.fit_chunks`; construction checks all arguments but the data."""

    def __init__(
        self,
        net: Network,
        rule: Rule,
        epochs: int,
        batch_size: int,
        shuffle: bool,
        validation: Validation | None,
        callbacks: Callbacks,
        verbose: bool,
    ) -> None:
        if not isinstance(rule, Rule):
            raise TypeError(f"rule: expected an update rule such as fanin.optim.Adam(), got {rule!r}")
        check_integer("epochs", epochs, 0)
        check_integer("batch_size", batch_size, 1)
        self.net, self.rule, self.epochs = net, rule, int(epochs)
        self._values = rule.values_on(net._parameter_names())
        self.batch_size, self.shuffle = min(int(batch_size), 2**32), bool(shuffle)
        self._warned = False
        self.callbacks, self.verbose = CallbackList(callbacks), bool(verbose)
        self.history = History(net.metric, validates=validation is not None)
        self._validation = validation

    def training(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> closing[Any]:
        """Check the data and lay out what an epoch over them needs, until the end of a `with`."""
        X, y, columns = as_data(X, y, self.net.dtype)
        with sentences(columns=columns):
            return closing(
                self.net._training(self.net._core, X, y, sample_weight, self.batch_size, self.shuffle)
            )

    def _warn_of_mini_batches(self, rows: int) -> None:
        """Warn once a fit where the rule wants the whole batch."""
        if self._warned or self.batch_size * self.rule.batches >= rows or not self.rule.full_batch_because:
            return
        self._warned = True
        warnings.warn(
            f"rule: {self.rule.kind} wants the whole batch, as {self.rule.full_batch_because}; "
            f"expected batch_size={rows}, the number of samples, got {self.batch_size}",
            BatchSizeWarning,
            stacklevel=6,
        )

    def epoch(self, training: Any) -> float:
        """Train one epoch; return its mean loss."""
        self._warn_of_mini_batches(training.rows)
        loss: float = training.epoch(self.rule.name, self._values)
        return loss

    def run(self, train: Callable[[], float]) -> History:
        """Run epochs until all are done or a callback says stop; `train` does one and returns its loss."""
        net, history = self.net, self.history
        self.callbacks.begin(net, history)
        validation = self._validation
        validate = None if validation is None else lambda: validation.evaluate(net)
        with progress(self.epochs, self.verbose) as show:

            def after(epoch: int, loss: float, validated: tuple[float, float] | None, seconds: float) -> bool:
                logs: Logs = {"loss": loss}
                if validated is not None:
                    logs["val_loss"], logs[f"val_{net.metric}"] = validated
                logs["seconds"] = seconds
                history.append(logs)
                stop = self.callbacks.stop_after(net, epoch, logs)
                show(epoch, logs, seconds)
                return stop

            history.stopped_epoch = _core.run_epochs(min(self.epochs, 2**63), train, validate, after)
        self.callbacks.end(net, history)
        return history

"""What follows a fit, epoch by epoch: the history and the callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fanin.sklearn.pause import Call
from fanin.sklearn.tasks import Tasks
from fanin.training.callbacks import CallbackList, check_callbacks
from fanin.training.early_stopping import EarlyStopping
from fanin.training.history import History
from fanin.training.rate_control import RateControl

if TYPE_CHECKING:
    from fanin.optim import Rule


class Observers:
    """The history and the callbacks of a fit, and who may abandon it."""

    def __init__(self, estimator: Any, metric: str, validates: bool, tasks: Tasks, call: Call) -> None:
        self._estimator, self._tasks, self._call = estimator, tasks, call
        self._callbacks = checked(estimator.callbacks)
        self._called = CallbackList(self._callbacks)
        self._history = estimator.history_ if call.resumes else History(metric, validates=validates)
        self._figures = ("val_loss", f"val_{metric}")
        estimator.history_ = self._history

    @property
    def may_come_late(self) -> bool:
        """Whether several epochs may be trained before any is recorded: in a search, if nobody acts on them."""
        return self._call.stop is not None and not self._callbacks and not self._tasks.are_called

    @property
    def rate_factor(self) -> float:
        """What callbacks multiply the learning rate by."""
        return self._history.rate_factor

    def begin(self, rule: Rule | None) -> None:
        """Note the rule, and call `on_fit_begin`, if the fit begins."""
        if self._call.resumes:
            return
        self._history.rule = rule
        self._called.begin(self._estimator, self._history)

    def epoch_begins(self) -> None:
        """Begin an epoch; raise AbandonedError if training is to be given up."""
        self._call.check_stop()
        self._tasks.epoch_begins()

    def stop_after(
        self, loss: float, validated: tuple[float, float] | None, rate: float, seconds: float
    ) -> bool:
        """Record an epoch, call the callbacks and return whether one of them stops the fit."""
        logs: dict[str, Any] = {"loss": loss}
        if validated is not None:
            logs.update(zip(self._figures, validated, strict=True))
        logs["learning_rate"], logs["seconds"] = rate, seconds
        self._history.append(logs)
        weights = self._estimator._weights
        weights.trained()
        stops = self._tasks.stop_after()
        if self._callbacks:
            stops |= self._called.stop_after(self._estimator, len(self._history.loss), logs)
            weights.network(self._estimator._form)  # which follows what callbacks wrote to coefs_
        if stops:
            self._history.stopped_epoch = len(self._history.loss)
        return stops

    def end(self) -> None:
        """Call `on_fit_end`."""
        self._tasks.end()
        self._called.end(self._estimator, self._history)


def checked(callbacks: Any) -> tuple[Any, ...]:
    """Return the callbacks; raise TypeError for those that need a `fanin.Network`."""
    given = check_callbacks(() if callbacks is None else callbacks)
    for callback in given:
        if isinstance(callback, EarlyStopping | RateControl):
            raise TypeError(
                f"callbacks: expected callbacks that work with an estimator, got {type(callback).__name__}, which "
                "needs a fanin.Network; use early_stopping=True or learning_rate='adaptive' instead"
            )
    return given

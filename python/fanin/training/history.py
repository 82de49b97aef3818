"""The history of a fit: its figures, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fanin.checks import counted
from fanin.notebook import framed, headline, note, table
from fanin.optim import Rule, Solver
from fanin.training.decision import Decision
from fanin.training.steps import Steps
from fanin.written import duration, figure

_OF_SOLVERS = ("gradient", "evaluations", "damping", "effective_parameters")
_SHOWN = 10  # epochs in a notebook


@dataclass(repr=False)
class History:
    """The figures of a fit, in lists with one entry per epoch.

    Attributes
    ----------
    metric : str
        Name of the loss's metric, such as "accuracy" or "rmse" (root mean squared error).
    loss : list of float
        Mean training loss of the epoch, measured on each batch before its update.
    val_loss, val_metric : list of float
        On the validation data, after the epoch; empty without validation data.
    learning_rate : list of float
        At the last update of the epoch: of a schedule, and times `rate_factor`; of a solver, the length of its step.
    seconds : list of float
        Training time of the epoch, without validation and callbacks.
    stopped_epoch : int or None
        The epoch (1, 2, ...) after which a callback stopped the fit, or in which it reached `max_steps` or
        `max_time`; None if all epochs ran.
    best_epoch : int or None
        The epoch from which `EarlyStopping` restored the weights; None without it.
    steps : Steps
        The updates taken; ``max_steps=history.steps`` repeats the fit on an equal network, bit for bit, even if
        `max_time` ended it.
    validates : bool
        Whether there are validation data.
    decisions : tuple of Decision
        What the fit decided by itself, such as a learning rate, with its reasons; in order.
    rule : Rule, Solver or None
        The rule or the solver of the fit.
    gradient, evaluations : list of float, list of int
        Of a solver: the largest component of the gradient after the iteration, and the evaluations of the loss in it.
        (`loss` is then measured after the iteration, too, and without the penalty.)
    damping, effective_parameters : list of float
        Of a solver that damps, and of one that estimates the effective number of parameters; empty for others.
    ended : str or None
        Why a solver ended: "small_gradient", "small_decrease", or "no_descent", if no step lowers the loss; None for a
        rule, and if the limits of the fit ended it.
    diagnosis : diagnose.Diagnosis or None
        What is wrong with the fit, if it was watched: ``fit(..., diagnose=True)``.
    rate_factor : float
        Multiplies the learning rate, a number or a schedule; a callback may change it for the epochs to come.

    Examples
    --------
    >>> from fanin import History
    >>> history = History("accuracy", validates=True)
    >>> validated = {"val_loss": 0.5, "val_accuracy": 0.75}
    >>> history.append({"loss": 0.25, **validated, "learning_rate": 0.01, "seconds": 0.125})
    >>> history
    <fanin.History: 1 epoch, loss 0.25, val_loss 0.5, val_accuracy 0.75, learning_rate 0.01, 125 ms>
    """

    metric: str
    loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_metric: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stopped_epoch: int | None = None
    best_epoch: int | None = None
    validates: bool = False
    decisions: tuple[Decision, ...] = ()
    rate_factor: float = 1.0
    rule: Rule | Solver | None = field(default=None, repr=False, compare=False)
    steps: Steps = field(default_factory=Steps)
    gradient: list[float] = field(default_factory=list, repr=False)
    evaluations: list[int] = field(default_factory=list, repr=False)
    damping: list[float] = field(default_factory=list, repr=False)
    effective_parameters: list[float] = field(default_factory=list, repr=False)
    ended: str | None = None
    diagnosis: Any = field(default=None, repr=False, compare=False)

    def append(self, figures: Mapping[str, float]) -> None:
        """Append the figures of an epoch, a dict like the logs of callbacks.

        Parameters
        ----------
        figures : dict
            "loss", "learning_rate", "seconds", and those of the validation data if there are any.
        """
        self.loss.append(figures["loss"])
        if self.validates:
            self.val_loss.append(figures["val_loss"])
            self.val_metric.append(figures[f"val_{self.metric}"])
        self.learning_rate.append(figures["learning_rate"])
        self.seconds.append(figures["seconds"])
        for name in _OF_SOLVERS:
            if name in figures:
                getattr(self, name).append(figures[name])

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as a dict of lists, for a frame of pandas or a file.

        Returns
        -------
        dict
            The name of the metric, copies of the lists, and the stopped and best epochs; why a solver ended.

        Examples
        --------
        >>> import numpy as np, fanin
        >>> X = np.linspace(-1, 1, 64)[:, None]
        >>> history = fanin.Network(1, [fanin.Dense(1)]).fit(X, X, epochs=3)
        >>> len(history.to_dict()["loss"])
        3
        """
        return {
            "metric": self.metric,
            "loss": self.loss.copy(),
            "val_loss": self.val_loss.copy(),
            "val_metric": self.val_metric.copy(),
            "learning_rate": self.learning_rate.copy(),
            "seconds": self.seconds.copy(),
            "stopped_epoch": self.stopped_epoch,
            "best_epoch": self.best_epoch,
        } | self._of_solver()

    def _of_solver(self) -> dict[str, Any]:
        if not self.gradient:
            return {}
        columns = {name: getattr(self, name).copy() for name in _OF_SOLVERS if getattr(self, name)}
        return columns | {"ended": self.ended}

    def __repr__(self) -> str:
        """Return the latest figures in one line."""
        parts = [counted(len(self.loss), "epoch")]
        parts += [f"{name} {figure(column[-1])}" for name, column in self._columns().items()]
        if self.best_epoch is not None:
            parts.append(f"best epoch {self.best_epoch}")
        if self.stopped_epoch is not None:
            parts.append(f"stopped after {self.stopped_epoch}")
        if self.ended is not None:
            parts.append(self.ended.replace("_", " "))
        parts.append(duration(sum(self.seconds)))
        return f"<fanin.History: {', '.join(parts)}>"

    def _columns(self) -> dict[str, list[float]]:
        """Return the figures by name, as far as there are any."""
        columns = {"loss": self.loss, "val_loss": self.val_loss, f"val_{self.metric}": self.val_metric}
        columns["learning_rate"] = self.learning_rate
        return {name: column for name, column in columns.items() if column}

    def _repr_html_(self) -> str:
        """Return a table of some epochs, with the first, the last and the best."""
        count, columns = len(self.loss), self._columns()
        numbers = {1 + round(k * (count - 1) / (_SHOWN - 1)) for k in range(_SHOWN)} if count else set()
        if self.best_epoch is not None:
            numbers.add(self.best_epoch)
        rows = [
            (
                f"{number:,}" + (", the best" if number == self.best_epoch else ""),
                *(figure(column[number - 1]) for column in columns.values()),
                duration(self.seconds[number - 1]),
            )
            for number in sorted(numbers)
            if number <= count
        ]
        decided = [note(repr(decision).strip("<>")) for decision in self.decisions]
        listed = [table(("epoch", *columns, "time"), rows)] if rows else []
        return framed(headline(repr(self).strip("<>")), *listed, *decided)

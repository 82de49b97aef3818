"""Reduction of the learning rate once a fit no longer improves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fanin import _core
from fanin.checks import check_flag, check_integer
from fanin.optim.schedule import Schedule
from fanin.optim.solvers import Solver
from fanin.training.callbacks import Logs
from fanin.training.monitor import Mode, Monitor
from fanin.values import check_number

if TYPE_CHECKING:
    from fanin.model import Float
    from fanin.network import Network
    from fanin.training.history import History


@dataclass
class ReduceOnPlateau(Monitor):
    """A callback that multiplies the learning rate by a factor each time a figure has stopped improving.

    ``rate <- max(factor rate, minimum)`` after `patience` epochs in a row without improvement, for the epochs to come.
    Hinton's advice (lecture 6): turn the rate down when the error on a validation set stops decreasing. All values of a
    schedule are multiplied likewise. A later fit starts with the rule's own rate again.

    An object can be used for several fits in turn, but not for two at once.

    Parameters
    ----------
    factor : float in (0, 1)
        Multiplies the rate.
    patience : int
        Epochs in a row without improvement; at least 1. (PyTorch's ReduceLROnPlateau reduces one epoch later.)
    cooldown : int
        Epochs after a reduction that do not count as epochs without improvement.
    minimum : float
        The rate, or the largest value of its schedule, is not reduced below this.
    threshold : float
        An improvement is a figure below the best so far by more than this share of it (above, for "max").
    best_weights : bool
        Continue from the weights of the best epoch after a reduction.
    monitor : str
        Name of a figure in the epoch's logs, as in `EarlyStopping`.
    mode : str
        "min": lower is better; "max": higher is better; "auto": "max" if the name ends in "accuracy", else "min".

    Attributes
    ----------
    reduced_after : list of int
        The epochs after which the rate was reduced in the last fit.

    Raises
    ------
    ValueError
        From fit, if `monitor` needs validation data and there are none, or is not in the logs, or if the rule is Rprop,
        which adapts its steps itself.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)])
    >>> reduce = fanin.ReduceOnPlateau(0.5, patience=2, monitor="loss", threshold=0.9)
    >>> history = net.fit(X, X, rule=fanin.optim.SGD(1e-3), epochs=6, callbacks=[reduce])
    >>> reduce.reduced_after, net.rule
    ([3, 5], SGD(learning_rate=0.00025))
    """

    factor: float = 0.1
    patience: int = 10
    cooldown: int = 0
    minimum: float = 0.0
    threshold: float = 1e-4
    best_weights: bool = False
    monitor: str = "val_loss"
    mode: Mode = "auto"
    reduced_after: list[int] = field(default_factory=list, init=False, repr=False, compare=False)
    _count: _core.Patience | None = field(default=None, init=False, repr=False, compare=False)
    _best: dict[str, Float] | None = field(default=None, init=False, repr=False, compare=False)
    _history: History | None = field(default=None, init=False, repr=False, compare=False)
    _cooling: int = field(default=0, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_number("factor", self.factor, above=0, below=1)
        check_integer("cooldown", self.cooldown, 0)
        check_number("minimum", self.minimum, at_least=0)
        check_number("threshold", self.threshold, at_least=0, below=1)
        check_flag("best_weights", self.best_weights)
        self._check_monitor()

    def _least_change(self) -> tuple[float, float]:
        return 0.0, float(self.threshold)

    def on_fit_begin(self, net: Network, history: History) -> None:
        """Reset the state of an earlier fit."""
        self._begin(history)
        rule = history.rule
        if isinstance(rule, Solver) or (rule is not None and rule.name == "rprop"):
            raise ValueError(
                f"ReduceOnPlateau: expected a rule with a learning rate, got {rule.kind}, which adapts its steps"
            )
        self._history, self._best, self._cooling, self.reduced_after = history, None, 0, []

    def on_epoch_end(self, net: Network, epoch: int, logs: Logs) -> None:
        """Count the epoch, and reduce the rate if patience has run out."""
        count = self._counted()
        if count.is_best(self._figure(logs)) and self.best_weights:
            self._best = net._copy_weights(self._best or {})
        if self._cooling > 0:
            self._cooling -= 1
            count.renew()
        if count.runs_out():
            count.renew()
            self._cooling = self.cooldown
            self.reduced_after.append(epoch)
            self._reduce()
            if self._best is not None and count.best_epoch != epoch:
                net.set_weights(self._best)

    def on_fit_end(self, net: Network, history: History) -> None:
        """Free the best weights."""
        self._count = self._best = self._history = None

    def _reduce(self) -> None:
        """Multiply the rate by the factor, but not below the minimum."""
        history = self._history
        if history is None or history.rule is None:
            raise RuntimeError("ReduceOnPlateau: on_epoch_end expected on_fit_begin first")
        rate: Any = history.rule.rate
        largest = (rate.largest() if isinstance(rate, Schedule) else float(rate)) * history.rate_factor
        history.rate_factor *= max(self.factor, min(1.0, self.minimum / largest if largest > 0 else 1.0))

"""Early stopping: stop a fit that no longer improves, and restore the best weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fanin import _core
from fanin.training.callbacks import Logs
from fanin.training.monitor import Mode, Monitor
from fanin.values import check_number

if TYPE_CHECKING:
    from fanin.model import Float
    from fanin.network import Network
    from fanin.training.history import History


@dataclass
class EarlyStopping(Monitor):
    """A callback that stops a fit when it no longer improves, and restores the weights of the best epoch.

    An epoch is an improvement if its figure is below the best so far by more than `min_delta` (above, for "max"). The
    fit stops after `patience` epochs in a row without improvement. Unless the fit ends by an exception, the weights
    are then those of the best epoch, bit for bit, and the history has `best_epoch` and `stopped_epoch`. The state of
    the update rule remains that of the last epoch; what a solver knows is dropped, unless that epoch was the best.

    An object can be used for several fits in turn, but not for two at once.

    Parameters
    ----------
    patience : int
        Stop after this many epochs in a row without improvement; at least 1.
    min_delta : float
        Smaller changes do not count as an improvement.
    monitor : str
        Name of a figure in the epoch's logs: "val_loss", "val_accuracy" or "val_rmse", "loss", or one added by an
        earlier callback in the list. NaN does not count as an improvement.
    mode : str
        "min": lower is better; "max": higher is better; "auto": "max" if the name ends in "accuracy", else "min".

    Attributes
    ----------
    best_weights : dict or None
        Weights of the best epoch during a fit, and after a fit that ended with an exception such as Ctrl-C; None once
        they are restored.

    Raises
    ------
    ValueError
        From fit, if `monitor` needs validation data and there are none, or is not in the logs.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> net = fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)])
    >>> history = net.fit(X, X, rule=fanin.optim.SGD(0), validation_data=(X, X),
    ...                   epochs=100, callbacks=[fanin.EarlyStopping(patience=3)])
    >>> history.best_epoch, history.stopped_epoch
    (1, 4)
    """

    patience: int = 10
    min_delta: float = 0.0
    monitor: str = "val_loss"
    mode: Mode = "auto"
    best_weights: dict[str, Float] | None = field(default=None, init=False, repr=False, compare=False)
    _count: _core.Patience | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._check_monitor()
        check_number("min_delta", self.min_delta, at_least=0)

    def _least_change(self) -> tuple[float, float]:
        return float(self.min_delta), 0.0

    def on_fit_begin(self, net: Network, history: History) -> None:
        """Reset the state of an earlier fit."""
        self._begin(history)
        self.best_weights = None

    def on_epoch_end(self, net: Network, epoch: int, logs: Logs) -> bool:
        """Store the weights of the best epoch; return whether patience has run out."""
        count = self._counted()
        if count.is_best(self._figure(logs)):
            self.best_weights = net._copy_weights(self.best_weights or {})
        return count.runs_out()

    def on_fit_end(self, net: Network, history: History) -> None:
        """Restore the best weights."""
        count = self._counted()
        history.best_epoch = count.best_epoch
        if self.best_weights is not None and count.epochs_without_progress > 0:
            net.set_weights(self.best_weights)
        self.best_weights = self._count = None

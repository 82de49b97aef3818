"""Stop when validation no longer gets better, and bring the best weights back."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Literal, get_args

from fanin import _core
from fanin.checks import check_choice, check_integer, check_text
from fanin.training.callbacks import Logs
from fanin.values import check_number

if TYPE_CHECKING:
    from fanin.model import Float
    from fanin.network import Network
    from fanin.training.history import History

Mode = Literal["auto", "min", "max"]


@dataclass
class EarlyStopping:
    """A callback that stops a fit which no longer gets better, and restores the weights of its best epoch.

    An epoch is better if its figure is below the best one so far by more than `min_delta` (above, for "max"). The fit
    stops after `patience` epochs in a row that are not. However the fit ends by itself, the weights are then those of
    the best epoch, bit for bit, and the history tells `best_epoch` and `stopped_epoch`. The state of the update rule
    stays that of the last epoch.

    One object serves one fit after the other, not two at once.

    Parameters
    ----------
    patience : int
        Epochs in a row without progress after which to stop, at least 1.
    min_delta : float
        Smaller changes than this are no progress.
    monitor : str
        Name of a figure in the logs of the epoch: "val_loss", "val_accuracy" or "val_rmse", "loss", or one that a
        callback earlier in the list adds. A figure that is not a number (NaN) is no progress.
    mode : str
        "min": lower is better; "max": higher is better; "auto": "max" where the name ends in "accuracy", else "min".

    Attributes
    ----------
    best_weights : dict or None
        Weights of the best epoch while a fit runs, and after one that ended with an exception such as Ctrl-C; None
        once they are back in the network.

    Raises
    ------
    ValueError
        From fit, where `monitor` needs validation data and there are none, or names no figure of the logs.

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
        check_integer("patience", self.patience, 1)
        check_number("min_delta", self.min_delta, at_least=0)
        check_text("monitor", self.monitor, "the name of a figure")
        check_choice("mode", self.mode, get_args(Mode))

    def on_fit_begin(self, net: Network, history: History) -> None:
        """Forget earlier fits."""
        if self.monitor in ("val_loss", f"val_{history.metric}") and not history.validates:
            raise ValueError(
                f"EarlyStopping: {self.monitor} needs validation_data=(X, y) or validation_fraction=0.1; "
                "or monitor another figure"
            )
        self.best_weights = self._count = None

    def on_epoch_end(self, net: Network, epoch: int, logs: Logs) -> bool:
        """Keep the weights of the best epoch; return whether patience has run out."""
        count = self._counted()
        if count.is_best(self._figure(logs)):
            self.best_weights = net._copy_weights(self.best_weights or {})
        return count.runs_out()

    def on_fit_end(self, net: Network, history: History) -> None:
        """Bring the best weights back."""
        count = self._counted()
        history.best_epoch = count.best_epoch
        if self.best_weights is not None and count.epochs_without_progress > 0:
            net.set_weights(self.best_weights)
        self.best_weights = self._count = None

    def __getstate__(self) -> dict[str, object]:
        """Leave the count out of copies and pickles: it belongs to one fit."""
        return {**self.__dict__, "_count": None}

    def _counted(self) -> _core.Patience:
        """Return the count of this fit."""
        if self._count is None:
            higher = self.mode == "max" or (self.mode == "auto" and self.monitor.endswith("accuracy"))
            self._count = _core.Patience(min(self.patience, 2**63), float(self.min_delta), higher)
        return self._count

    def _figure(self, logs: Logs) -> float:
        if self.monitor not in logs:
            raise ValueError(
                f"EarlyStopping: monitor: expected one of {', '.join(logs)}, got {self.monitor!r}"
            )
        value = logs[self.monitor]
        if not isinstance(value, Real):
            raise TypeError(f"EarlyStopping: {self.monitor}: expected a number, got {value!r}")
        return float(value)

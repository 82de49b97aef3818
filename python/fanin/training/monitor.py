"""What callbacks share that watch a figure: its check, and the count of epochs without improvement."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Literal, get_args

from fanin import _core
from fanin.checks import check_choice, check_integer, check_text
from fanin.training.callbacks import Logs

if TYPE_CHECKING:
    from fanin.model import Float
    from fanin.training.history import History

Mode = Literal["auto", "min", "max"]


def check_validates(callback: object, monitor: str, history: History) -> None:
    """Raise ValueError if the figure that a callback watches needs validation data and there are none."""
    if monitor in ("val_loss", f"val_{history.metric}") and not history.validates:
        raise ValueError(
            f"{type(callback).__name__}: {monitor} needs validation data; "
            "pass validation_data=(X, y) or validation_fraction=0.1, or monitor another figure"
        )


def figure(callback: object, monitor: str, logs: Logs) -> float:
    """Return the figure that a callback watches; raise if it is not there or no number."""
    name = type(callback).__name__
    if monitor not in logs:
        raise ValueError(f"{name}: monitor: expected one of {', '.join(logs)}, got {monitor!r}")
    value = logs[monitor]
    if not isinstance(value, Real):
        raise TypeError(f"{name}: {monitor}: expected a number, got {value!r}")
    return float(value)


class Monitor:
    """A callback that watches a figure of the logs during one fit at a time."""

    patience: int
    monitor: str
    mode: Mode
    best_weights: dict[str, Float] | bool | None
    _count: _core.Patience | None

    def _check_monitor(self) -> None:
        check_integer("patience", self.patience, 1)
        check_text("monitor", self.monitor, "the name of a figure")
        check_choice("mode", self.mode, get_args(Mode))

    def _begin(self, history: History) -> None:
        """Forget an earlier fit; raise ValueError if the figure needs validation data and there are none."""
        check_validates(self, self.monitor, history)
        self._count = None

    def _least_change(self) -> tuple[float, float]:
        """Return what counts as an improvement: more than this, and more than this share of the best."""
        raise NotImplementedError

    def _counted(self) -> _core.Patience:
        """Return the count of epochs for this fit, created on first use."""
        if self._count is None:
            higher = self.mode == "max" or (self.mode == "auto" and self.monitor.endswith("accuracy"))
            delta, share = self._least_change()
            self._count = _core.Patience(min(self.patience, 2**63), delta, higher, share)
        return self._count

    def _figure(self, logs: Logs) -> float:
        return figure(self, self.monitor, logs)

    def __getstate__(self) -> dict[str, object]:
        """Copy and pickle without the count, which belongs to one fit."""
        return {**self.__dict__, "_count": None}

"""A fit by all ranks: its epochs, validation and callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fanin.data.inputs import ColumnNames
from fanin.data.validation import Validation
from fanin.distributed.ranks import Ranks
from fanin.optim.schedule import Schedule
from fanin.training.callbacks import CallbackList, Logs
from fanin.training.early_decay import DecayWatch
from fanin.training.fitting import Fit, continues
from fanin.training.rates import steps_per_epoch

if TYPE_CHECKING:
    from fanin.model import Model
    from fanin.network import Network
    from fanin.training.callbacks import Callbacks
    from fanin.training.history import History
    from fanin.training.settings import Settings


class FitOfRanks(Fit):
    """A fit whose epochs are those of all ranks."""

    def __init__(
        self,
        net: Network,
        settings: Settings,
        validation: Validation | None,
        names: ColumnNames,
        rows: int,
        ranks: Ranks,
        synchronized: bool,
    ) -> None:
        super().__init__(net, settings, None if validation is None else _OfAll(validation, ranks), names)
        self._ranks = ranks
        self._of_ranks = {"communicator": ranks.core, "synchronized": synchronized}
        self.callbacks = _CallbacksOfAll(settings.callbacks, ranks)
        self._rows = sum(ranks.gather(rows))
        rate = self.rule.rate
        if isinstance(rate, Schedule) and not continues(net, self.rule):
            self._decay = DecayWatch(rate, steps_per_epoch(net, self._rows, settings), self.epochs)

    def warn_of_mini_batches(self, rows: int, stacklevel: int) -> None:
        super().warn_of_mini_batches(self._rows, stacklevel + 1)

    def _keep_condition_numbers(self) -> None:
        super()._keep_condition_numbers()
        if numbers := self._ranks.first(self.net._core.condition_numbers):
            self.net._core.set_condition_numbers(*numbers)


class _CallbacksOfAll(CallbackList):
    """Callbacks of which one rank stops all, and which change the rate on all ranks alike."""

    def __init__(self, callbacks: Callbacks, ranks: Ranks) -> None:
        super().__init__(callbacks)
        self._ranks = ranks

    def begin(self, net: Network, history: History) -> None:
        self._history = history
        super().begin(net, history)

    def stop_after(self, net: Network, epoch: int, logs: Logs) -> bool:
        stop = super().stop_after(net, epoch, logs)
        told = self._ranks.gather((stop, self._history.rate_factor))
        for rank, (_, factor) in enumerate(told):
            if factor != told[0][1]:
                raise ValueError(
                    f"rank {rank}: callbacks: expected the rate_factor of rank 0, {told[0][1]}, got {factor}; "
                    "a callback must change the rate on all ranks"
                )
        return any(stops for stops, _ in told)


class _OfAll(Validation):
    """Validation data of which each rank has a part."""

    def __init__(self, part: Validation, ranks: Ranks) -> None:
        self._data, self._ranks = part._data, ranks

    def evaluate(self, net: Model) -> tuple[float, float]:
        loss, metric = net._core.evaluate(*self._data, checked=True, communicator=self._ranks.core)
        return loss, metric

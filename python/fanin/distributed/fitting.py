"""A fit by all ranks: its epochs, validation and callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fanin import _core
from fanin.data.inputs import ColumnNames
from fanin.data.validation import Validation
from fanin.distributed.ranks import Ranks
from fanin.optim.schedule import Schedule
from fanin.training.callbacks import CallbackList, Logs
from fanin.training.early_decay import DecayWatch
from fanin.training.fitting import Fit, continues

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
        self._ranks, self._synchronized = ranks, synchronized
        self.callbacks = _CallbacksOfAll(settings.callbacks, ranks)
        self._rows = sum(ranks.gather(rows))
        rate = self.rule.rate
        if isinstance(rate, Schedule) and not continues(net, self.rule):
            self._decay = DecayWatch(rate, -(-self._rows // self.batch_size), self.epochs)

    def _opened(self, X: Any, y: Any, sample_weight: Any, population: Any, epochs: int | None) -> Any:
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
            communicator=self._ranks.core,
            synchronized=self._synchronized,
        )

    def warn_of_mini_batches(self, rows: int, stacklevel: int) -> None:
        super().warn_of_mini_batches(self._rows, stacklevel + 1)

    def end(self, loop: _core.EpochLoop) -> History:
        history = super().end(loop)
        if numbers := self._ranks.first(self.net._core.condition_numbers):
            self.net._core.set_condition_numbers(*numbers)
        return history


class _CallbacksOfAll(CallbackList):
    """Callbacks of which one rank stops all."""

    def __init__(self, callbacks: Callbacks, ranks: Ranks) -> None:
        super().__init__(callbacks)
        self._ranks = ranks

    def stop_after(self, net: Network, epoch: int, logs: Logs) -> bool:
        return self._ranks.any(super().stop_after(net, epoch, logs))


class _OfAll(Validation):
    """Validation data of which each rank has a part."""

    def __init__(self, part: Validation, ranks: Ranks) -> None:
        self._data, self._ranks = part._data, ranks

    def evaluate(self, net: Model) -> tuple[float, float]:
        loss, metric = net._core.evaluate(*self._data, checked=True, communicator=self._ranks.core)
        return loss, metric

"""Watching one fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fanin import _core
from fanin.diagnose.diagnosis import Diagnosis
from fanin.diagnose.evidence import Evidence, Target
from fanin.diagnose.measured import watched_of
from fanin.diagnose.targets import target_of

if TYPE_CHECKING:
    from fanin.network import Network
    from fanin.training.history import History
    from fanin.training.settings import Settings


class Doctor:
    """Watches a fit from its start, which it copies; the core adds measurements to `watch`."""

    def __init__(self, net: Network, settings: Settings) -> None:
        self.watch = _core.Watch()
        self._net, self._start, self._settings = net, net.copy(), settings
        self._target: Target | None = None

    def see_targets(self, y: Any, sample_weight: Any) -> None:
        """Note figures of the targets to train on; of chunks, those of the first."""
        if self._target is None:
            self._target = target_of(self._start, y, sample_weight)

    def diagnosis(self, history: History, error: Exception | None = None) -> Diagnosis:
        """Return the diagnosis of the fit, which may have diverged."""
        assert self._target is not None
        watched = watched_of(self.watch, self._start.layers)
        columns = tuple(self._net.column_names.get("X", ()))
        evidence = Evidence(
            self._start,
            self._settings,
            history,
            watched,
            self._target,
            "" if error is None else str(error),
            columns,
        )
        return Diagnosis(evidence)

"""A fit by a solver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin.training.fitting import Fit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from fanin.training.settings import Settings


class SolverFit(Fit):
    """A fit by a solver: an epoch is an iteration over all samples."""

    def _values_of_rule(self) -> dict[str, Any]:
        values: dict[str, Any] = self.rule.values()
        return values

    def _opened(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None, *others: Any) -> Any:
        single = self.net.dtype == np.float32
        kind = _core.SolverTrainingFloat32 if single else _core.SolverTrainingFloat64
        return kind(self.net._core, X, y, sample_weight, self.budget)

    def finish(self, training: Any) -> None:
        """Do nothing: there is no batch norm."""

    def watch_decay(self, rows: int, settings: Settings) -> None:
        """Do nothing: there is no schedule."""

    def epoch(self, training: Any) -> tuple[float, float, float]:
        """Run an iteration; return the mean loss after it, the length of the step, and 1."""
        if self.history.rate_factor != 1:
            raise ValueError(f"rate_factor: expected 1, because {self.rule.kind} has no learning rate")
        self._store_layout(training)
        done = training.epoch(self.rule.name, self._values)
        gradient, evaluations, damping, effective = done.iteration
        self._figures = {"gradient": gradient, "evaluations": evaluations}
        for name, figure in (("damping", damping), ("effective_parameters", effective)):
            if figure or getattr(self.history, name):  # 0 at first: the solver has none
                self._figures[name] = figure
        self.history.ended = done.ended
        return done.loss, done.learning_rate, 1.0

"""Fits that are trained side by side, on data that are split already."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fanin import _core
from fanin._core import DivergedError
from fanin.data.order import in_random_order
from fanin.data.sparse import is_sparse
from fanin.diagnose.proof import Curve
from fanin.optim import Solver
from fanin.training.opening import open_fit
from fanin.training.race import resolved
from fanin.training.together import train_together

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fanin.network import Network
    from fanin.training.settings import Settings

    Parts = tuple[Any, Any, Any]  # X, y, sample_weight


@dataclass(eq=False)
class Run:
    """A fit, and what it came to."""

    net: Network
    data: Parts
    validation: Parts
    settings: Settings
    judged: NDArray[Any]  # rows of the validation data that count
    fault: str = ""
    diverged: str = ""
    loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)

    def record(self, net: Network, epoch: int, logs: dict[str, Any]) -> None:
        """Note the losses of an epoch, as a callback."""
        self.loss.append(logs["loss"])
        self.val_loss.append(logs["val_loss"])

    def options(self) -> dict[str, Any]:
        """Return the arguments of the fit."""
        options = {entry.name: getattr(self.settings, entry.name) for entry in fields(self.settings)}
        options["callbacks"] = (*copy.deepcopy(self.settings.callbacks), self.record)
        return options

    def check(self) -> None:
        """Resolve a rate "auto", and make all checks of the fit."""
        X, y, weight = self.data
        self.settings = replace(self.settings, sample_weight=weight)
        self.settings, _ = resolved(self.net, X, y, self.settings)
        with open_fit(self.net, X, y, self.settings)[1]:
            pass

    def curve(self, error: float) -> Curve:
        """Return its losses by epoch, and its error."""
        return Curve(tuple(self.loss), tuple(self.val_loss), error)


def train(runs: Sequence[Run]) -> None:
    """Train the runs side by side; solvers, which use all threads, in turn."""
    together = [run for run in runs if not isinstance(run.settings.rule, Solver)]
    members = [(run.net, *run.data[:2], run.options()) for run in together]
    results = dict(zip(map(id, together), train_together(members, on_error="return"), strict=True))
    for run in runs:
        result = results.get(id(run))
        if result is None:
            try:
                run.net.fit(*run.data[:2], **run.options())
            except DivergedError as error:
                result = error
        if isinstance(result, DivergedError):
            run.diverged = str(result)
        elif isinstance(result, Exception):
            raise result


def without_columns(X: Any, columns: Sequence[int]) -> Any:
    """Return X without some columns."""
    values = X if is_sparse(X) else _core.numbers("X", X)
    return values[:, np.setdiff1d(np.arange(values.shape[1]), columns)]


def with_shuffled_columns(X: Any, columns: Sequence[int], seed: int) -> Any:
    """Return a dense copy of X with the values of some columns in another order of rows."""
    values = np.array(X.toarray() if is_sparse(X) else _core.numbers("X", X))
    values[:, list(columns)] = values[in_random_order(len(values), seed)][:, list(columns)]
    return values

"""The diagnosis of a fit: ``diagnose=True`` of MLPClassifier and MLPRegressor."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fanin.diagnose import Diagnosis
from fanin.diagnose.doctor import Doctor
from fanin.layers import Dense
from fanin.network import Network
from fanin.optim import LBFGS
from fanin.sklearn.data import Data
from fanin.sklearn.weights import are_finite
from fanin.training.settings import Settings
from fanin.training.steps import Steps

if TYPE_CHECKING:
    from fanin.sklearn.validation import Validation


class Diagnosed:
    """The part of an estimator that shows the diagnosis of its last fit."""

    history_: Any

    @property
    def diagnosis_(self) -> Diagnosis:
        """What is wrong with the last fit, a `fanin.diagnose.Diagnosis`, if it was one with ``diagnose=True``."""
        diagnosis = getattr(getattr(self, "history_", None), "diagnosis", None)
        if diagnosis is None:
            raise AttributeError(
                "diagnosis_: expected a fit with diagnose=True before; partial_fit has no diagnosis"
            )
        found: Diagnosis = diagnosis
        return found


class Watching:
    """Watches a fit of an estimator as that of a `Network`, whose losses it notes: those of the core, without penalty.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    core : network of the core
        With the weights that the fit starts from.
    data : Data
        To train on.
    batch_size : int or None
        None for lbfgs.
    first : bool
        Whether the weights are the initial ones.
    """

    def __init__(self, estimator: Any, core: Any, data: Data, batch_size: int | None, first: bool) -> None:
        self._estimator, self._core, self._first = estimator, core, first
        self._losses: list[float] = []
        self._validated: list[float] = []
        self._budgets: list[Any] = []
        settings = _settings_of(estimator, data, batch_size)
        self._rule = settings.rule
        self._doctor = Doctor(_network_of(core, estimator._form.hidden), settings)
        self._doctor.see_targets(data.y, data.weights)
        self.watch = self._doctor.watch

    def training_begins(self, budget: Any) -> None:
        """Note the budget of a training, which counts its steps."""
        self._budgets.append(budget)

    def epoch_ended(self, loss: float, validation: Validation | None) -> None:
        """Note the losses of an epoch."""
        self._losses.append(loss)
        if validation is not None:
            self._validated.append(validation.loss)

    def fit_ended(self) -> None:
        """Leave the diagnosis in the history; a fit that diverged ends with the last epoch of a finite loss."""
        recorded, finite = self._estimator.history_, [*map(math.isfinite, self._losses), False].index(False)
        error = None
        if finite < len(self._losses):
            error = ValueError(f"the loss of epoch {finite + 1} is {self._losses[finite]}")
        elif not are_finite(self._core.get_arrays()):
            error = ValueError("weights became infinite or NaN")
        validated = recorded.val_metric
        history = replace(
            recorded,
            loss=self._losses[:finite],
            val_loss=self._validated[:finite],
            val_metric=validated[:finite],
            learning_rate=recorded.learning_rate[:finite],
            seconds=recorded.seconds[:finite],
            rule=self._rule,
            steps=Steps(sum(budget.taken for budget in self._budgets)),
        )
        if self._estimator.early_stopping and self._budgets and validated:
            history.best_epoch = 1 + validated.index(max(validated))
        diagnosis = self._doctor.diagnosis(history, error)
        if not self._first:  # weights that were trained before may well be large
            kept = tuple(finding for finding in diagnosis.findings if finding.kind != "bad_start")
            diagnosis = Diagnosis(diagnosis.evidence, kept)
        recorded.diagnosis = history.diagnosis = diagnosis


def _settings_of(estimator: Any, data: Data, batch_size: int | None) -> Settings:
    """Return the arguments of `Network.fit` that come closest to the fit, without its data."""
    common: dict[str, Any] = {"epochs": int(estimator.max_iter), "max_time": estimator.max_time}
    if batch_size is None:
        return Settings(LBFGS(l2=float(estimator.alpha) / data.total_weight), **common)
    rule = estimator._optimizer.rule(estimator.alpha)
    batches: Any = "shuffled" if estimator.shuffle else "in_order"
    return Settings(rule, batch_size=batch_size, batches=batches, **common)


def _network_of(core: Any, activation: Any) -> Network:
    """Return a network with these weights that, described anew, starts from fanin's initial ones."""
    *hidden, last = (shape[1] for _, shape, _ in core.arrays if len(shape) == 2)
    layers = [*(Dense(width, activation) for width in hidden), Dense(last)]
    arrays = core.get_arrays()
    network = Network(core.n_inputs, layers, core.loss[0], dtype=arrays[0].dtype)
    network._core.set_arrays(arrays)
    return network

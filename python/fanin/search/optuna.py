"""Optuna's pruning of unpromising trials, as a callback; optuna is imported when a callback is created."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fanin.checks import check_text
from fanin.training.callbacks import Logs
from fanin.training.monitor import check_validates, figure

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

    from fanin.training.history import History


@dataclass(eq=False)
class OptunaPruningCallback:
    """A callback that reports a figure of each epoch to an Optuna trial, and ends the trial when Optuna prunes it.

    After each epoch it calls ``trial.report(logs[monitor], step)``, and raises ``optuna.TrialPruned`` if
    ``trial.should_prune()``. The network remains usable. It works in `Network.fit`, `fit_chunks` and in the `callbacks`
    of `fanin.sklearn.MLPClassifier` and `MLPRegressor`.

    The step counts the epochs that the callback has seen, from 0, as Optuna's pruners assume: with
    ``MedianPruner(n_warmup_steps=5)`` no trial is pruned in its first five epochs. It continues in the next fit: use
    one callback for all folds of a trial, or for all calls of partial_fit, so that each fold is compared with the same
    fold of other trials. (Optuna ignores a second report of a step.) A deep copy of the callback is the callback
    itself, so the copies of an estimator in `cross_val_score` share it; pass ``error_score="raise"`` there, or it hides
    the end of the trial.

    NaN is reported as it is.

    Parameters
    ----------
    trial : optuna.Trial
        The one that the objective gets.
    monitor : str
        Name of a figure in the epoch's logs: "val_loss", "val_accuracy" or "val_rmse", "loss", or one added by an
        earlier callback in the list. It must improve in the direction of the study.

    Raises
    ------
    ImportError
        If optuna is not installed.
    TypeError
        For an invalid trial or monitor.
    ValueError
        If `monitor` is a loss and the study maximizes, or an accuracy and it minimizes. From fit, if `monitor` needs
        validation data and there are none, or is not in the logs.

    Notes
    -----
    Source: Akiba et al. 2019, "Optuna: A Next-generation Hyperparameter Optimization Framework".

    Examples
    --------
    >>> import numpy as np, fanin
    >>> from fanin.search import OptunaPruningCallback
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> def objective(trial):
    ...     net = fanin.Network(1, [fanin.Dense(8, "tanh"), fanin.Dense(1)])
    ...     rule = fanin.optim.Adam(trial.suggest_float("rate", 1e-4, 1e-1, log=True))
    ...     callback = OptunaPruningCallback(trial, "val_loss")
    ...     history = net.fit(X, X**2, rule=rule, validation_data=(X, X**2), epochs=3, callbacks=[callback])
    ...     return history.val_loss[-1]
    >>> import optuna
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> study.optimize(objective, n_trials=5)
    >>> sorted(study.trials[0].intermediate_values)
    [0, 1, 2]
    """

    trial: BaseTrial
    monitor: str
    _step: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        _optuna()
        works = all(callable(getattr(self.trial, name, None)) for name in ("report", "should_prune"))
        if not works or isinstance(self.trial, type):
            raise TypeError(f"trial: expected an optuna.Trial, got {self.trial!r}")
        check_text("monitor", self.monitor, "the name of a figure")
        _check_direction(self.trial, self.monitor)

    def on_fit_begin(self, net: object, history: History) -> None:
        """Raise ValueError if the figure needs validation data and there are none."""
        check_validates(self, self.monitor, history)

    def on_epoch_end(self, net: object, epoch: int, logs: Logs) -> None:
        """Report the figure, and raise ``optuna.TrialPruned`` if the trial is to end."""
        self.trial.report(figure(self, self.monitor, logs), self._step)
        self._step += 1
        if self.trial.should_prune():
            raise _optuna().TrialPruned(f"pruned after epoch {self._step}")

    def __deepcopy__(self, memo: dict[int, Any]) -> OptunaPruningCallback:
        """Return the callback itself: there is one trial."""
        return self


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ImportError(
            "fanin.search.OptunaPruningCallback: needs optuna, which cannot be imported; "
            'install it with pip install "fanin[optuna]"'
        ) from error
    return optuna


def _check_direction(trial: BaseTrial, monitor: str) -> None:
    """Raise ValueError if the figure improves against the study's direction, so that good trials would be pruned."""
    directions = [direction.name for direction in getattr(getattr(trial, "study", None), "directions", ())]
    for endings, against, expected in (
        (("loss", "rmse", "mae"), "MAXIMIZE", "a figure that rises, as the study maximizes"),
        (("accuracy", "r2"), "MINIMIZE", "a figure that falls, as the study minimizes"),
    ):
        if monitor.endswith(endings) and directions == [against]:
            raise ValueError(f"monitor: expected {expected}, got {monitor!r}")

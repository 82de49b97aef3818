"""Training for a table: encode it, choose by rows held out, train the members, weigh them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from fanin.checks import check_choice, check_integer
from fanin.losses import Loss
from fanin.tables.arguments import checked_targets, checked_weights
from fanin.tables.choice import choose
from fanin.tables.clock import Clock
from fanin.tables.coding import Coding, rows_of_table
from fanin.tables.folds import folds_of
from fanin.tables.reading import read_table
from fanin.tables.recipe import FOLDS, Effort, plan_of
from fanin.tables.task import task_of
from fanin.tables.trainer import Trainer, Trial
from fanin.tables.vote import folds_vote, members_of
from fanin.values import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fanin.network import Network
    from fanin.tables.encoder import TableEncoder

    Float = NDArray[np.float64]

_PARTS = 8  # of the rows, each left out of what is known of the cells of pairs


@dataclass(frozen=True, eq=False)
class FittedTable:
    """Networks for a table, and how they were found.

    A prediction is the mean, with these weights, of probabilities (of class 1, or of each class), or of numbers:
    ``clip(a target_scale + target_mean, target_range)`` with outputs a.

    Attributes
    ----------
    encoder : TableEncoder
    networks : tuple of Network
    weights : tuple of float
        Sum 1.
    target_mean, target_scale : array, shape (outputs,)
        0 and 1 for classes and for losses with a logarithmic link.
    target_range : array, shape (2, outputs)
        The least and the largest training target.
    out_of_fold : array, shape (n_samples, outputs), or None
        Predictions of the training rows by networks that were not trained on them; NaN for rows of weight 0, and for
        those that no network left out. None if that is all of them.
    score : float or None
        The mean loss of the out-of-fold predictions.
    trials : tuple of Trial
    seconds : dict
        Of "encode", "choose" and "train".
    """

    encoder: TableEncoder
    networks: tuple[Network, ...]
    weights: tuple[float, ...]
    target_mean: Float
    target_scale: Float
    target_range: Float
    out_of_fold: Float | None
    score: float | None
    trials: tuple[Trial, ...]
    seconds: dict[str, float]


def fit_table(
    X: Any,
    y: ArrayLike,
    *,
    loss: Loss,
    n_classes: int | None = None,
    sample_weight: ArrayLike | None = None,
    members: int | Literal["auto"] = "auto",
    effort: Effort = "default",
    max_time: float | None = None,
    seed: int = 0,
    out_of_fold: bool = False,
    categories: Sequence[str] = (),
    callback: Callable[[Trial], object] | None = None,
) -> FittedTable:
    """Train networks for a table, with settings, features and weights chosen by rows held out.

    Parameters
    ----------
    X : frame, array or dict of columns
        What `TableEncoder` takes.
    y : array
        Labels 0..n_classes-1 for `losses.Logistic` (two classes) and `losses.SoftmaxCrossEntropy`, else numbers,
        (n_samples,) or (n_samples, n_outputs). For `losses.Logistic` also (n_samples, n_labels): each is 0 or 1.
    loss : Loss
    n_classes : int, optional
        For `losses.SoftmaxCrossEntropy`.
    sample_weight : array, shape (n_samples,), optional
        Rows of weight 0 are left out.
    members : int or "auto"
        Networks of each setting that votes. From 4 on, those for classes leave out one part of the rows each.
    effort : str
        "fast", "default" or "high": how much is tried, and how many members.
    max_time : float, optional
        Seconds. Less is tried, and the members are trained for fewer steps, with the whole schedule.
    seed : int
        The same data and seed give the same result on any number of threads, unless there is a time limit.
    out_of_fold : bool
        Predict all training rows by members that were not trained on them: no member then sees all rows.
    categories : list of str
        As in `TableEncoder`.
    callback : function of a Trial, optional
        Called after each.

    Returns
    -------
    FittedTable

    Raises
    ------
    ValueError, TypeError
        For invalid arguments, missing targets (with their rows), and as `TableEncoder` does.

    Examples
    --------
    >>> import numpy as np, fanin
    >>> from fanin.tables import fit_table
    >>> table = {"a": np.arange(100.0) % 10, "job": ["clerk", "smith"] * 50}
    >>> fitted = fit_table(table, table["a"] ** 2, loss=fanin.losses.SquaredError(), effort="fast")
    >>> len(fitted.networks), fitted.weights
    (2, (0.5, 0.5))
    """
    clock = Clock(max_time)
    _check(loss, members, effort, max_time, seed)
    targets = checked_targets(loss, y, n_classes)
    weight = checked_weights(sample_weight, len(targets))
    if (rows := read_table(X).rows) != len(targets):
        raise ValueError(f"y: expected {rows} rows, as X has, got {len(targets)}")
    used = np.arange(rows) if weight is None else np.flatnonzero(weight > 0)
    if len(used) < 2:
        raise ValueError(f"X: expected at least 2 rows of weight above 0, got {len(used)}")
    if len(used) < rows:
        X, targets = rows_of_table(X, used), targets[used]
    weight = None if weight is None else weight[used]

    task = task_of(loss, targets, n_classes, weight)
    plan = plan_of(task.classifies, effort, None if members == "auto" else members)
    folds = min(max(plan.members, FOLDS), len(used))
    fold = folds_of(len(used), folds, seed, targets if task.classifies else None)
    part = folds_of(len(used), _PARTS, seed + 1)
    trainer = Trainer(task, Coding(X, categories), targets, weight, fold, part, seed, clock, callback)
    trainer.coding.rows(spikes=False)
    encoded = clock.elapsed
    trainer.measure(plan.ladder[0])
    features, settings = choose(trainer, plan)
    chosen = clock.elapsed
    vote = (folds_vote if plan.held_out or out_of_fold else members_of)(trainer, plan, features, settings)
    held = trainer.held_out(features, settings[0]) if vote.out_of_fold is None else vote.out_of_fold
    found = None
    if held is not None:
        found = np.full((rows, task.outputs), np.nan)
        found[used] = held
    return FittedTable(
        trainer.encoder(features),
        vote.networks,
        vote.weights,
        task.mean,
        task.scale,
        np.stack([task.low, task.high]),
        found,
        vote.score,
        tuple(trainer.trials),
        {"encode": encoded, "choose": chosen - encoded, "train": clock.elapsed - chosen},
    )


def _check(loss: object, members: object, effort: object, max_time: object, seed: object) -> None:
    """Raise unless these are valid."""
    if not isinstance(loss, Loss):
        raise TypeError(f"loss: expected a loss of fanin.losses, got {loss!r}")
    if isinstance(members, str):
        check_choice("members", members, ("auto",))
    else:
        check_integer("members", members, 1, 32)
    check_choice("effort", effort, get_args(Effort))
    if max_time is not None:
        check_number("max_time", max_time, above=0)
    check_integer("seed", seed, 0, 63)

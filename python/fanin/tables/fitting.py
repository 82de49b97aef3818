"""Training for a table: encode it, choose by rows held out, train the members, weigh them."""

from __future__ import annotations

from collections.abc import Callable
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
from fanin.tables.recipe import Effort, plan_of
from fanin.tables.task import task_of
from fanin.tables.trainer import Trainer, Trial
from fanin.tables.vote import vote as vote_of
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
    out_of_fold : array, shape (n_samples, outputs)
        Predictions of the training rows by networks that were not trained on them; NaN for rows of weight 0, and for
        those that no network left out.
    score : float
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
    out_of_fold: Float
    score: float
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
    callback: Callable[[Trial], object] | None = None,
) -> FittedTable:
    """Train networks for a table, with settings, features and weights chosen by rows held out.

    Parameters
    ----------
    X : frame, array or dict of columns
        What `TableEncoder` takes.
    y : array
        Labels 0..n_classes-1 for `losses.Logistic` (two classes) and `losses.SoftmaxCrossEntropy`, else numbers,
        (n_samples,) or (n_samples, n_outputs).
    loss : Loss
    n_classes : int, optional
        For `losses.SoftmaxCrossEntropy`.
    sample_weight : array, shape (n_samples,), optional
        Rows of weight 0 are left out.
    members : int or "auto"
        Networks of a setting that has the whole weight. Some leave out a part of the rows, by which the weights are
        found: of those for classes all from 4 on, else one, or up to 8 on small tables.
    effort : str
        "fast", "default" or "high": how much is tried, and how many members.
    max_time : float, optional
        Seconds. Less is tried, and the members are trained for fewer steps, with the whole schedule.
    seed : int
        The same data and seed give the same result on any number of threads, unless there is a time limit.
    out_of_fold : bool
        Predict all training rows by members that were not trained on them: no member then sees all rows.
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
    >>> bool(fitted.score < 1), round(sum(fitted.weights), 9)
    (True, 1.0)
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
    plan = plan_of(task.classifies, effort, len(used), None if members == "auto" else members, out_of_fold)
    fold = folds_of(len(used), min(plan.folds, len(used)), seed, targets if task.classifies else None)
    part = folds_of(len(used), _PARTS, seed + 1)
    trainer = Trainer(task, Coding(X, task.classifies), targets, weight, fold, part, seed, clock, callback)
    trainer.coding.rows(spikes=False)
    encoded = clock.elapsed
    trainer.measure(plan.ladder[0])
    features, settings = choose(trainer, plan)
    chosen = clock.elapsed
    vote = vote_of(trainer, plan, features, settings)
    found = np.full((rows, task.outputs), np.nan)
    found[used] = vote.out_of_fold
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

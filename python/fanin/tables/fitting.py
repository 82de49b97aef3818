"""Training for a table: encode it, choose by rows held out, train the members, weigh them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from fanin.checks import check_choice, check_integer
from fanin.losses import Loss
from fanin.tables.arguments import checked_targets, checked_weights
from fanin.tables.choice import choose
from fanin.tables.clock import Clock
from fanin.tables.coding import coding_of, rows_of_table
from fanin.tables.fitted import FittedTable
from fanin.tables.folds import folds_of
from fanin.tables.progress import Progress, Reporter
from fanin.tables.reading import shape_of
from fanin.tables.recipe import Effort, plan_of
from fanin.tables.task import task_of
from fanin.tables.trainer import Features, Trainer
from fanin.tables.validation import checked_validation
from fanin.tables.vote import vote as vote_of
from fanin.values import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


_PARTS = 8  # of the rows, each left out of what is known of the cells of pairs


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
    texts: Sequence[str] = (),
    callback: Callable[[Progress], object] | None = None,
    validation: Sequence[Any] | None = None,
    early_stopping: bool = False,
    scorer: Callable[[FittedTable], float] | None = None,
    diagnose: bool = False,
) -> FittedTable:
    """Train networks for a table, with settings, features and weights chosen by rows held out.

    Parameters
    ----------
    X : frame, array or dict of columns, or sparse matrix
        What `TableEncoder` takes; or a matrix of SciPy, whose numbers networks see as they are.
    y : array
        Labels 0..n_classes-1 for `losses.Logistic` (two classes) and `losses.SoftmaxCrossEntropy`, else numbers,
        (n_samples,) or (n_samples, n_outputs). For `losses.Logistic` also (n_samples, n_labels): each is 0 or 1.
    loss : Loss
        A value of `fanin.losses`.
    n_classes : int, optional
        For `losses.SoftmaxCrossEntropy`.
    sample_weight : array, shape (n_samples,), optional
        Rows of weight 0 are left out.
    members : int or "auto"
        Number of networks, if one setting has the whole weight. Some of them leave out a part of the rows, by which
        the weights are found: for classes all of them if there are at least 4; else one, or up to 8 on small tables.
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
    texts : list of str
        Columns of text, which are hashed; see `text_encoder.TextEncoder`.
    callback : function of a Progress, optional
        Called during the fit; see `progress.Progress`. An exception ends the fit.
    validation : tuple (X, y, sample_weight), optional
        Rows by which settings, features and weights are chosen; all networks then see all other rows. The weights may
        be None.
    early_stopping : bool
        Keep each network's weights of the epoch that is best on the validation rows, and end its training when 10
        epochs in a row are not better.
    scorer : function of a FittedTable with a single network, optional
        What early stopping watches instead of the loss; higher is better.
    diagnose : bool
        Watch each fit, as ``Network.fit(..., diagnose=True)`` does.

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
    if validation is None and early_stopping:
        raise ValueError("early_stopping: expected validation rows, got None")
    if validation is not None and out_of_fold:
        raise ValueError("out_of_fold: expected False with validation rows, which all networks leave out")
    targets = checked_targets(loss, y, n_classes)
    weight = checked_weights(sample_weight, len(targets))
    rows, columns = shape_of(X)
    if rows != len(targets):
        raise ValueError(f"y: expected {rows} rows, as X has, got {len(targets)}")
    used = np.arange(rows) if weight is None else np.flatnonzero(weight > 0)
    if len(used) < 2:
        raise ValueError(f"X: expected at least 2 rows of weight above 0, got {len(used)}")
    if len(used) < rows:
        X, targets = rows_of_table(X, used), targets[used]
    weight = None if weight is None else weight[used]
    judge = None
    if validation is not None:
        judge = checked_validation(loss, n_classes, targets, validation)
        judge = judge._replace(stops=early_stopping, scorer=scorer)
    reporter = Reporter(callback, clock, diagnose)
    reporter.stage_begins("encode")

    task = task_of(loss, targets, n_classes, weight)
    count = None if members == "auto" else members
    coding = coding_of(X, task.classifies, categories, texts)
    plan = plan_of(task.classifies, effort, len(used), columns, count, out_of_fold, coding.sparse)
    fold = folds_of(len(used), min(plan.folds, len(used)), seed, targets if task.classifies else None)
    part = folds_of(len(used), _PARTS, seed + 1)
    trainer = Trainer(task, coding, targets, weight, fold, part, seed, clock, reporter, judge)
    trainer.coding.rows(spikes=False)
    if judge is not None:
        trainer.validation_rows(Features())  # checks them
    encoded = clock.elapsed
    reporter.stage_begins("choose")
    trainer.measure(plan.ladder[0])
    features, settings = choose(trainer, plan)
    chosen = clock.elapsed
    reporter.stage_begins("train")
    vote = vote_of(trainer, plan, features, settings)
    seconds = {"encode": encoded, "choose": chosen - encoded, "train": clock.elapsed - chosen}
    found = None
    if judge is None:
        found = np.full((rows, task.outputs), np.nan)
        found[used] = vote.predicted
    return FittedTable.of(
        task,
        trainer.encoder(features),
        vote.networks,
        vote.weights,
        vote.settings,
        reporter.diagnoses,
        out_of_fold=found,
        validated=None if judge is None else vote.predicted,
        score=vote.score,
        trials=tuple(trainer.trials),
        seconds=seconds,
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
